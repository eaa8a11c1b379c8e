"""Confidence intervals, each suited to what it bounds: t for means, Wilson or logit for rates, adjusted Wald (NPS)."""

import math
from dataclasses import dataclass

from scipy.special import ndtri, stdtrit

from domain.surveys.errors import Problem, SurveyProblem


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval."""

    low: float
    high: float


def t_interval(value: float, standard_error: float, degrees_of_freedom: float, confidence: float = 0.95) -> Interval:
    """Interval of a mean or an index by Student's t with the design's degrees of freedom."""
    reach = _t_quantile(confidence, degrees_of_freedom) * standard_error
    return Interval(value - reach, value + reach)


def wilson_interval(share: float, effective_rows: float, confidence: float = 0.95) -> Interval:
    """Score interval of a share of 0–1 from so many effective rows (Wilson 1927; Korn, Graubard 1998 for designs)."""
    _refuse_outside("share", share, 0, 1)
    _refuse_without_rows(effective_rows)
    z2 = _normal_quantile(confidence) ** 2
    centre = (share + z2 / (2 * effective_rows)) / (1 + z2 / effective_rows)
    inner = share * (1 - share) / effective_rows + z2 / (4 * effective_rows**2)
    reach = math.sqrt(z2 * inner) / (1 + z2 / effective_rows)
    return Interval(max(centre - reach, 0.0), min(centre + reach, 1.0))


def logit_interval(
    share: float, standard_error: float, degrees_of_freedom: float, confidence: float = 0.95
) -> Interval:
    """Interval of a share strictly between 0 and 1 on the logit scale, which keeps it inside (as R `svyciprop`)."""
    if not 0 < share < 1:
        raise SurveyProblem(Problem("share", f"strictly between 0 and 1, not {share}: take the Wilson interval"))
    centre = math.log(share / (1 - share))
    reach = _t_quantile(confidence, degrees_of_freedom) * standard_error / (share * (1 - share))
    return Interval(_logistic(centre - reach), _logistic(centre + reach))


def net_promoter_interval(
    promoters: float, detractors: float, effective_rows: float, confidence: float = 0.95
) -> Interval:
    """Interval in points (-100 … 100) of the net promoter score from shares of promoters and detractors.

    Adjusted Wald: three rows are added, three quarters of one to either side (Rocks 2016).
    """
    _refuse_outside("promoters", promoters, 0, 1)
    _refuse_outside("detractors", detractors, 0, 1 - promoters + 1e-12)
    _refuse_without_rows(effective_rows)
    rows = effective_rows + 3
    up, down = (share * effective_rows + 0.75 for share in (promoters, detractors))
    net = (up - down) / rows
    reach = _normal_quantile(confidence) * math.sqrt(((up + down) / rows - net**2) / rows)
    return Interval(100 * max(net - reach, -1.0), 100 * min(net + reach, 1.0))


def effective_rows_of_share(share: float, standard_error: float, otherwise: float) -> float:
    """Rows of a simple random sample as precise as the design: p(1-p)/v; `otherwise` where the share is 0 or 1."""
    return share * (1 - share) / standard_error**2 if standard_error > 0 and 0 < share < 1 else otherwise


def _logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def _t_quantile(confidence: float, degrees_of_freedom: float) -> float:
    _refuse_outside("confidence", confidence, 0.5, 0.9999)
    if not degrees_of_freedom > 0:
        raise SurveyProblem(Problem("degrees_of_freedom", f"above 0, not {degrees_of_freedom}"))
    return float(stdtrit(degrees_of_freedom, (1 + confidence) / 2))


def _normal_quantile(confidence: float) -> float:
    _refuse_outside("confidence", confidence, 0.5, 0.9999)
    return float(ndtri((1 + confidence) / 2))


def _refuse_outside(place: str, number: float, low: float, high: float) -> None:
    if not low <= number <= high:
        raise SurveyProblem(Problem(place, f"between {low:g} and {high:g}, not {number}"))


def _refuse_without_rows(effective_rows: float) -> None:
    if not effective_rows > 0:
        raise SurveyProblem(Problem("effective_rows", f"above 0, not {effective_rows}"))
