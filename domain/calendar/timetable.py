"""The working times of a calendar, laid out for look-up: a table a local year, made when first asked for.

Each table holds the openings and closings of its year as instants with running totals of open time, and its working
days with their closings, so that every question is a binary search. Days are proleptic ordinals (`date.toordinal`).
The table is derived and never stored; `Calendar.timetable` keeps it beside the document it was made from.

A day runs from the instant its midnight is reached to that of the next day; where clocks go back over midnight itself
(St John's until 2011), the hour that is lived twice belongs to the day that has begun.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from itertools import accumulate, pairwise
from zoneinfo import ZoneInfo

from domain.calendar.local_time import MICROSECONDS_PER_DAY, MICROSECONDS_PER_MINUTE, YEARS, instant_on, utc_year
from domain.calendar.opening_hours import Window
from domain.calendar.refusal import refused


@dataclass(frozen=True, slots=True)
class YearTable:
    """One local year: `day_starts` has one more entry than days, `open_before[i]` is the open time before window i."""

    first_day: int
    day_starts: list[int]
    opens: list[int]
    closes: list[int]
    open_before: list[int]
    working_days: list[int]
    closings: list[int]

    def open_time_until(self, at: int) -> int:
        """The open time of this year before the instant `at`."""
        window = bisect_right(self.opens, at) - 1
        if window < 0:
            return 0
        return self.open_before[window] + min(at, self.closes[window]) - self.opens[window]

    def instant_after(self, open_time: int) -> int:
        """The first instant at which that much of this year's open time (more than none) has passed."""
        window = bisect_left(self.open_before, open_time) - 1
        return self.opens[window] + open_time - self.open_before[window]


class Timetable:
    """The working times of one calendar over all years."""

    def __init__(self, zone: ZoneInfo, windows_on: Callable[[date], tuple[Window, ...]]) -> None:
        self._zone = zone
        self._windows_on = windows_on
        self._years: dict[int, YearTable] = {}

    def is_open(self, at: int) -> bool:
        """Whether the instant lies in a window."""
        table = self._year(self._year_of(at))
        window = bisect_right(table.opens, at) - 1
        return window >= 0 and at < table.closes[window]

    def next_opening(self, at: int) -> int:
        """The instant itself if it is open, else the next opening."""
        year = self._year_of(at)
        while (window := bisect_right(self._year(year).closes, at)) == len(self._year(year).closes):
            year += 1
        return max(at, self._year(year).opens[window])

    def after_open_time(self, start: int, open_time: int) -> int:
        """The first instant at which `open_time` (more than none) of open time has passed since `start`."""
        year = self._year_of(start)
        table = self._year(year)
        wanted = open_time + table.open_time_until(start)
        while wanted > table.open_before[-1]:
            wanted -= table.open_before[-1]
            year += 1
            table = self._year(year)
        return table.instant_after(wanted)

    def open_time(self, start: int, end: int) -> int:
        """The open time between two instants."""
        first, last = self._year_of(start), self._year_of(end)
        whole_years = sum(self._year(year).open_before[-1] for year in range(first, last))
        return whole_years + self._year(last).open_time_until(end) - self._year(first).open_time_until(start)

    def day_of(self, at: int) -> int:
        """The local day that holds the instant."""
        table = self._year(self._year_of(at))
        return table.first_day + bisect_right(table.day_starts, at) - 1

    def start_of_day(self, day: int) -> int:
        """The instant at which that local day begins."""
        table = self._year(date.fromordinal(day).year)
        return table.day_starts[day - table.first_day]

    def nth_working_day(self, day: int, n: int) -> int:
        """The n-th working day after that day, which does not count itself."""
        table, index = self._find_working_day(day, n)
        return table.working_days[index]

    def nth_closing(self, day: int, n: int) -> int:
        """The close of business on the n-th working day after that day."""
        table, index = self._find_working_day(day, n)
        return table.closings[index]

    def working_days_between(self, first: int, last: int) -> int:
        """How many working days come after the first day, up to and with the last."""
        years = range(date.fromordinal(first).year, date.fromordinal(last).year + 1)
        listed = (self._year(year).working_days for year in years)
        return sum(bisect_right(days, last) - bisect_right(days, first) for days in listed)

    def _find_working_day(self, day: int, n: int) -> tuple[YearTable, int]:
        year = date.fromordinal(day).year
        table = self._year(year)
        index = bisect_right(table.working_days, day) + n - 1
        while index >= len(table.working_days):
            index -= len(table.working_days)
            year += 1
            table = self._year(year)
        return table, index

    def _year_of(self, at: int) -> int:
        """The local year of an instant: that of UTC but for the hours around New Year."""
        year = utc_year(at)
        table = self._year(year)
        if at < table.day_starts[0]:
            return year - 1
        return year + (at >= table.day_starts[-1])

    def _year(self, year: int) -> YearTable:
        table = self._years.get(year)
        if table is None:
            table = self._years[year] = self._lay_out(year)
        return table

    def _lay_out(self, year: int) -> YearTable:
        if not YEARS[0] - 1 <= year <= YEARS[-1] + 1:
            raise refused(
                "span", f"expected a span that ends by {YEARS[-1]}; the calendar opens too rarely for this one"
            )
        first, after = date(year, 1, 1).toordinal(), date(year + 1, 1, 1).toordinal()
        day_starts = [instant_on(date.fromordinal(day), 0, self._zone) for day in range(first, after + 1)]
        times = {day: self._times_on(day, *bounds) for day, bounds in enumerate(pairwise(day_starts), first)}
        worked = {day: windows for day, windows in times.items() if windows}
        lived = [(opens, closes) for windows in worked.values() for opens, closes in windows if closes > opens]
        return YearTable(
            first_day=first,
            day_starts=day_starts,
            opens=[opens for opens, _ in lived],
            closes=[closes for _, closes in lived],
            open_before=list(accumulate((closes - opens for opens, closes in lived), initial=0)),
            working_days=list(worked),
            closings=[windows[-1][1] for windows in worked.values()],
        )

    def _times_on(self, day: int, start: int, end: int) -> list[tuple[int, int]]:
        """The windows of a day as instants; one that a change of clocks skips is empty."""
        on = date.fromordinal(day)
        windows = self._windows_on(on)
        if end - start == MICROSECONDS_PER_DAY:  # no change of clocks: the day runs evenly
            return [
                (start + w.opens * MICROSECONDS_PER_MINUTE, start + w.closes * MICROSECONDS_PER_MINUTE) for w in windows
            ]
        return [(instant_on(on, w.opens, self._zone), instant_on(on, w.closes, self._zone)) for w in windows]
