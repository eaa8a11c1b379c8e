"""How long complaints take, when some are still open: censored times, and ends of several kinds.

A case that is open has taken at least its age: leaving it out would flatter. A case that was withdrawn or transferred
did not take that long to be settled either: it competes. Kaplan and Meier's curve answers how long it takes until a
case ends at all; Aalen and Johansen's how many are settled by when.

Sources: Kaplan, Meier, JASA 53, 1958 (by scipy); Aalen, Johansen, Scand. J. Statist. 5, 1978; Mantel, Cancer
Chemotherapy Reports 50, 1966 (log-rank test of k groups).
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from domain.analysis.refusal import AnalysisProblem, refuse_other_lengths, refuse_where
from domain.surveys.arrays import BoolArray, FloatArray, encode


@dataclass(frozen=True, slots=True)
class Curve:
    """The share (t,) still open after each time (t,) at which a case ended, with its interval of 95 %."""

    times: FloatArray
    open_share: FloatArray
    low: FloatArray
    high: FloatArray

    def quantile(self, share_ended: float) -> float | None:
        """By when that share of cases has ended; none where fewer have ended by the last time."""
        reached = np.flatnonzero(self.open_share <= 1 - share_ended + 1e-12)
        return float(self.times[reached[0]]) if reached.size else None

    def open_after(self, time: float) -> float:
        """The share still open after so long."""
        before = int(np.searchsorted(self.times, time, side="right"))
        return float(self.open_share[before - 1]) if before else 1.0


@dataclass(frozen=True, slots=True)
class Incidence:
    """The share (t,) of cases that had ended in one way by each time (t,), while the other ways competed."""

    times: FloatArray
    share: FloatArray

    def by(self, time: float) -> float:
        before = int(np.searchsorted(self.times, time, side="right"))
        return float(self.share[before - 1]) if before else 0.0

    def quantile(self, share_ended: float) -> float | None:
        """By when that share of all cases had ended in this way; none where it never was."""
        reached = np.flatnonzero(self.share >= share_ended - 1e-12)
        return float(self.times[reached[0]]) if reached.size else None


@dataclass(frozen=True, slots=True)
class LogRank:
    """Whether groups end equally fast: expected and observed ends a group, χ² and its p-value."""

    labels: tuple[str, ...]
    observed: tuple[float, ...]
    expected: tuple[float, ...]
    statistic: float
    degrees_of_freedom: int
    p_value: float


def time_to_end(times: ArrayLike, ended: ArrayLike) -> Curve:
    """The curve of n cases by their times (n,) until they ended, or until now where they have not (n,).

    Refuses with AnalysisProblem: other lengths, negative times, no case that ended.
    """
    from scipy.stats import CensoredData, ecdf

    lasted, over = _checked(times, ended)
    if not over.any():
        raise AnalysisProblem("ended", "at least one case that ended")
    function = ecdf(CensoredData(uncensored=lasted[over], right=lasted[~over])).sf
    with warnings.catch_warnings():  # where none or all are open the interval is a point, as is put in below
        warnings.simplefilter("ignore", RuntimeWarning)
        interval = function.confidence_interval(method="log-log")
    at = np.isin(function.quantiles, lasted[over])
    shares = function.probabilities[at]
    return Curve(
        times=function.quantiles[at],
        open_share=shares,
        low=np.where(np.isnan(interval.low.probabilities[at]), shares, interval.low.probabilities[at]),
        high=np.where(np.isnan(interval.high.probabilities[at]), shares, interval.high.probabilities[at]),
    )


def ends_by_kind(times: ArrayLike, kinds: ArrayLike, *, open_kind: str = "") -> dict[str, Incidence]:
    """What share of n cases had ended in each way by when, from their times (n,) and kinds of end (n,).

    Cases whose kind is `open_kind` have not ended. The shares of all kinds and that still open make up 1 at every
    time. Refuses with AnalysisProblem: other lengths, negative times.
    """
    kind = np.asarray(kinds, dtype=np.str_)
    lasted, over = _checked(times, kind != open_kind)
    moments, place = np.unique(lasted, return_inverse=True)
    at_risk = len(lasted) - np.concatenate([[0], np.cumsum(np.bincount(place, minlength=len(moments)))[:-1]])
    ends = np.bincount(place[over], minlength=len(moments))
    still_open = np.concatenate([[1.0], np.cumprod(1 - ends / at_risk)[:-1]])
    return {
        str(label): _incidence(moments, still_open / at_risk, np.bincount(place[kind == label], minlength=len(moments)))
        for label in np.unique(kind[over])
    }


def _incidence(moments: FloatArray, weight: FloatArray, ends: NDArray[np.int64]) -> Incidence:
    happened = ends > 0
    return Incidence(moments[happened], np.cumsum(weight * ends)[happened])


def compare_speed(times: ArrayLike, ended: ArrayLike, groups: ArrayLike) -> LogRank:
    """Log-rank test of whether groups (n,) of cases end equally fast.

    Refuses with AnalysisProblem: other lengths, negative times, fewer than two groups, no case that ended.
    """
    from scipy.stats import chi2

    lasted, over = _checked(times, ended)
    group = encode(np.asarray(groups, dtype=np.str_))
    refuse_other_lengths(times=lasted, groups=group.codes)
    if group.size < 2 or not over.any():
        raise AnalysisProblem("groups", "at least two groups, and a case that ended")
    observed, expected, variance = _ends_of_groups(lasted, over, group.codes, group.size)
    difference = (observed - expected)[:-1]
    statistic = float(difference @ np.linalg.pinv(variance[:-1, :-1]) @ difference)
    freedom = group.size - 1
    return LogRank(
        tuple(map(str, group.labels)),
        tuple(observed.tolist()),
        tuple(expected.tolist()),
        statistic,
        freedom,
        float(chi2.sf(statistic, freedom)),
    )


def _ends_of_groups(
    lasted: FloatArray, over: BoolArray, codes: NDArray[np.int64], groups: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Ends observed (g,), ends expected if all were alike (g,), and the hypergeometric variance (g, g)."""
    moments, place = np.unique(lasted, return_inverse=True)
    leaving = np.bincount(place * groups + codes, minlength=len(moments) * groups).reshape(-1, groups)
    ends = np.bincount((place * groups + codes)[over], minlength=len(moments) * groups).reshape(-1, groups)
    at_risk = np.bincount(codes, minlength=groups) - np.vstack([np.zeros(groups), np.cumsum(leaving, axis=0)[:-1]])
    all_at_risk, all_ends = at_risk.sum(axis=1), ends.sum(axis=1)
    share = at_risk / all_at_risk[:, None]
    spread = np.divide(
        all_ends * (all_at_risk - all_ends), all_at_risk - 1, out=np.zeros_like(all_at_risk), where=all_at_risk > 1
    )
    variance = np.diag(share.T @ spread) - (share * spread[:, None]).T @ share
    return ends.sum(axis=0).astype(np.float64), all_ends @ share, variance


def chance_to_miss(curve: Curve, ages: ArrayLike, left: ArrayLike) -> FloatArray:
    """For open cases (n,) the chance that they are still open when due, from their ages and the times left (n,).

    The curve is that of cases like them. Refuses with AnalysisProblem: other lengths. An age beyond what the curve
    has seen gives 1: nothing is known that would end it.
    """
    age, remaining = np.asarray(ages, dtype=np.float64), np.asarray(left, dtype=np.float64)
    refuse_other_lengths(ages=age, left=remaining)
    shares = np.concatenate([[1.0], curve.open_share])
    now = shares[np.searchsorted(curve.times, age, side="right")]
    due = shares[np.searchsorted(curve.times, age + np.maximum(remaining, 0), side="right")]
    chance: FloatArray = np.divide(due, now, out=np.ones_like(now), where=now > 0)
    return chance


def _checked(times: ArrayLike, ended: ArrayLike | Sequence[bool]) -> tuple[FloatArray, BoolArray]:
    lasted, over = np.asarray(times, dtype=np.float64), np.asarray(ended, dtype=np.bool_)
    refuse_other_lengths(times=lasted, ended=over)
    refuse_where(~(lasted >= 0), "times", "at least 0")
    return lasted, over
