"""Calendars made from public holidays, against official lists.

The notices of the General Office of the State Council of 12 November 2024 (for 2025, 国办发明电〔2024〕12号) and of
4 November 2025 (for 2026) name each festival's days off and the weekend days worked instead; England's bank holidays
are those of gov.uk.
"""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.calendar import (
    Calendar,
    CalendarError,
    ChangedDay,
    ClosedDay,
    DayKind,
    DayName,
    OpenDay,
    Reason,
    Span,
    Week,
    Weekday,
    Window,
    due,
    is_open,
    make_calendar,
    working_days_between,
)

HALVES = (Window(opens="08:30", closes="12:00"), Window(opens="13:30", closes="17:30"))
TO_FOUR = (Window(opens="08:30", closes="12:00"), Window(opens="13:30", closes="16:00"))
WEEK = Week(monday=HALVES, tuesday=HALVES, wednesday=HALVES, thursday=HALVES, friday=TO_FOUR)
OWN = DayName(zh="本单位", en="our own")


def made(**changes: object) -> Calendar:
    arguments = {
        "calendar_id": "office",
        "version": 1,
        "title": "Office",
        "zone": "Asia/Shanghai",
        "week": WEEK,
        "country": "CN",
        "first_year": 2025,
        "last_year": 2027,
    }
    return make_calendar(**(arguments | changes))  # type: ignore[arg-type]


CHINA = made()


def days(first: str, last: str) -> set[date]:
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return {start + timedelta(days=n) for n in range((end - start).days + 1)}


DAYS_OFF = {
    2025: days("2025-01-01", "2025-01-01")
    | days("2025-01-28", "2025-02-04")
    | days("2025-04-04", "2025-04-06")
    | days("2025-05-01", "2025-05-05")
    | days("2025-05-31", "2025-06-02")
    | days("2025-10-01", "2025-10-08"),
    2026: days("2026-01-01", "2026-01-03")
    | days("2026-02-15", "2026-02-23")
    | days("2026-04-04", "2026-04-06")
    | days("2026-05-01", "2026-05-05")
    | days("2026-06-19", "2026-06-21")
    | days("2026-09-25", "2026-09-27")
    | days("2026-10-01", "2026-10-07"),
}
WORKED_INSTEAD = {
    2025: ["2025-01-26", "2025-02-08", "2025-04-27", "2025-09-28", "2025-10-11"],
    2026: ["2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"],
}


@pytest.mark.parametrize("year", [2025, 2026])
def test_china_works_on_the_days_of_the_notice_and_no_others(year: int) -> None:
    made_up = {date.fromisoformat(day) for day in WORKED_INSTEAD[year]}
    for day in days(f"{year}-01-01", f"{year}-12-31"):
        works = day in made_up or (day.weekday() < 5 and day not in DAYS_OFF[year])
        assert bool(CHINA.plan(day).windows) is works, day


def test_the_horizon_is_the_last_year_whose_make_up_days_are_announced() -> None:
    assert CHINA.horizon == date(2026, 12, 31)
    assert CHINA.plan(date(2027, 10, 1)).name == DayName(zh="国庆节", en="National Day")
    assert not due(datetime(2026, 12, 1, tzinfo=UTC), Span(amount=20, unit="working_days"), CHINA).provisional
    assert due(datetime(2026, 12, 1, tzinfo=UTC), Span(amount=30, unit="working_days"), CHINA).provisional


def test_a_make_up_day_keeps_the_hours_of_the_weekday_that_the_house_names() -> None:
    sunday = date(2025, 9, 28)
    assert CHINA.plan(sunday).windows == HALVES
    fridays = made(make_up_like=Weekday.FRIDAY)
    assert fridays.plan(sunday).windows == TO_FOUR
    assert not is_open(datetime(2025, 9, 28, 16, 30, tzinfo=ZoneInfo("Asia/Shanghai")), fridays)


@pytest.mark.parametrize(
    ("start", "amount", "unit", "end"),
    [
        # 28 September 2025 is worked, 1 to 8 October are off, 11 October is worked
        pytest.param(
            "2025-09-26T10:00", 5, "working_days", "2025-10-10T24:00", id="golden week with its first make-up"
        ),
        pytest.param("2025-09-26T10:00", 6, "working_days", "2025-10-11T24:00", id="and with its second"),
        pytest.param("2025-09-26T10:00", 15, "calendar_days", "2025-10-11T24:00", id="calendar days run through it"),
        pytest.param("2025-09-30T17:00", 8, "hours", "2025-10-09T17:30", id="opening hours stop for it"),
        pytest.param("2025-09-27T10:00", 1, "close_of_business", "2025-09-28T17:30", id="close of a make-up Sunday"),
        # 14 February 2026 is worked, 15 to 23 February are off, 28 February is worked
        pytest.param("2026-01-30T17:20", 15, "working_days", "2026-02-27T24:00", id="Spring Festival"),
        pytest.param("2026-01-30T17:20", 16, "working_days", "2026-02-28T24:00", id="and the Saturday after it"),
        pytest.param("2026-02-13T15:30", 1, "hours", "2026-02-14T09:00", id="hours run on into a make-up Saturday"),
        pytest.param("2026-02-15T09:00", 24, "elapsed_hours", "2026-02-16T09:00", id="24 hours run through it"),
    ],
)
def test_due_times_around_chinese_festivals(start: str, amount: int, unit: str, end: str) -> None:
    day, clock = end.split("T")
    zone = ZoneInfo("Asia/Shanghai")
    expected = datetime.fromisoformat(day).replace(tzinfo=zone) + timedelta(
        hours=int(clock[:2]), minutes=int(clock[3:])
    )
    begun = datetime.fromisoformat(start).replace(tzinfo=zone)
    assert due(begun, Span(amount=amount, unit=unit), CHINA).at == expected


def test_the_trail_names_the_festival_and_the_make_up_day() -> None:
    trail = due(datetime(2026, 2, 13, 6, tzinfo=UTC), Span(amount=2, unit="working_days"), CHINA).trail
    told = [(day.day.isoformat(), day.counted, day.reason, day.name.zh if day.name else None) for day in trail]
    assert told == [
        ("2026-02-13", False, Reason.RECEIVED, None),
        ("2026-02-14", True, Reason.MAKE_UP_DAY, "调休上班"),
        ("2026-02-15", False, Reason.NO_OPENING_HOURS, None),
        ("2026-02-16", False, Reason.CLOSED, "农历除夕"),
        ("2026-02-17", False, Reason.CLOSED, "春节"),
        ("2026-02-18", False, Reason.CLOSED, "春节"),
        ("2026-02-19", False, Reason.CLOSED, "春节"),
        ("2026-02-20", False, Reason.CLOSED, "调休放假"),
        ("2026-02-21", False, Reason.NO_OPENING_HOURS, None),
        ("2026-02-22", False, Reason.NO_OPENING_HOURS, None),
        ("2026-02-23", False, Reason.CLOSED, "调休放假"),
        ("2026-02-24", True, Reason.WORKING_DAY, None),
    ]


def test_england_has_the_bank_holidays_of_its_official_list() -> None:
    england = made(country="GB", subdivision="ENG", zone="Europe/London", first_year=2026, last_year=2027)
    weekdays_off = [f"{entry.day:%Y %m-%d}" for entry in england.closed if entry.day.weekday() < 5]
    assert weekdays_off == [
        *(f"2026 {day}" for day in ("01-01", "04-03", "04-06", "05-04", "05-25", "08-31", "12-25", "12-28")),
        *(f"2027 {day}" for day in ("01-01", "03-26", "03-29", "05-03", "05-31", "08-30", "12-27", "12-28")),
    ]
    assert england.horizon == date(2027, 12, 31)
    assert working_days_between(date(2026, 3, 31), date(2026, 4, 30), england) == 20


def test_a_holiday_of_the_next_year_observed_in_the_last_year_is_found() -> None:
    # 1 January 2022 was a Saturday: federal offices closed on Friday 31 December 2021
    america = made(country="US", zone="America/New_York", first_year=2021, last_year=2021)
    assert america.plan(date(2021, 12, 31)).kind is DayKind.CLOSED


def test_what_the_house_adds_wins_over_the_library() -> None:
    calendar = made(
        last_year=2026,
        closed=[ClosedDay(day=date(2026, 2, 14), name=OWN)],
        open_days=[OpenDay(day=date(2026, 10, 2), name=OWN, windows=HALVES[:1])],
        changed_days=[ChangedDay(day=date(2026, 2, 24), name=OWN, windows=HALVES[1:])],
    )
    plans = [calendar.plan(date(2026, month, day)) for month, day in ((2, 14), (10, 2), (2, 24))]
    assert [plan.windows for plan in plans] == [(), HALVES[:1], HALVES[1:]]
    assert {plan.name for plan in plans} == {OWN}
    assert [entry.day for entry in calendar.closed] == sorted(entry.day for entry in calendar.closed)


def test_unannounced_years_alone_need_a_horizon_from_the_house() -> None:
    with pytest.raises(CalendarError, match="horizon: expected the last day for which make-up days are known"):
        made(first_year=2031, last_year=2032)
    given = made(first_year=2031, last_year=2032, horizon=date(2031, 6, 30))
    assert given.horizon == date(2031, 6, 30)


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"country": "XX"}, "country"),
        ({"country": "GB", "subdivision": "XX"}, "subdivision"),
        ({"last_year": 2024}, "last_year"),
        ({"first_year": 0}, "last_year"),
        ({"zone": "Mars/Olympus"}, "zone"),
        ({"make_up_like": Weekday.SUNDAY}, "open_days"),
        ({"closed": [ClosedDay(day=date(2025, 9, 28), name=OWN)] * 2}, "closed"),
    ],
)
def test_a_calendar_that_cannot_be_made_is_refused_by_place(changes: dict[str, object], place: str) -> None:
    with pytest.raises(CalendarError) as refusal:
        made(**changes)
    assert [problem.place for problem in refusal.value.problems] == [place]
