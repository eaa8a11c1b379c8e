"""All steps of weighting in their order: base, unknown eligibility, nonresponse, calibration, trimming, report.

Source of the order: Valliant, Dever and Kreuter 2018, Practical Tools for Designing and Weighting Survey Samples, 13.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from domain.surveys.arrays import Coded, FloatArray, IntArray, encode, sums_by
from domain.surveys.dispositions import RESPONDED, UNKNOWN, Disposition
from domain.surveys.errors import Problem, refuse_if_any
from domain.surveys.variance.design import CalibrationModel
from domain.surveys.weighting.adjustment import AdjustedClass, CollapseRule, base_weights, pass_weights_on
from domain.surveys.weighting.margins import Margin
from domain.surveys.weighting.plan import WeightingPlan
from domain.surveys.weighting.raking import rake
from domain.surveys.weighting.summary import WeightSummary, summarise_weights
from domain.surveys.weighting.trimming import TrimmedWeights, trim_weights

MOST_CYCLES = 50
"""Of trimming and raking again: what then stands is reported with its distance from the margins."""

MARGIN_SLACK = 1e-6
"""Relative distance from a known total that is as good as none."""


@dataclass(frozen=True, slots=True)
class SampledUnits:
    """The whole sample (n rows): inclusion probabilities, dispositions, and attributes (n,) by name."""

    inclusion: ArrayLike
    dispositions: ArrayLike
    attributes: Mapping[str, ArrayLike]


@dataclass(frozen=True, slots=True)
class WeightingStep:
    """What a step left: the summary of the weights above 0, and the classes in which it adjusted."""

    name: str
    summary: WeightSummary
    classes: tuple[AdjustedClass, ...] = ()


@dataclass(frozen=True, slots=True)
class WeightedAnswers:
    """Rows (r,) of the sample that responded, their final weights (r,), and the report.

    `calibration` goes into the survey design; `margin_deviation` is the largest relative distance from a known total
    (0 without margins), `trimmed` the number of weights at the cap.
    """

    rows: IntArray
    weights: FloatArray
    calibration: CalibrationModel | None
    steps: tuple[WeightingStep, ...]
    margin_deviation: float
    trimmed: int


def weigh(units: SampledUnits, plan: WeightingPlan) -> WeightedAnswers:
    """Weight the answers of a sample by a plan.

    Refuses with SurveyProblem: probabilities, dispositions or attributes that are missing, unknown or of another
    length, nobody who responded, and margins as `Margin.of` and `rake` refuse them.
    """
    dispositions = np.asarray(units.dispositions)
    refuse_if_any(_faults(units, dispositions, plan))
    unknown, responded = np.isin(dispositions, list(UNKNOWN)), np.isin(dispositions, list(RESPONDED))
    silent = ~unknown & ~responded & (dispositions != Disposition.NOT_ELIGIBLE)
    classes = _classes(units.attributes, plan, len(dispositions))
    rule = CollapseRule(plan.least_respondents, plan.largest_factor)
    base = base_weights(units.inclusion)
    known = pass_weights_on(base, stayed=~unknown, lost=unknown, classes=classes, rule=rule)
    answered = pass_weights_on(known.weights, stayed=responded, lost=silent, classes=classes, rule=rule)
    rows = np.flatnonzero(responded)
    margins = [_margin(name, units, rows, targets) for name, targets in plan.margins.items()]
    calibrated = rake(answered.weights[rows], margins) if margins else None
    final = _held_to_both(calibrated.weights if calibrated else answered.weights[rows], margins, plan.largest_weight)
    steps = (
        WeightingStep("base", summarise_weights(base)),
        WeightingStep("eligibility", summarise_weights(known.weights), known.classes),
        WeightingStep("nonresponse", summarise_weights(answered.weights[rows]), answered.classes),
        WeightingStep("final", summarise_weights(final.weights)),
    )
    return WeightedAnswers(
        rows=rows,
        weights=final.weights,
        calibration=calibrated.model if calibrated else None,
        steps=steps,
        margin_deviation=_margin_deviation(final.weights, margins),
        trimmed=final.trimmed,
    )


def _margin(name: str, units: SampledUnits, rows: IntArray, targets: Mapping[str, float]) -> Margin:
    return Margin.of(name, np.asarray(units.attributes[name])[rows], targets)


def _held_to_both(weights: FloatArray, margins: Sequence[Margin], largest: float | None) -> TrimmedWeights:
    """Trim and rake in turn until the cap and the margins both hold; if they never do, the cap holds."""
    cut = _trimmed(weights, largest)
    for _ in range(MOST_CYCLES):
        if _margin_deviation(cut.weights, margins) < MARGIN_SLACK:
            break
        cut = _trimmed(rake(cut.weights, margins).weights, largest)
    return cut


def _trimmed(weights: FloatArray, largest: float | None) -> TrimmedWeights:
    return TrimmedWeights(weights, math.inf, 0) if largest is None else trim_weights(weights, largest=largest)


def _margin_deviation(weights: FloatArray, margins: Sequence[Margin]) -> float:
    ratios = (sums_by(margin.codes, weights, len(margin.targets)) / margin.targets for margin in margins)
    return max((float(np.abs(ratio - 1).max()) for ratio in ratios), default=0.0)


def _classes(attributes: Mapping[str, ArrayLike], plan: WeightingPlan, rows: int) -> Coded:
    """Every combination of the class attributes that occurs."""
    if not plan.classes:
        return Coded(np.zeros(rows, dtype=np.int64), np.array(["all"]))
    columns = [np.asarray(attributes[name]).astype(str) for name in plan.classes]
    return encode(reduce(lambda left, right: np.char.add(np.char.add(left, " / "), right), columns))


def _faults(units: SampledUnits, dispositions: NDArray[Any], plan: WeightingPlan) -> Iterator[Problem]:
    rows = len(dispositions)
    for row in np.flatnonzero(~np.isin(dispositions, list(Disposition)))[:100]:
        yield Problem(f"dispositions[{row}]", f"unknown code {dispositions[row]}")
    if not np.isin(dispositions, list(RESPONDED)).any():
        yield Problem("dispositions", "nobody responded")
    if np.shape(units.inclusion) != (rows,):
        yield Problem("inclusion", f"{rows} rows are expected, not shape {np.shape(units.inclusion)}")
    for name in dict.fromkeys([*plan.classes, *plan.margins]):
        if name not in units.attributes or np.shape(units.attributes[name]) != (rows,):
            yield Problem(name, f"an attribute of {rows} rows is expected")
