"""Stretches in which a clock stands still.

A hold takes from a span of time whatever of it falls inside the hold. For spans of days the rule is: **a day counts if
the clock is running when the day ends** (for `close_of_business`, when that day's last window closes). So a hold from
Monday 10:00 to Wednesday 10:00 takes Monday and Tuesday; one within a day takes nothing; a hold takes on average as
many days as it lasts, which favours neither side; and a due time never falls inside a hold, so that resuming never
finds the clock breached by the pause itself.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.calendar.local_time import instant_of
from domain.calendar.refusal import refused


@dataclass(frozen=True, slots=True)
class Interval:
    """From `start` on, up to but without `end`; a hold still open ends at its planned resume."""

    start: datetime
    end: datetime


class Holds:
    """The holds of one clock as instants: merged, in order, apart from each other."""

    def __init__(self, intervals: Sequence[Interval]) -> None:
        """Raises CalendarError that names the interval that is naive or does not end after it starts."""
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, end in sorted(_instants(interval, place) for place, interval in enumerate(intervals)):
            if self._ends and start <= self._ends[-1]:
                self._ends[-1] = max(end, self._ends[-1])
            else:
                self._starts.append(start)
                self._ends.append(end)

    def cover(self, at: int) -> bool:
        """Whether a clock that would run out at that instant stands still then: it does up to the resume itself."""
        hold = bisect_left(self._starts, at) - 1
        return hold >= 0 and at <= self._ends[hold]

    def running(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """The stretches from `start` to `end` in which the clock runs, in order; some may be empty."""
        for hold_start, hold_end in zip(self._starts, self._ends, strict=True):
            if hold_end <= start:
                continue
            if hold_start >= end:
                break
            yield start, max(start, hold_start)
            start = hold_end
        yield start, max(start, end)


def _instants(interval: Interval, place: int) -> tuple[int, int]:
    start = instant_of(interval.start, f"holds[{place}].start")
    end = instant_of(interval.end, f"holds[{place}].end")
    if end <= start:
        raise refused(f"holds[{place}].end", f"expected a time after {interval.start}, its start, found {interval.end}")
    return start, end
