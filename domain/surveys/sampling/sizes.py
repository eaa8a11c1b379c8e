"""How many to ask so that an estimate is as precise as wanted. Owns no allocation to strata."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist

from domain.surveys.errors import Problem, refuse_if_any

ROUNDING_SLACK = 1e-9
"""A size of 385.0000000001 is 385 and arithmetic."""


@dataclass(frozen=True, slots=True)
class SampleSize:
    """Every step of the reckoning unrounded; the whole numbers are rounded up once, from the unrounded steps.

    `to_draw` is at most the population; `shortfall` counts the completes that will be missing although all are asked.
    """

    simple: float
    with_design_effect: float
    with_finite_population: float
    completes: int
    to_draw: int
    shortfall: float


@dataclass(frozen=True, slots=True)
class FieldTerms:
    """What stands between the drawn and the answers: effect of the design, size of the population, losses."""

    design_effect: float = 1.0
    population: int | None = None
    response_rate: float = 1.0
    eligibility: float = 1.0


def size_for_share(
    margin: float, *, share: float = 0.5, confidence: float = 0.95, terms: FieldTerms = FieldTerms()
) -> SampleSize:
    """Size that estimates a share of 0–1 within ± `margin`: z²p(1-p)/E² (Cochran 1977, 4.4).

    Refuses with SurveyProblem a margin, share, confidence or term outside its range, by name.
    """
    refuse_if_any(
        [*_outside("margin", margin, 0, 1), *_outside("share", share, 0, 1), *_term_faults(confidence, terms)]
    )
    return _reckoned(_normal_quantile(confidence) ** 2 * share * (1 - share) / margin**2, terms)


def size_for_mean(
    margin: float, *, deviation: float, confidence: float = 0.95, terms: FieldTerms = FieldTerms()
) -> SampleSize:
    """Size that estimates a mean within ± `margin`, in the unit of its standard deviation: (zS/E)² (Cochran 1977, 4.6).

    Refuses with SurveyProblem a margin, deviation, confidence or term outside its range, by name.
    """
    positive = (("margin", margin), ("deviation", deviation))
    faults = (fault for name, number in positive for fault in _outside(name, number, 0, math.inf))
    refuse_if_any([*faults, *_term_faults(confidence, terms)])
    return _reckoned((_normal_quantile(confidence) * deviation / margin) ** 2, terms)


def _reckoned(simple: float, terms: FieldTerms) -> SampleSize:
    inflated = simple * terms.design_effect
    finite = inflated if terms.population is None else inflated / (1 + (inflated - 1) / terms.population)
    kept = terms.response_rate * terms.eligibility
    wanted = _round_up(finite / kept)
    to_draw = wanted if terms.population is None else min(wanted, terms.population)
    return SampleSize(
        simple=simple,
        with_design_effect=inflated,
        with_finite_population=finite,
        completes=_round_up(finite),
        to_draw=to_draw,
        shortfall=max(finite - to_draw * kept, 0.0),
    )


def _round_up(number: float) -> int:
    return math.ceil(number - ROUNDING_SLACK)


def _normal_quantile(confidence: float) -> float:
    return NormalDist().inv_cdf((1 + confidence) / 2)


def _term_faults(confidence: float, terms: FieldTerms) -> Iterator[Problem]:
    yield from _outside("confidence", confidence, 0, 1)
    yield from _outside("design_effect", terms.design_effect, 0, math.inf)
    yield from _outside("response_rate", terms.response_rate, 0, 1 + ROUNDING_SLACK)
    yield from _outside("eligibility", terms.eligibility, 0, 1 + ROUNDING_SLACK)
    if terms.population is not None and terms.population < 1:
        yield Problem("population", f"at least 1, not {terms.population}")


def _outside(name: str, number: float, low: float, high: float) -> Iterator[Problem]:
    if not low < number < high:
        yield Problem(name, f"between {low:g} and {high:g}, not {number}")
