"""How a sample is shared out to strata. Owns no selection of units."""

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from domain.surveys.arrays import BoolArray, FloatArray, IntArray
from domain.surveys.errors import Problem, refuse_if_any

REMAINDER_SLACK = 1e-9


class AllocationRule(StrEnum):
    """In proportion to what the sample is shared out."""

    PROPORTIONAL = "proportional"
    """The units of the stratum."""
    EQUAL = "equal"
    """The same for all."""
    POWER = "power"
    """The units to a power of 0–1: between equal and proportional (Bankier 1988)."""
    NEYMAN = "neyman"
    """Units times standard deviation: the least variance for a size (Neyman 1934)."""
    COST_OPTIMUM = "cost_optimum"
    """Units times standard deviation over the root of the cost of one: the least variance for a budget."""


@dataclass(frozen=True, slots=True)
class Strata:
    """h strata: names, units in the frame, and where a rule needs them deviations and costs."""

    names: Sequence[str]
    units: IntArray
    deviations: FloatArray | None = None
    costs: FloatArray | None = None


@dataclass(frozen=True, slots=True)
class Allocation:
    """The sample of each stratum (h,): exact and in whole units; `census` where the whole stratum is taken."""

    exact: FloatArray
    units: IntArray
    census: BoolArray


def allocate(total: int, strata: Strata, rule: AllocationRule, *, power: float = 0.5, at_least: int = 2) -> Allocation:
    """Share `total` units out to the strata.

    A stratum gets at least `at_least` (it needs two for a variance) and at most what it holds; what is cut off goes
    to the others by the same rule; whole units by the largest remainder. Refuses with SurveyProblem: strata without
    units, deviations or costs that a rule needs and misses, a total that the bounds do not admit.
    """
    refuse_if_any(_stratum_faults(strata, power))
    least = np.minimum(at_least, strata.units).astype(np.float64)
    refuse_if_any(_total_faults(total, strata, least))
    exact = _fill(total, _measures(strata, rule, power), least, strata.units.astype(np.float64))
    return Allocation(exact, _whole_units(exact, total, strata.units), exact >= strata.units)


def variance_of_stratified_mean(strata: Strata, sample: ArrayLike) -> float:
    """Variance of the mean that an allocation (h,) will have: Σ W²(1 - n/N)S²/n (Cochran 1977, 5.3).

    Refuses with SurveyProblem strata without deviations.
    """
    deviations = _given("deviation", strata.deviations, strata)
    taken = np.asarray(sample, dtype=np.float64)
    weight = strata.units / strata.units.sum()
    return float(np.sum(weight**2 * (1 - taken / strata.units) * deviations**2 / taken))


def _measures(strata: Strata, rule: AllocationRule, power: float) -> FloatArray:
    units = strata.units.astype(np.float64)
    match rule:
        case AllocationRule.PROPORTIONAL:
            return units
        case AllocationRule.EQUAL:
            return np.ones_like(units)
        case AllocationRule.POWER:
            return units**power
        case AllocationRule.NEYMAN:
            return units * _given("deviation", strata.deviations, strata)
        case AllocationRule.COST_OPTIMUM:
            spread = units * _given("deviation", strata.deviations, strata)
            return spread / np.sqrt(_given("cost", strata.costs, strata))


def _given(what: str, column: FloatArray | None, strata: Strata) -> FloatArray:
    refuse_if_any(_column_faults(what, column, strata.names))
    return np.asarray(column, dtype=np.float64)


def _fill(total: int, measures: FloatArray, least: FloatArray, most: FloatArray) -> FloatArray:
    """min(max(λ·measure, least), most) with the λ at which it sums to the total, which is linear between turns."""

    def clamped(factor: float) -> FloatArray:
        return np.minimum(np.maximum(factor * measures, least), most)

    def excess(factor: float) -> float:
        return float(clamped(factor).sum()) - total

    turns = sorted({*(least / measures).tolist(), *(most / measures).tolist()})
    place = bisect_left(turns, 0.0, hi=len(turns) - 1, key=excess)
    low, high = turns[max(place - 1, 0)], turns[place]
    gain = excess(high) - excess(low)
    return clamped(low - (high - low) * excess(low) / gain if gain else high)


def _whole_units(exact: FloatArray, total: int, most: IntArray) -> IntArray:
    """By the largest remainder (Hamilton); equal remainders go to the first strata."""
    whole = np.floor(exact + REMAINDER_SLACK).astype(np.int64)
    missing = total - int(whole.sum())
    by_remainder = np.argsort(-np.round(exact - whole, 9), kind="stable")
    takers = by_remainder[whole[by_remainder] < most[by_remainder]][:missing]
    whole[takers] += 1
    return whole


def _stratum_faults(strata: Strata, power: float) -> Iterator[Problem]:
    if not len(strata.units):
        yield Problem("strata", "there are none")
    for name, units in zip(strata.names, strata.units, strict=True):
        if units < 1:
            yield Problem(f"stratum {name}", f"at least 1 unit is expected, not {units}")
    if not 0 <= power <= 1:
        yield Problem("power", f"between 0 and 1, not {power}")


def _column_faults(what: str, column: FloatArray | None, names: Sequence[str]) -> Iterator[Problem]:
    if column is None or len(column) != len(names):
        yield Problem(f"{what}s", f"one for each of the {len(names)} strata is expected")
        return
    for name, number in zip(names, column, strict=True):
        if not 0 < number < math.inf:
            yield Problem(f"stratum {name}", f"a {what} above 0 is expected, not {number}")


def _total_faults(total: int, strata: Strata, least: FloatArray) -> Iterator[Problem]:
    if total < least.sum():
        yield Problem("total", f"{total} is less than the {least.sum():.0f} that all strata need at least")
    if total > strata.units.sum():
        yield Problem("total", f"{total} is more than the {strata.units.sum()} units of all strata")
