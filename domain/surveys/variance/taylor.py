"""Taylor linearisation: the covariance of estimates from the influence of each row on them.

Equal to R `survey` (Lumley 2010): ultimate clusters in strata, finite-population factors, any number of stages,
calibrated weights by residuals (Deville and Särndal 1992).
"""

import numpy as np

from domain.surveys.arrays import FloatArray, IntArray, sums_by
from domain.surveys.variance.design import CalibrationModel, LonelyUnits, Stage, SurveyDesign


def taylor_covariance(design: SurveyDesign, influence: FloatArray) -> FloatArray:
    """Covariance (k, k) of k estimates from the influence (n, k) of each row, per unit of weight.

    Rows outside a domain have influence 0, so that the full design stays in force. Source: Binder 1983.
    """
    residual = _unexplained(influence, design.calibration) if design.calibration else influence
    weighted = residual * design.weights[:, None]
    parts = (_stage_covariance(stage, weighted, design.lonely_units) for stage in design.stages)
    covariance: FloatArray = np.sum(tuple(parts), axis=0)
    return covariance


def _unexplained(influence: FloatArray, model: CalibrationModel) -> FloatArray:
    """Residuals of the regression on the calibration's auxiliaries: what the known totals do not settle."""
    weight = model.weights_before
    cells = len(model.auxiliaries)
    mass = sums_by(model.cell, weight, cells)
    sums = _totals_by(model.cell, influence * weight[:, None], cells)
    cross = model.auxiliaries.T @ (mass[:, None] * model.auxiliaries)
    slopes = np.linalg.pinv(cross, hermitian=True) @ (model.auxiliaries.T @ sums)
    return influence - (model.auxiliaries @ slopes)[model.cell]


def _stage_covariance(stage: Stage, weighted: FloatArray, policy: LonelyUnits) -> FloatArray:
    totals = _totals_by(stage.unit, weighted, len(stage.stratum_of_unit))
    centred = totals - _centres(stage, totals, policy)[stage.stratum_of_unit]
    scaled = centred * np.sqrt(_stratum_factors(stage, policy))[stage.stratum_of_unit, None]
    covariance: FloatArray = scaled.T @ scaled
    return covariance


def _totals_by(codes: IntArray, columns: FloatArray, size: int) -> FloatArray:
    return np.column_stack([sums_by(codes, column, size) for column in columns.T])


def _centres(stage: Stage, totals: FloatArray, policy: LonelyUnits) -> FloatArray:
    counts = stage.units_in_stratum
    centres = _totals_by(stage.stratum_of_unit, totals, len(counts)) / counts[:, None]
    if policy is LonelyUnits.ADJUST:
        centres[stage.lonely] = 0.0
    return centres


def _stratum_factors(stage: Stage, policy: LonelyUnits) -> FloatArray:
    counts = stage.units_in_stratum
    correction = np.where(counts > 1, counts / np.maximum(counts - 1, 1), 1.0)
    factors: FloatArray = stage.share * (1 - stage.sampled_part) * correction
    if policy is LonelyUnits.AVERAGE and stage.lonely.any():
        factors *= len(counts) / np.count_nonzero(~stage.lonely)
    return factors
