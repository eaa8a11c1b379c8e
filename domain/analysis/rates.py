"""Rates of a complaint department, each with its interval: kept promises, uphold, reopenings, repeats, call backs.

A share without its interval invites stories about noise. Intervals are Wilson's score intervals (JASA 22, 1927).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from domain.analysis.refusal import AnalysisProblem, refuse_other_lengths
from domain.surveys.arrays import encode
from domain.surveys.variance.intervals import Interval, wilson_interval


@dataclass(frozen=True, slots=True)
class Rate:
    """So many of so many; share and interval are none where there is nothing to take a share of."""

    events: int
    cases: int
    share: float | None
    interval: Interval | None


def rate(events: int, cases: int) -> Rate:
    """Events of cases with the interval of their share.

    Refuses with AnalysisProblem fewer than none, or more events than cases.
    """
    if not 0 <= events <= cases:
        raise AnalysisProblem("events", f"0 to {cases} are expected, not {events}")
    if cases == 0:
        return Rate(0, 0, None, None)
    return Rate(events, cases, events / cases, wilson_interval(events / cases, cases))


def kept_promises(met: int, breached: int, overdue: int) -> Rate:
    """Clocks that were met in time, of those that were decided.

    A clock is decided at its due time: one that still runs but is overdue is a broken promise already, and one that is
    not due yet is none of the two. So no case can better the figure by staying open.
    """
    return rate(met, met + breached + overdue)


def repeats_within(
    customers: ArrayLike, categories: ArrayLike, days: ArrayLike, spans: Sequence[float]
) -> tuple[Rate, ...]:
    """Complaints (n,) that the same customer had made in the same category within so many days before, for each span.

    `days` is when each was received, in days since any origin. Refuses with AnalysisProblem: other lengths, a span
    that is not above 0.
    """
    who, what = encode(customers), encode(categories)
    when = np.asarray(days, dtype=np.float64)
    refuse_other_lengths(customers=who.codes, categories=what.codes, days=when)
    if not all(span > 0 for span in spans):
        raise AnalysisProblem("spans", "above 0 days")
    same = who.codes * what.size + what.codes
    order = np.lexsort((when, same))
    waited = np.diff(when[order])[np.diff(same[order]) == 0]
    return tuple(rate(int(np.count_nonzero(waited <= span)), len(when)) for span in spans)


AGE_BANDS = (1, 3, 7, 14, 30, 60, 90)
"""Upper bounds, in days, of the bands of an ageing report; the last band has none."""


def ageing(ages: ArrayLike, bands: tuple[float, ...] = AGE_BANDS) -> tuple[int, ...]:
    """How many open cases (n,) are of each age: up to and including each bound of `bands`, and older than the last.

    Refuses with AnalysisProblem: a negative age, bounds that do not ascend.
    """
    age = np.asarray(ages, dtype=np.float64)
    if (age < 0).any() or np.isnan(age).any():
        raise AnalysisProblem("ages", "at least 0")
    if list(bands) != sorted(set(bands)):
        raise AnalysisProblem("bands", "ascending bounds")
    return tuple(int(count) for count in np.bincount(np.searchsorted(bands, age), minlength=len(bands) + 1))


def backlog(opened: ArrayLike, closed: ArrayLike, before: int = 0) -> tuple[int, ...]:
    """Cases open at the end of each day, from those opened and closed on it (d,) and those open `before`.

    Refuses with AnalysisProblem: other lengths, a day on which more were closed than were open.
    """
    came, went = np.asarray(opened, dtype=np.int64), np.asarray(closed, dtype=np.int64)
    refuse_other_lengths(opened=came, closed=went)
    level = before + np.cumsum(came - went)
    if (level < 0).any():
        raise AnalysisProblem(f"closed[{int(np.argmax(level < 0))}]", "no more than are open")
    return tuple(level.tolist())
