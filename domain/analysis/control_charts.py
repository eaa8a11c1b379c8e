"""Control charts of complaint rates that are neither Poisson nor binomial: Laney's u′ and p′ charts.

Days differ by more than chance (weather, campaigns, week ends), so the limits of a plain chart raise alarms of which
nothing comes. Laney measures by how much more, from one day to the next, and widens the limits by it. A point beyond
three sigma is an alarm; the run rules of Western Electric are computed and are hints, as they are many.

Sources: Laney, "Improved control charts for attributes", Quality Engineering 14(4), 2002; Western Electric,
Statistical Quality Control Handbook, 1956.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from domain.analysis.refusal import AnalysisProblem, refuse_other_lengths, refuse_where
from domain.surveys.arrays import BoolArray, FloatArray

ALARM_SIGMAS = 3.0
MOVING_RANGE = 1.128
"""d₂ of two values: the mean absolute difference of two standard normal values is 1.128."""
FEWEST_POINTS = 8


class RunRule(IntEnum):
    """The run rules, by their usual numbers; each point counts that completes one."""

    TWO_OF_THREE_BEYOND_TWO_SIGMA = 2
    FOUR_OF_FIVE_BEYOND_ONE_SIGMA = 3
    EIGHT_ON_ONE_SIDE = 4


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart of t points: rates (t,), limits (t,), points in sigmas (t,), alarms (t,) and hints by rule.

    `sigma_z` is by how much the points vary more than counts of the same rate would: 1 where they do not.
    """

    centre: float
    sigma_z: float
    rates: FloatArray
    low: FloatArray
    high: FloatArray
    sigmas: FloatArray
    alarms: BoolArray
    hints: dict[RunRule, BoolArray]

    @property
    def hinted(self) -> BoolArray:
        """Points (t,) that complete a run, by whatever rule."""
        hinted: BoolArray = np.logical_or.reduce(list(self.hints.values()))
        return hinted


def chart_counts(counts: ArrayLike, exposure: ArrayLike, *, plain: bool = False) -> Chart:
    """Laney's u′ chart of counts (t,) over an exposure (t,), such as customers or days; `plain` is the u chart.

    Refuses with AnalysisProblem: other lengths, negative counts, an exposure that is not above 0, under 8 points.
    """
    events, base = _checked(counts, exposure)
    centre = float(events.sum() / base.sum())
    return _chart(events / base, centre, np.sqrt(centre / base), plain=plain, most=np.inf)


def chart_shares(events: ArrayLike, cases: ArrayLike, *, plain: bool = False) -> Chart:
    """Laney's p′ chart of the share of events (t,) among cases (t,); `plain` is the p chart.

    Refuses with AnalysisProblem what `chart_counts` refuses, and more events than cases.
    """
    happened, base = _checked(events, cases)
    refuse_where(happened > base, "events", "not more than cases")
    centre = float(happened.sum() / base.sum())
    return _chart(happened / base, centre, np.sqrt(centre * (1 - centre) / base), plain=plain, most=1.0)


def _checked(counts: ArrayLike, exposure: ArrayLike) -> tuple[FloatArray, FloatArray]:
    events, base = np.asarray(counts, dtype=np.float64), np.asarray(exposure, dtype=np.float64)
    refuse_other_lengths(counts=events, exposure=base)
    if len(events) < FEWEST_POINTS:
        raise AnalysisProblem("counts", f"at least {FEWEST_POINTS} points are expected, not {len(events)}")
    refuse_where(~(events >= 0), "counts", "at least 0")
    refuse_where(~(base > 0), "exposure", "above 0")
    return events, base


def _chart(rates: FloatArray, centre: float, sigma: FloatArray, *, plain: bool, most: float) -> Chart:
    """A chart on which every point is measured by its own sigma; without any event there is nothing to measure by."""
    z = np.divide(rates - centre, sigma, out=np.zeros_like(rates), where=sigma > 0)
    sigma_z = 1.0 if plain else float(np.abs(np.diff(z)).mean() / MOVING_RANGE)
    reach = ALARM_SIGMAS * sigma_z * sigma
    in_sigmas = z / sigma_z if sigma_z > 0 else np.zeros_like(z)
    return Chart(
        centre=centre,
        sigma_z=sigma_z,
        rates=rates,
        low=np.maximum(centre - reach, 0.0),
        high=np.minimum(centre + reach, most),
        sigmas=in_sigmas,
        alarms=np.abs(in_sigmas) > ALARM_SIGMAS,
        hints={
            RunRule.TWO_OF_THREE_BEYOND_TWO_SIGMA: _completes(in_sigmas, beyond=2.0, needed=2, among=3),
            RunRule.FOUR_OF_FIVE_BEYOND_ONE_SIGMA: _completes(in_sigmas, beyond=1.0, needed=4, among=5),
            RunRule.EIGHT_ON_ONE_SIDE: _completes(in_sigmas, beyond=0.0, needed=8, among=8),
        },
    )


def _completes(sigmas: FloatArray, *, beyond: float, needed: int, among: int) -> BoolArray:
    """Points that lie beyond on one side, as do enough of the last ones with them."""
    completes: NDArray[np.bool_] = np.zeros(len(sigmas), dtype=np.bool_)
    for side in (1.0, -1.0):
        outside = sigmas * side > beyond
        lately = np.convolve(outside, np.ones(among))[: len(sigmas)]
        completes |= outside & (lately >= needed)
    return completes
