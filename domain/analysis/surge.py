"""Surges: cells (category × region × partner) in which today more complaints came than chance explains.

Expected is the mean of the same weekday in the last eight weeks, carried on by the cell's trend. How much a count may
exceed it by chance has three parts: counts vary, days vary more than counts (dispersion), and the expectation is an
estimate. The tail beyond what came is a negative binomial's with the variance of all three; it is asked of today and of
yesterday and today together, and the rarer of the two counts, doubled. Over the cells the
procedure of Benjamini and Hochberg keeps the share of days with a false alarm at the rate that is stated; where no
cell has a surge it keeps the rate of days with any alarm there.

Cells of few complaints a day cannot show a doubling in a day. They are watched by a cumulative sum (CUSUM) of the
log-likelihood ratio of a doubling, which adds up what single days cannot show; an alarm rings when it exceeds the
logarithm of the run length that was asked for (Lorden 1971: a false alarm then comes no sooner on average).

Where there are cells of both kinds, each kind has half of the stated rate.

Sources: Farrington et al., JRSS A 159, 1996, and Noufaily et al., Statistics in Medicine 32, 2013 (the same weekday,
trend, dispersion, quantile of a negative binomial); Benjamini, Hochberg, JRSS B 57, 1995; Page, Biometrika 41, 1954;
Lorden, Ann. Math. Statist. 42, 1971.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from domain.analysis.refusal import AnalysisProblem, refuse_other_lengths, refuse_where
from domain.surveys.arrays import BoolArray, FloatArray
from domain.surveys.gaming import benjamini_hochberg, shrink

WEEK = 7
WEEKS_BEFORE = 8
DAYS_BEFORE = WEEK * WEEKS_BEFORE
DAYS_NEEDED = 2 * DAYS_BEFORE + 2
"""A scan looks at two days, at the eight weeks before, and for its sums at the eight weeks before those."""
SMALL_CELL = 5.0
"""Cells with a smaller mean a day are watched by sums."""
DAYS_A_YEAR = 365.25
TAIL_CAUTION = 1.25
"""Tails of estimated moments are met more often than they say: in simulations by a fifth at one in ten thousand."""
SUM_CAUTION = 1.0
"""Sums compare with the level that the weeks before make likely, plus so many of its standard errors."""
OUTLIER_SIGMAS = 3.0
MEDIAN_OF_CHI_SQUARE = 0.4549364231195727
"""Of one degree of freedom: what the median of squared normal deviations is smaller by than their mean."""
LARGEST_TREND = 1.5
"""A level that grew by more than half in eight weeks is a surge that came slowly, and not to be expected to go on."""


class Watch(StrEnum):
    """By what a cell was judged."""

    DAY = "day"
    SUM = "sum"
    NONE = "none"
    """It has had no complaint in the weeks before: nothing is known to compare with."""


@dataclass(frozen=True, slots=True)
class Signal:
    """A cell that stands out: what came, what was expected, how rare that is, and by what it was seen.

    For a single day `rarity` is the adjusted p-value; for a sum it is the sum over its threshold.
    """

    label: str
    watch: Watch
    observed: int
    expected: float
    rarity: float


@dataclass(frozen=True, slots=True)
class Scan:
    """One day's scan of c cells: expectation (c,), standard deviation (c,), adjusted p-values (c,), sums (c,).

    `false_alarm_days_a_year` is the rate that was asked for; `watched` says by what each cell was judged.
    """

    false_alarm_days_a_year: float
    expected: FloatArray
    deviation: FloatArray
    p_values: FloatArray
    sums: FloatArray
    threshold: float
    watched: tuple[Watch, ...]
    signals: tuple[Signal, ...]


@dataclass(frozen=True, slots=True)
class _Baseline:
    """What the weeks before make of c cells, today alone and together with yesterday: each (2, c)."""

    mean: FloatArray
    variance: FloatArray


def scan_day(labels: Sequence[str], counts: ArrayLike, false_alarm_days_a_year: float = 2.0) -> Scan:
    """Look for surges on the last of d days, in counts (c, d) of c cells over at least 114 days (16 weeks and 2 days).

    Refuses with AnalysisProblem: other lengths, too few days, negative counts, a rate that is not above 0.
    """
    table = np.asarray(counts, dtype=np.float64)
    _refuse(labels, table, false_alarm_days_a_year)
    before = table[:, -DAYS_BEFORE - 2 : -2]
    level = before.mean(axis=1)
    known, small = level > 0, level < SMALL_CELL
    shares = max(int((known & small).any()) + int((known & ~small).any()), 1)
    chance_a_day = false_alarm_days_a_year / DAYS_A_YEAR / shares
    by_day = known & ~small
    baseline = _baseline_by_kind(before, by_day)
    adjusted = _adjusted_tails(table, baseline, by_day)
    threshold = float(np.log(max(int(np.count_nonzero(known & small)), 1) / chance_a_day))
    sums = _sums(table, known & small, threshold)
    loud = np.where(by_day, adjusted <= chance_a_day / TAIL_CAUTION, sums > threshold) & known
    watched = tuple(_watch(bool(k), bool(s)) for k, s in zip(known, small, strict=True))
    signals = [
        Signal(
            labels[cell],
            watched[cell],
            int(table[cell, -1]),
            float(baseline.mean[0, cell]),
            float(adjusted[cell] if by_day[cell] else sums[cell] / threshold),
        )
        for cell in np.flatnonzero(loud).tolist()
    ]
    return Scan(
        false_alarm_days_a_year,
        baseline.mean[0],
        np.sqrt(baseline.variance[0]),
        adjusted,
        sums,
        threshold,
        watched,
        tuple(sorted(signals, key=lambda each: (each.watch, each.rarity, each.label))),
    )


def _refuse(labels: Sequence[str], table: FloatArray, rate: float) -> None:
    if table.ndim != 2 or table.shape[1] < DAYS_NEEDED:
        raise AnalysisProblem("counts", f"cells × days, of which at least {DAYS_NEEDED} are expected")
    refuse_other_lengths(labels=labels, counts=table)
    refuse_where(~(table >= 0), "counts", "at least 0")
    if not rate > 0:
        raise AnalysisProblem("false_alarm_days_a_year", "above 0")


def _watch(known: bool, small: bool) -> Watch:
    if not known:
        return Watch.NONE
    return Watch.SUM if small else Watch.DAY


def _baseline_by_kind(before: FloatArray, by_day: BoolArray) -> _Baseline:
    """Large and small cells each among their like: what many small ones seem to vary by is no measure of large ones."""
    mean, variance = np.zeros((2, len(before))), np.zeros((2, len(before)))
    for rows in (by_day, ~by_day):
        if rows.any():
            found = _baseline(before[rows])
            mean[:, rows], variance[:, rows] = found.mean, found.variance
    return _Baseline(mean, variance)


def _baseline(before: FloatArray) -> _Baseline:
    """Yesterday and today as the eight weeks before yesterday let expect them."""
    weeks = _without_outliers(before.reshape(len(before), WEEKS_BEFORE, WEEK))
    weekday = weeks.mean(axis=1)
    dispersion = _dispersion(weeks, weekday)
    growth, growth_variance = _trend(weeks, dispersion)
    level = np.maximum(np.stack([weekday[:, 1], weekday[:, 0] + weekday[:, 1]]), weekday.mean(axis=1) / DAYS_BEFORE)
    mean = level * growth
    estimation = dispersion * level / WEEKS_BEFORE * growth**2 + mean**2 * growth_variance
    return _Baseline(mean, dispersion * mean + estimation)


def _without_outliers(weeks: FloatArray) -> FloatArray:
    """Weeks (c, 8, 7) in which no day stands more than three sigmas above its weekday's other weeks.

    A surge of last month is no expectation of another. The sigma is a first one, of medians: no surge is in it.
    """
    highest = weeks.max(axis=1, keepdims=True)
    others = (weeks.sum(axis=1, keepdims=True) - highest) / (WEEKS_BEFORE - 1)
    usual = np.median(weeks, axis=1, keepdims=True)
    squares = np.median(np.diff(weeks, axis=1) ** 2, axis=(1, 2), keepdims=True) / (2 * MEDIAN_OF_CHI_SQUARE)
    sigma = np.sqrt(np.maximum(squares, np.maximum(others, usual)))
    capped: FloatArray = np.minimum(weeks, others + OUTLIER_SIGMAS * sigma)
    return capped


def _dispersion(weeks: FloatArray, weekday: FloatArray) -> FloatArray:
    """Variance over mean (c,) around the weekdays' means, at least 1; the less a cell tells, the more all tell."""
    freedom = (WEEKS_BEFORE - 1) * WEEK
    expected = weekday[:, None, :]
    squares = np.divide((weeks - expected) ** 2, expected, out=np.zeros_like(weeks), where=expected > 0)
    own = np.maximum(squares.sum(axis=(1, 2)) / freedom, 1 / freedom)
    logarithms = np.log(own) + 1 / freedom
    pooled = shrink(logarithms, np.full(len(own), 2 / freedom), float(np.log(own.mean())))
    return np.maximum(np.exp(pooled), 1.0)


def _trend(weeks: FloatArray, dispersion: FloatArray) -> tuple[FloatArray, FloatArray]:
    """By how much the level has moved from the middle of the eight weeks to now (c,), and the variance of that.

    From the totals of the two halves, on the logarithm; pulled towards no movement by what is usual between cells.
    """
    early, late = (weeks[:, half].sum(axis=(1, 2)) + 0.5 for half in (slice(0, 4), slice(4, 8)))
    variance = dispersion * (1 / early + 1 / late)
    slope = np.log(late / early)
    usual = max(0.0, float(np.mean(slope**2 - variance))) if len(slope) > 1 else 0.0
    trust = usual / (usual + variance)
    reach = (DAYS_BEFORE / 2 + WEEK / 2) / (DAYS_BEFORE / 2)
    bound = np.log(LARGEST_TREND)
    return np.exp(np.clip(reach * trust * slope, -bound, bound)), reach**2 * trust * variance


def _adjusted_tails(table: FloatArray, baseline: _Baseline, judged: BoolArray) -> FloatArray:
    """Adjusted p-values (c,) of what came today and in two days; 1 where a cell is not judged by a day."""
    adjusted = np.ones(len(table))
    if judged.any():
        came = np.stack([table[judged, -1], table[judged, -2:].sum(axis=1)])
        tails = _tail(came, baseline.mean[:, judged], baseline.variance[:, judged])
        adjusted[judged] = benjamini_hochberg(np.minimum(2 * tails.min(axis=0), 1.0))
    return adjusted


def _tail(count: FloatArray, mean: FloatArray | float, variance: FloatArray | float) -> FloatArray:
    """The chance of at least so many, by a negative binomial of this mean and variance."""
    from scipy.stats import nbinom

    over = np.maximum(variance, mean * (1 + 1e-9))
    success = mean / over
    tails: FloatArray = nbinom.sf(count - 1, mean * success / (1 - success), success)
    return tails


def _sums(table: FloatArray, watched: BoolArray, threshold: float) -> FloatArray:
    """The CUSUM (c,) of a doubling up to today, over the last eight weeks, against the eight weeks before those.

    Once it has rung it begins anew: an alarm is of the day on which the threshold is passed, and not of each after it.
    """
    sums = np.zeros(len(table))
    if not watched.any():
        return sums
    before = table[watched, -DAYS_NEEDED : -DAYS_BEFORE - 2].reshape(-1, WEEKS_BEFORE, WEEK)
    level = before.mean(axis=(1, 2))
    dispersion = _dispersion(before, before.mean(axis=1))
    level += SUM_CAUTION * np.sqrt(dispersion * np.maximum(level, 1 / DAYS_BEFORE) / DAYS_BEFORE)
    profile = before.sum(axis=(0, 1)) / before.sum() * WEEK if before.any() else np.ones(WEEK)
    expected = level[:, None] * np.resize(profile, DAYS_BEFORE + 2)
    ratio = _doubling(table[watched, -DAYS_BEFORE - 2 :], expected, dispersion[:, None])
    running = np.zeros(len(level))
    for day in range(ratio.shape[1]):
        running = np.maximum(np.where(running > threshold, 0, running) + ratio[:, day], 0)
    sums[watched] = running
    return sums


def _doubling(counts: FloatArray, expected: FloatArray, dispersion: FloatArray) -> FloatArray:
    """Log-likelihood ratio of twice the expectation, by negative binomials of this dispersion."""
    from scipy.special import gammaln

    over = np.maximum(dispersion, 1 + 1e-6)
    size = expected / (over - 1)
    ratio: FloatArray = (
        gammaln(counts + 2 * size) - gammaln(counts + size) + gammaln(size) - gammaln(2 * size) - size * np.log(over)
    )
    return ratio


def power(mean: float, dispersion: float, cells: int, *, times: float = 2.0, rate: float = 2.0) -> float:
    """The chance that a cell of this mean a day, watched among so many, is seen within two days when it doubles.

    At least: by the second day's sum alone, without weekdays and trend; `rate` is that of false alarm-days a year.
    Refuses with AnalysisProblem what is not above 0, and a dispersion under 1.
    """
    from scipy.stats import nbinom

    if not (mean > 0 and dispersion >= 1 and cells > 0 and times > 0 and rate > 0):
        raise AnalysisProblem("mean", "a mean, cells, times and a rate above 0, and a dispersion of at least 1")
    usual, surged = 2 * mean, 2 * mean * times
    counts = np.arange(int(4 * (usual + surged)) + 50, dtype=np.float64)
    tails = _tail(counts, usual, dispersion * usual * (1 + 1 / WEEKS_BEFORE))
    needed = int(np.argmax(2 * tails <= rate / DAYS_A_YEAR / TAIL_CAUTION / cells))
    over = max(dispersion, 1 + 1e-9)
    return float(nbinom.sf(needed - 1, surged / (over - 1), 1 / over))
