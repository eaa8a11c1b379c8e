"""Due times against a second, slow method that walks the clock a quarter of an hour at a time, and against numpy.

Every edge drawn here (windows, holds, starts) lies on a quarter of an hour, as do all changes of clocks in these zones,
so the walk is exact.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from domain.calendar import (
    Calendar,
    ChangedDay,
    ClosedDay,
    CountsAs,
    DayName,
    Interval,
    OpenDay,
    Span,
    Unit,
    Week,
    Weekday,
    Window,
    diff,
    due,
    due_with_holds,
    elapsed,
    explain,
    is_open,
    next_opening,
    working_days_between,
)
from domain.privacy import Language

QUICKLY = settings(deadline=None, max_examples=50)
QUARTER = timedelta(minutes=15)
FIRST, LAST = date(2024, 1, 1), date(2026, 12, 31)
NAME = DayName(zh="某日", en="a day")
ZONES = [
    "UTC",
    "Asia/Shanghai",
    "Asia/Kathmandu",  # a quarter past the half hour
    "Europe/London",
    "America/New_York",
    "Australia/Lord_Howe",  # changes by half an hour
    "Africa/Cairo",  # skips and repeats midnight of the previous day
    "America/Havana",  # repeats the hour after midnight
    "America/Santiago",  # skips the hour after midnight
]
LENGTHS = {
    Unit.SECONDS: timedelta(seconds=1),
    Unit.MINUTES: timedelta(minutes=1),
    Unit.HOURS: timedelta(hours=1),
    Unit.ELAPSED_MINUTES: timedelta(minutes=1),
    Unit.ELAPSED_HOURS: timedelta(hours=1),
}
TIME_UNITS = list(LENGTHS)
DAY_UNITS = [Unit.CALENDAR_DAYS, Unit.WORKING_DAYS, Unit.WEEKS, Unit.MONTHS, Unit.CLOSE_OF_BUSINESS]
WEEKDAYS = list(Weekday)

quarters = st.integers(0, 3 * 365 * 96 - 4 * 30 * 96).map(lambda n: datetime(2024, 1, 2, tzinfo=UTC) + n * QUARTER)
changes_of_clocks = st.sampled_from(  # days around them, so that every run meets some
    [datetime(2026, 3, 27, tzinfo=UTC), datetime(2026, 10, 23, tzinfo=UTC), datetime(2025, 4, 22, tzinfo=UTC)]
).flatmap(lambda near: st.integers(0, 96 * 18).map(lambda n: near + n * QUARTER))
starts = quarters | changes_of_clocks
any_moments = st.integers(0, 970 * 86_400 * 10**6).map(
    lambda n: datetime(2024, 1, 2, tzinfo=UTC) + timedelta(microseconds=n)
)


@st.composite
def windows_of_a_day(draw: st.DrawFn, least: int = 0) -> tuple[Window, ...]:
    edges = sorted(draw(st.sets(st.integers(0, 96), min_size=2 * least, max_size=6)))
    return tuple(Window(opens=15 * a, closes=15 * b) for a, b in zip(edges[::2], edges[1::2], strict=False))


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    week = Week(**{day: draw(windows_of_a_day()) for day in WEEKDAYS})
    worked = [day for day in WEEKDAYS if week.windows(day)]
    assume(worked)
    listed = draw(st.lists(st.dates(FIRST, LAST), unique=True, max_size=12))
    kinds = [draw(st.sampled_from(("closed", "open", "changed"))) for _ in listed]
    days = {kind: sorted(d for d, k in zip(listed, kinds, strict=True) if k == kind) for kind in ("closed", "open")}
    changed = sorted(set(listed) - {*days["closed"], *days["open"]})
    return Calendar(
        id="drawn",
        version=1,
        title="drawn",
        zone=draw(st.sampled_from(ZONES)),
        week=week,
        known_from=FIRST,
        horizon=LAST,
        closed=tuple(ClosedDay(day=day, name=NAME) for day in days["closed"]),
        open_days=tuple(OpenDay(day=day, name=NAME, like=draw(st.sampled_from(worked))) for day in days["open"]),
        changed_days=tuple(
            ChangedDay(day=day, name=NAME, windows=draw(windows_of_a_day(least=1)))
            for day in changed
            if WEEKDAYS[day.weekday()] in worked
        ),
    )


@st.composite
def hold_sets(draw: st.DrawFn, around: datetime) -> list[Interval]:
    edges = st.tuples(st.integers(-200, 1500), st.integers(1, 700))
    drawn = draw(st.lists(edges, max_size=4))
    return [Interval(around + begin * QUARTER, around + (begin + length) * QUARTER) for begin, length in drawn]


@st.composite
def cases(draw: st.DrawFn, units: list[Unit], longest: int) -> tuple[Calendar, datetime, Span, list[Interval]]:
    unit = draw(st.sampled_from(units))
    counts_as = draw(st.sampled_from(CountsAs)) if unit in DAY_UNITS else CountsAs.RECEIVED_DAY
    span = Span(amount=draw(st.integers(1, 3 if unit is Unit.MONTHS else longest)), unit=unit, counts_as=counts_as)
    start = draw(starts)
    return draw(calendars()), start, span, draw(hold_sets(start))


class SlowClock:
    """The calendar read quarter by quarter from its document, with no index and no arithmetic on instants."""

    def __init__(self, calendar: Calendar, holds: list[Interval]) -> None:
        self.zone = ZoneInfo(calendar.zone)
        self.calendar = calendar
        self.holds = holds

    def windows(self, day: date) -> tuple[Window, ...]:
        for closed in self.calendar.closed:
            if closed.day == day:
                return ()
        for opened in self.calendar.open_days:
            if opened.day == day:
                weekday = opened.like
                return self.calendar.week.windows(weekday) if weekday else opened.windows
        for changed in self.calendar.changed_days:
            if changed.day == day:
                return changed.windows
        return self.calendar.week.windows(WEEKDAYS[day.weekday()])

    def wall(self, at: datetime) -> datetime:
        """What the clocks show; in a repeated hour, its last quarter, for all its doors moved the first time round."""
        shown = at.astimezone(self.zone)
        if not shown.fold:
            return shown.replace(tzinfo=None)
        while at.astimezone(self.zone).fold:
            at += QUARTER
        return at.astimezone(self.zone).replace(tzinfo=None) - QUARTER

    def is_open(self, at: datetime) -> bool:
        wall = self.wall(at)
        minute = wall.hour * 60 + wall.minute
        return any(window.opens <= minute < window.closes for window in self.windows(wall.date()))

    def is_held(self, at: datetime) -> bool:
        return any(hold.start <= at < hold.end for hold in self.holds)

    def after(self, start: datetime, length: timedelta, *, round_the_clock: bool) -> datetime:
        at, left = start, length
        while left:
            left -= QUARTER * ((round_the_clock or self.is_open(at)) and not self.is_held(at))
            at += QUARTER
        return at

    def quarters_of(self, day: date) -> Iterator[datetime]:
        """The quarters from the first to the last one that belongs to the day."""
        at = datetime.combine(day, time(), UTC) - timedelta(hours=15)
        while self.wall(at).date() < day:
            at += QUARTER
        while self.wall(at).date() == day:
            yield at
            at += QUARTER

    def end_of(self, day: date, unit: Unit) -> datetime:
        quarters = list(self.quarters_of(day))
        if unit is Unit.CLOSE_OF_BUSINESS:
            quarters = [at for at in quarters if self.is_open(at)]
            assume(quarters)  # all its windows fall into a skipped hour
        return quarters[-1] + QUARTER

    def last_day(self, start: datetime, span: Span) -> date:
        if span.counts_as is CountsAs.NEXT_WORKING_DAY:
            while not self.is_open(start):
                start += QUARTER
        day = self.wall(start).date()
        for _ in range(self.days(span, day)):
            day += timedelta(days=1)
            while not self.counts(day, span.unit):
                day += timedelta(days=1)
        return day

    def days(self, span: Span, receipt: date) -> int:
        if span.unit is Unit.MONTHS:
            month = np.datetime64(receipt, "M") + span.amount
            same_day, last_day = month.astype("M8[D]") + (receipt.day - 1), (month + 1).astype("M8[D]") - 1
            return int((min(same_day, last_day) - np.datetime64(receipt)).astype(int))
        return span.amount * (7 if span.unit is Unit.WEEKS else 1)

    def counts(self, day: date, unit: Unit) -> bool:
        if unit in (Unit.WORKING_DAYS, Unit.CLOSE_OF_BUSINESS) and not self.windows(day):
            return False
        end = self.end_of(day, unit)
        return not any(hold.start < end <= hold.end for hold in self.holds)


@given(cases([Unit.MINUTES, Unit.ELAPSED_MINUTES], longest=12))
@QUICKLY
def test_a_span_of_time_ends_where_a_walk_through_its_quarter_hours_ends(
    case: tuple[Calendar, datetime, Span, list[Interval]],
) -> None:
    calendar, start, drawn, holds = case
    span = drawn.model_copy(update={"amount": drawn.amount * 15})
    walked = SlowClock(calendar, holds).after(
        start, timedelta(minutes=span.amount), round_the_clock=span.unit is Unit.ELAPSED_MINUTES
    )
    assert due_with_holds(start, span, calendar, holds).at == walked


@given(cases(DAY_UNITS, longest=6))
@QUICKLY
def test_a_span_of_days_ends_where_a_walk_through_its_days_ends(
    case: tuple[Calendar, datetime, Span, list[Interval]],
) -> None:
    calendar, start, span, holds = case
    clock = SlowClock(calendar, holds)
    end = clock.end_of(clock.last_day(start, span), span.unit)
    assert due_with_holds(start, span, calendar, holds).at == end


@given(calendars(), starts)
@QUICKLY
def test_open_and_next_opening_agree_with_a_walk(calendar: Calendar, at: datetime) -> None:
    clock = SlowClock(calendar, [])
    assert is_open(at, calendar) == clock.is_open(at)
    opening = at
    while not clock.is_open(opening):
        opening += QUARTER
    assert next_opening(at, calendar) == opening


@given(
    st.sets(st.sampled_from(range(7)), min_size=1),
    st.lists(st.dates(FIRST, LAST), unique=True, max_size=40),
    st.dates(FIRST, date(2026, 6, 30)),
    st.integers(1, 120),
)
@QUICKLY
def test_working_days_agree_with_numpy(worked: set[int], closed: list[date], day: date, n: int) -> None:
    window = (Window(opens="09:00", closes="17:00"),)
    calendar = Calendar(
        id="plain",
        version=1,
        title="plain",
        zone="UTC",
        week=Week(**{WEEKDAYS[weekday]: window for weekday in worked}),
        known_from=FIRST,
        horizon=LAST,
        closed=tuple(ClosedDay(day=day, name=NAME) for day in sorted(closed)),
    )
    mask = [weekday in worked for weekday in range(7)]
    following = day + timedelta(days=1)
    nth = np.busday_offset(following, n - 1, roll="forward", weekmask=mask, holidays=closed).astype(date)
    counted = due(datetime.combine(day, time(12), UTC), Span(amount=n, unit=Unit.WORKING_DAYS), calendar)
    assert counted.at == datetime.combine(nth + timedelta(days=1), time(), UTC)
    last = day + timedelta(days=n)
    between = np.busday_count(following, last + timedelta(days=1), weekmask=mask, holidays=closed)
    assert working_days_between(day, last, calendar) == between


@given(calendars(), any_moments, st.sampled_from(TIME_UNITS), st.integers(1, 100), st.data())
@QUICKLY
def test_exactly_the_span_has_elapsed_at_the_due_time_and_less_before(
    calendar: Calendar, start: datetime, unit: Unit, amount: int, data: st.DataObject
) -> None:
    holds = data.draw(hold_sets(start))
    span = Span(amount=amount, unit=unit)
    end = due_with_holds(start, span, calendar, holds).at
    length = amount * LENGTHS[unit]
    assert elapsed(start, end, calendar, unit, holds=holds) == length
    assert elapsed(start, end - timedelta(microseconds=1), calendar, unit, holds=holds) == length - timedelta(
        microseconds=1
    )


@given(cases(DAY_UNITS, longest=12))
@QUICKLY
def test_exactly_the_span_of_days_is_used_up_at_the_due_time_and_less_before(
    case: tuple[Calendar, datetime, Span, list[Interval]],
) -> None:
    calendar, start, span, holds = case
    end = due_with_holds(start, span, calendar, holds).at

    def used_up(at: datetime) -> timedelta | int:
        return elapsed(start, at, calendar, span.unit, counts_as=span.counts_as, holds=holds)

    assert used_up(end) == span.amount
    assert used_up(end - timedelta(microseconds=1)) == span.amount - 1


@given(cases(TIME_UNITS + DAY_UNITS, longest=12), st.integers(0, 3000))
@QUICKLY
def test_due_times_follow_the_start_in_order_and_never_come_before_it(
    case: tuple[Calendar, datetime, Span, list[Interval]], later: int
) -> None:
    calendar, start, span, holds = case
    end = due_with_holds(start, span, calendar, holds).at
    assert end > start
    assert due_with_holds(start + later * QUARTER, span, calendar, holds).at >= end
    assert not any(hold.start < end <= hold.end for hold in holds)


@given(cases(TIME_UNITS + DAY_UNITS, longest=12))
@QUICKLY
def test_a_hold_never_brings_the_due_time_forward_and_none_leaves_it(
    case: tuple[Calendar, datetime, Span, list[Interval]],
) -> None:
    calendar, start, span, holds = case
    ends = [due_with_holds(start, span, calendar, holds[:n]).at for n in range(len(holds) + 1)]
    assert ends == sorted(ends)
    assert ends[0] == due(start, span, calendar).at


@given(cases(TIME_UNITS + DAY_UNITS, longest=12))
@QUICKLY
def test_the_trail_counts_for_itself_what_the_search_found(
    case: tuple[Calendar, datetime, Span, list[Interval]],
) -> None:
    calendar, start, span, holds = case
    found = due_with_holds(start, span, calendar, holds)
    counted = [day for day in found.trail if day.counted]
    if span.unit in TIME_UNITS:
        passed = sum((day.time for day in counted if day.time), timedelta())
        assert passed == elapsed(start, found.at, calendar, span.unit, holds=holds)
    else:
        last = (found.at - timedelta(microseconds=1)).astimezone(ZoneInfo(calendar.zone)).date()
        assert counted[-1].day == last
    assert [day.day for day in found.trail] == sorted({day.day for day in found.trail})
    assert all(explain(found, language) for language in Language)


@given(calendars())
@QUICKLY
def test_a_calendar_comes_back_from_its_document_and_does_not_differ_from_itself(calendar: Calendar) -> None:
    assert Calendar.model_validate_json(calendar.model_dump_json()) == calendar
    assert Calendar.model_validate(calendar.model_dump()) == calendar
    changes = diff(calendar, calendar)
    assert not changes.days
    assert not changes.fields
