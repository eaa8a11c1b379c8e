"""Due times of named edges, worked out by hand from wall calendars and the changes of clocks of the zone database."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.calendar import (
    Calendar,
    CalendarError,
    ChangedDay,
    ClosedDay,
    CountsAs,
    DayName,
    Interval,
    Span,
    Unit,
    Week,
    Window,
    due,
    due_with_holds,
    elapsed,
    is_open,
    next_opening,
    working_days_between,
)

NINE_TO_FIVE = (Window(opens="09:00", closes="17:00"),)
OFFICE_WEEK = Week(
    monday=NINE_TO_FIVE, tuesday=NINE_TO_FIVE, wednesday=NINE_TO_FIVE, thursday=NINE_TO_FIVE, friday=NINE_TO_FIVE
)


def office(zone: str, **changes: object) -> Calendar:
    document = {
        "id": "office",
        "version": 1,
        "title": "Office",
        "zone": zone,
        "week": OFFICE_WEEK,
        "known_from": "2024-01-01",
        "horizon": "2028-12-31",
    }
    return Calendar.model_validate(document | changes)


def closed(day: str, name: str) -> ClosedDay:
    return ClosedDay(day=date.fromisoformat(day), name=DayName(zh=name, en=name))


LONDON = office(
    "Europe/London",
    closed=(
        closed("2025-12-25", "Christmas Day"),
        closed("2025-12-26", "Boxing Day"),
        closed("2026-01-01", "New Year's Day"),
        closed("2026-04-03", "Good Friday"),
        closed("2026-04-06", "Easter Monday"),
    ),
    changed_days=(
        ChangedDay(
            day=date(2025, 12, 24),
            name=DayName(zh="平安夜", en="Christmas Eve"),
            windows=(Window(opens="09:00", closes="12:00"),),
        ),
    ),
)
NEW_YORK = office("America/New_York")
LONDON_ROUND_THE_CLOCK = office(
    "Europe/London", week=dict.fromkeys(Week.model_fields, (Window(opens="00:00", closes="24:00"),))
)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def local(calendar: Calendar, text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(calendar.zone)).astimezone(UTC)


def span(text: str) -> Span:
    amount, unit, *counts_as = text.split()
    return Span(amount=int(amount), unit=Unit(unit), counts_as=CountsAs(counts_as[0] if counts_as else "received_day"))


@pytest.mark.parametrize(
    ("calendar", "start", "length", "end"),
    [
        pytest.param(LONDON, "2028-02-28T10:00", "1 calendar_days", "2028-03-01T00:00", id="leap day is a day"),
        pytest.param(LONDON, "2028-01-31T10:00", "1 months", "2028-03-01T00:00", id="31 January + 1 month, leap year"),
        pytest.param(LONDON, "2026-01-31T10:00", "1 months", "2026-03-01T00:00", id="31 January + 1 month"),
        pytest.param(LONDON, "2028-02-29T10:00", "12 months", "2029-03-01T00:00", id="29 February + 12 months"),
        pytest.param(LONDON, "2026-08-31T10:00", "1 months", "2026-09-30T23:00", id="31 August + 1 month, summer time"),
        pytest.param(LONDON, "2025-12-31T10:00", "2 months", "2026-03-01T00:00", id="31 December + 2 months"),
        pytest.param(LONDON, "2025-12-31T12:00", "1 working_days", "2026-01-03T00:00", id="New Year's Day is skipped"),
        pytest.param(
            LONDON, "2025-12-31T23:59:59", "1 calendar_days", "2026-01-02T00:00", id="last second of the year"
        ),
        pytest.param(LONDON, "2025-12-03T09:00", "8 weeks", "2026-01-29T00:00", id="8 weeks over the year's end"),
        pytest.param(LONDON, "2026-04-01T09:00", "8 weeks", "2026-05-27T23:00", id="8 weeks, ending in summer time"),
        pytest.param(LONDON, "2025-12-23T16:30", "2 hours", "2025-12-24T10:30", id="hours run on into Christmas Eve"),
        pytest.param(
            LONDON, "2025-12-23T16:30", "5 hours", "2025-12-29T10:30", id="hours stop at noon on Christmas Eve"
        ),
        pytest.param(LONDON, "2025-12-23T16:30", "1 close_of_business", "2025-12-24T12:00", id="close of a short day"),
        pytest.param(
            LONDON, "2026-04-01T09:00", "3 close_of_business", "2026-04-08T16:00", id="close of the 3rd, Easter"
        ),
        pytest.param(
            LONDON, "2026-01-12T16:00", "1 hours", "2026-01-12T17:00", id="due at the close, not next morning"
        ),
        pytest.param(LONDON, "2026-01-12T16:59:59", "90 seconds", "2026-01-13T09:01:29", id="seconds over the night"),
        pytest.param(
            LONDON, "2026-01-09T17:00", "45 minutes", "2026-01-12T09:45", id="received on the stroke of closing"
        ),
        # receipt out of hours: Friday evening, Saturday, Monday before opening
        pytest.param(LONDON, "2026-01-09T17:30", "5 working_days", "2026-01-17T00:00", id="Friday evening is Friday"),
        pytest.param(
            LONDON, "2026-01-09T17:30", "5 working_days next_working_day", "2026-01-20T00:00", id="or counts as Monday"
        ),
        pytest.param(LONDON, "2026-01-10T11:00", "1 working_days", "2026-01-13T00:00", id="Saturday is Saturday"),
        pytest.param(
            LONDON, "2026-01-10T11:00", "1 working_days next_working_day", "2026-01-14T00:00", id="or is Monday"
        ),
        pytest.param(
            LONDON,
            "2026-01-12T07:00",
            "1 working_days next_working_day",
            "2026-01-14T00:00",
            id="early Monday is Monday",
        ),
        pytest.param(
            LONDON, "2026-01-09T17:30", "2 calendar_days next_working_day", "2026-01-15T00:00", id="calendar days too"
        ),
        # clocks go forward: London 29 March 2026 at 01:00Z, New York 8 March 2026 at 07:00Z
        pytest.param(LONDON, "2026-03-28T12:00", "24 elapsed_hours", "2026-03-29T12:00", id="24 hours, spring, London"),
        pytest.param(LONDON, "2026-03-28T12:00", "1 calendar_days", "2026-03-29T23:00", id="day of 23 hours, London"),
        pytest.param(LONDON, "2026-03-27T16:00", "2 hours", "2026-03-30T09:00", id="hours over spring, London"),
        pytest.param(LONDON_ROUND_THE_CLOCK, "2026-03-28T12:00", "24 hours", "2026-03-29T12:00", id="open 23 hours"),
        pytest.param(NEW_YORK, "2026-03-07T12:00", "24 elapsed_hours", "2026-03-08T17:00", id="24 hours, spring, NY"),
        pytest.param(NEW_YORK, "2026-03-07T12:00", "1 calendar_days", "2026-03-09T04:00", id="day of 23 hours, NY"),
        pytest.param(NEW_YORK, "2026-03-06T16:30", "1 hours", "2026-03-09T13:30", id="hours over spring, NY"),
        # clocks go back: London 25 October 2026 at 01:00Z, New York 1 November 2026 at 06:00Z
        pytest.param(LONDON, "2026-10-24T12:00", "24 elapsed_hours", "2026-10-25T11:00", id="24 hours, autumn, London"),
        pytest.param(LONDON, "2026-10-24T12:00", "1 calendar_days", "2026-10-26T00:00", id="day of 25 hours, London"),
        pytest.param(LONDON, "2026-10-23T16:00", "2 hours", "2026-10-26T10:00", id="hours over autumn, London"),
        pytest.param(LONDON_ROUND_THE_CLOCK, "2026-10-24T12:00", "24 hours", "2026-10-25T11:00", id="open 25 hours"),
        pytest.param(NEW_YORK, "2026-10-31T12:00", "24 elapsed_hours", "2026-11-01T16:00", id="24 hours, autumn, NY"),
        pytest.param(NEW_YORK, "2026-10-31T12:00", "1 calendar_days", "2026-11-02T05:00", id="day of 25 hours, NY"),
        pytest.param(NEW_YORK, "2026-10-30T16:30", "1 hours", "2026-11-02T14:30", id="hours over autumn, NY"),
    ],
)
def test_due_times_of_named_edges(calendar: Calendar, start: str, length: str, end: str) -> None:
    assert due(local(calendar, start), span(length), calendar).at == utc(end)


def test_24_opening_hours_and_24_elapsed_hours_part_at_the_first_night() -> None:
    monday = utc("2026-01-12T09:00")
    assert due(monday, span("24 hours"), LONDON).at == utc("2026-01-14T17:00")
    assert due(monday, span("24 elapsed_hours"), LONDON).at == utc("2026-01-13T09:00")


@pytest.mark.parametrize(
    ("window", "day", "opens", "closes"),
    [
        pytest.param(("01:00", "03:00"), "2026-03-29", "01:00", "02:00", id="opens when the skipped hour is over"),
        pytest.param(("00:30", "01:30"), "2026-03-29", "00:30", "01:00", id="closes as the clocks go forward"),
        pytest.param(("01:00", "02:00"), "2026-10-25", "00:00", "02:00", id="open through both repeated hours"),
        pytest.param(("01:30", "03:00"), "2026-10-25", "00:30", "03:00", id="opens at the first 01:30"),
        pytest.param(("00:30", "01:30"), "2026-10-25", "-00:30", "00:30", id="closes at the first 01:30"),
    ],
)
def test_a_window_over_a_change_of_clocks_in_london(window: tuple[str, str], day: str, opens: str, closes: str) -> None:
    sundays = office("Europe/London", week={"sunday": [{"opens": window[0], "closes": window[1]}]})
    midnight = utc(day)
    expected = [
        midnight + (-1 if text.startswith("-") else 1) * timedelta(hours=int(text[-5:-3]), minutes=int(text[-2:]))
        for text in (opens, closes)
    ]
    assert next_opening(midnight - timedelta(hours=5), sundays) == expected[0]
    assert is_open(expected[1] - timedelta(microseconds=1), sundays)
    assert not is_open(expected[1], sundays)
    open_time = elapsed(midnight - timedelta(hours=5), midnight + timedelta(hours=12), sundays, Unit.MINUTES)
    assert open_time == expected[1] - expected[0]


def test_a_window_that_a_change_of_clocks_skips_has_no_time_but_its_day_is_worked() -> None:
    sundays = office("Europe/London", week={"sunday": [{"opens": "01:15", "closes": "01:45"}]})
    saturday = utc("2026-03-28T12:00")
    assert next_opening(saturday, sundays) == utc("2026-04-05T00:15")
    assert due(saturday, span("1 working_days"), sundays).at == utc("2026-03-29T23:00")
    assert due(saturday, span("1 close_of_business"), sundays).at == utc("2026-03-29T01:00")


def test_a_day_without_midnight_begins_as_the_clocks_go_forward() -> None:
    # Cairo, 24 April 2026: 23:59:59 EET is followed by 01:00 EEST, at 22:00Z
    cairo = office("Africa/Cairo", week={"friday": [{"opens": "00:00", "closes": "08:00"}]})
    thursday = utc("2026-04-23T12:00")
    assert due(thursday - timedelta(days=1), span("1 calendar_days"), cairo).at == utc("2026-04-23T22:00")
    assert next_opening(thursday, cairo) == utc("2026-04-23T22:00")
    assert due(thursday, span("7 hours"), cairo).at == utc("2026-04-24T05:00")


@pytest.mark.parametrize(
    ("length", "held", "end"),
    [
        pytest.param("8 hours", [("12T12:00", "12T14:00")], "13T12:00", id="opening hours inside a hold do not count"),
        pytest.param("8 hours", [("12T18:00", "13T08:00")], "13T10:00", id="a hold by night costs nothing"),
        pytest.param("8 hours", [("12T12:00", "12T14:00"), ("12T13:00", "12T15:00")], "13T13:00", id="holds overlap"),
        pytest.param("8 hours", [("12T11:00", "12T15:00"), ("12T12:00", "12T13:00")], "13T14:00", id="one in another"),
        pytest.param("8 hours", [("12T08:00", "12T10:00")], "13T10:00", id="a hold that began before the start"),
        pytest.param("8 hours", [("11T08:00", "12T09:00")], "13T10:00", id="a hold that ended before the start"),
        pytest.param("7 hours", [("12T17:00", "12T18:00")], "12T17:00", id="a hold that begins at the due time"),
        pytest.param("24 elapsed_hours", [("12T18:00", "13T08:00")], "14T00:00", id="round the clock, nights count"),
        pytest.param("24 elapsed_hours", [("13T10:00", "14T10:00")], "13T10:00", id="the same, round the clock"),
        pytest.param("2 working_days", [("13T10:00", "13T16:00")], "15T00:00", id="a hold within a day takes no day"),
        pytest.param(
            "2 working_days", [("13T10:00", "15T10:00")], "17T00:00", id="a hold takes the days that end in it"
        ),
        pytest.param(
            "2 working_days", [("13T10:00", "15T10:00"), ("13T11:00", "13T12:00")], "17T00:00", id="one day in another"
        ),
        pytest.param("2 calendar_days", [("13T10:00", "15T10:00")], "17T00:00", id="the same for calendar days"),
        pytest.param(
            "2 working_days", [("13T10:00", "14T00:00")], "16T00:00", id="a hold to the last instant of a day"
        ),
        pytest.param(
            "2 working_days", [("15T00:00", "16T10:00")], "15T00:00", id="a hold from the last instant of the last day"
        ),
        pytest.param("2 working_days", [("12T10:00", "13T10:00")], "15T00:00", id="the day of receipt is lost anyway"),
        pytest.param("2 working_days", [("16T10:00", "19T10:00")], "15T00:00", id="a hold past the due time"),
        pytest.param(
            "4 working_days", [("16T10:00", "19T10:00")], "20T00:00", id="a hold over a weekend takes one day"
        ),
        pytest.param("1 close_of_business", [("13T16:00", "13T16:30")], "13T17:00", id="resumed before the close"),
        pytest.param("1 close_of_business", [("13T16:00", "13T18:00")], "14T17:00", id="held as the day closes"),
        pytest.param("1 weeks", [("13T10:00", "15T10:00")], "22T00:00", id="weeks grow by the days held"),
    ],
)
def test_holds_pause_the_clock_of_a_receipt_on_monday_at_ten(
    length: str, held: list[tuple[str, str]], end: str
) -> None:
    holds = [Interval(utc(f"2026-01-{begin}"), utc(f"2026-01-{stop}")) for begin, stop in held]
    assert due_with_holds(utc("2026-01-12T10:00"), span(length), LONDON, holds).at == utc(f"2026-01-{end}")


def test_months_grow_by_the_days_held() -> None:
    hold = [Interval(utc("2026-02-10T10:00"), utc("2026-02-12T10:00"))]
    assert due_with_holds(utc("2026-01-31T10:00"), span("1 months"), LONDON, hold).at == utc("2026-03-03T00:00")


@pytest.mark.parametrize(
    ("length", "start", "provisional"),
    [
        ("1 working_days", "2028-12-28T10:00", False),
        ("1 working_days", "2028-12-29T10:00", True),
        ("8 hours", "2028-12-29T09:00", False),
        ("8 hours", "2028-12-29T10:00", True),
        ("8 hours", "2023-12-29T10:00", True),
        ("3 calendar_days", "2028-12-29T10:00", False),
        ("3 calendar_days next_working_day", "2028-12-29T10:00", False),
        ("3 calendar_days next_working_day", "2028-12-30T10:00", True),
        ("72 elapsed_hours", "2028-12-29T10:00", False),
    ],
)
def test_a_due_time_is_provisional_where_a_day_not_yet_known_could_move_it(
    length: str, start: str, provisional: bool
) -> None:
    assert due(utc(start), span(length), LONDON).provisional is provisional


def test_a_day_of_receipt_looked_up_past_the_horizon_is_provisional_from_its_first_instant() -> None:
    days = span("3 calendar_days next_working_day")
    last_instant = utc("2028-12-31T23:59:59.999999")
    assert not due(last_instant, days, LONDON_ROUND_THE_CLOCK).provisional
    assert due(last_instant + timedelta(microseconds=1), days, LONDON_ROUND_THE_CLOCK).provisional


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/New_York", "Pacific/Kiritimati", "UTC"])
def test_a_department_that_never_closes_is_open_all_through_new_year(zone: str) -> None:
    calendar = LONDON_ROUND_THE_CLOCK.model_copy(update={"zone": zone})
    hours = [utc("2025-12-31T00:00") + timedelta(hours=n) for n in range(48)]
    assert all(is_open(hour, calendar) and next_opening(hour, calendar) == hour for hour in hours)


def test_a_day_used_up_at_midnight_is_the_last_of_the_trail() -> None:
    trail = due(utc("2026-01-12T00:00"), span("24 hours"), LONDON_ROUND_THE_CLOCK).trail
    assert [(day.day, day.time) for day in trail] == [(date(2026, 1, 12), timedelta(hours=24))]


def test_working_days_between_leave_out_the_first_day_and_take_the_last() -> None:
    assert working_days_between(date(2025, 12, 23), date(2026, 1, 2), LONDON) == 5  # 24, 29, 30, 31 December, 2 January
    assert working_days_between(date(2025, 12, 25), date(2025, 12, 25), LONDON) == 0


def test_whole_weeks_and_months_have_elapsed_only_when_their_last_day_is_over() -> None:
    start = utc("2026-01-31T10:00")
    assert elapsed(start, utc("2026-02-28T23:59:59"), LONDON, Unit.MONTHS) == 0
    assert elapsed(start, utc("2026-03-01T00:00"), LONDON, Unit.MONTHS) == 1
    assert elapsed(start, utc("2026-02-14T23:59:59"), LONDON, Unit.WEEKS) == 1
    assert elapsed(start, utc("2026-02-15T00:00"), LONDON, Unit.WEEKS) == 2


ONE_MINUTE_A_WEEK = office("UTC", week={"monday": [{"opens": "00:00", "closes": "00:01"}]})
NAIVE = datetime.fromisoformat("2026-01-12T10:00")
MONDAY = utc("2026-01-12T10:00")


@pytest.mark.parametrize(
    ("refused_call", "place"),
    [
        (lambda: due(NAIVE, span("1 hours"), LONDON), "start"),
        (lambda: due_with_holds(MONDAY, span("1 hours"), LONDON, [Interval(MONDAY, NAIVE)]), "holds[0].end"),
        (lambda: due_with_holds(MONDAY, span("1 hours"), LONDON, [Interval(MONDAY, MONDAY)]), "holds[0].end"),
        (lambda: elapsed(MONDAY, NAIVE, LONDON, Unit.HOURS), "end"),
        (lambda: elapsed(MONDAY, MONDAY - timedelta(seconds=1), LONDON, Unit.HOURS), "end"),
        (lambda: is_open(NAIVE, LONDON), "at"),
        (lambda: next_opening(NAIVE, LONDON), "at"),
        (lambda: due(utc("1969-12-31T23:00"), span("1 hours"), LONDON), "start"),
        (lambda: working_days_between(date(2026, 1, 2), date(2026, 1, 1), LONDON), "last"),
        (lambda: due(utc("2195-01-12T10:00"), span("87660 hours"), ONE_MINUTE_A_WEEK), "span"),
    ],
)
def test_what_cannot_be_computed_is_refused_by_name(refused_call: object, place: str) -> None:
    assert callable(refused_call)
    with pytest.raises(CalendarError) as refusal:
        refused_call()
    assert [problem.place for problem in refusal.value.problems] == [place]


@pytest.mark.parametrize(
    "document",
    [
        {"amount": 0, "unit": "hours"},
        {"amount": 87_661, "unit": "hours"},
        {"amount": 121, "unit": "months"},
        {"amount": 1, "unit": "fortnights"},
        {"amount": 1, "unit": "hours", "counts_as": "next_working_day"},
    ],
)
def test_a_span_that_makes_no_sense_is_refused(document: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        Span.model_validate(document)
