"""The calendar as a document: what it refuses and where, its round trip, its versions."""

import tomllib
from datetime import UTC, date, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from domain.calendar import Calendar, CalendarError, DayKind, Span, diff, due, read_calendar

NAME = {"zh": "某日", "en": "a day"}
MORNING, AFTERNOON = {"opens": "09:00", "closes": "12:00"}, {"opens": "13:00", "closes": "17:00"}
DOCUMENT: dict[str, Any] = {
    "id": "office",
    "version": 3,
    "title": "Office",
    "zone": "Europe/London",
    "week": {"monday": [MORNING, AFTERNOON], "tuesday": [MORNING]},
    "known_from": "2026-01-01",
    "horizon": "2026-12-31",
    "closed": [{"day": "2026-04-06", "name": NAME}],
    "open_days": [{"day": "2026-04-11", "name": NAME, "like": "monday"}],
    "changed_days": [{"day": "2026-04-14", "name": NAME, "windows": [AFTERNOON]}],
}


def test_a_document_in_toml_and_in_json_is_the_same_calendar() -> None:
    toml = """
        id = "office"
        version = 3
        title = "Office"
        zone = "Europe/London"
        known_from = 2026-01-01
        horizon = 2026-12-31
        closed = [{ day = 2026-04-06, name = { zh = "某日", en = "a day" } }]
        open_days = [{ day = 2026-04-11, name = { zh = "某日", en = "a day" }, like = "monday" }]

        [[changed_days]]
        day = 2026-04-14
        name = { zh = "某日", en = "a day" }
        windows = [{ opens = "13:00", closes = "17:00" }]

        [week]
        monday = [{ opens = 09:00:00, closes = 12:00:00 }, { opens = "13:00", closes = "17:00" }]
        tuesday = [{ opens = "09:00", closes = "12:00" }]
    """
    calendar = read_calendar(tomllib.loads(toml))
    assert calendar == read_calendar(DOCUMENT)
    assert Calendar.model_validate_json(calendar.model_dump_json()) == calendar
    assert calendar.model_dump(mode="json")["week"]["monday"][1] == AFTERNOON


def test_the_whole_day_is_written_from_midnight_to_24() -> None:
    week = {"sunday": [{"opens": "00:00", "closes": "24:00"}]}
    calendar = read_calendar(DOCUMENT | {"week": DOCUMENT["week"] | week})
    assert calendar.model_dump(mode="json")["week"]["sunday"] == week["sunday"]


@pytest.mark.parametrize(
    ("day", "kind", "openings"),
    [
        (date(2026, 4, 6), DayKind.CLOSED, []),
        (date(2026, 4, 11), DayKind.OPEN, ["09:00–12:00", "13:00–17:00"]),
        (date(2026, 4, 13), DayKind.ORDINARY, ["09:00–12:00", "13:00–17:00"]),
        (date(2026, 4, 14), DayKind.CHANGED, ["13:00–17:00"]),
        (date(2026, 4, 15), DayKind.ORDINARY, []),
    ],
)
def test_the_plan_of_a_day_says_where_its_hours_come_from(day: date, kind: DayKind, openings: list[str]) -> None:
    plan = read_calendar(DOCUMENT).plan(day)
    assert plan.kind is kind
    assert [str(window) for window in plan.windows] == openings


@pytest.mark.parametrize(
    ("changes", "place", "message"),
    [
        ({"zone": "Mars/Olympus"}, "zone", "expected an IANA time zone"),
        ({"zone": "../etc/passwd"}, "zone", "expected an IANA time zone"),
        ({"zone": "Europe"}, "zone", "expected an IANA time zone"),
        ({"id": "Head Office"}, "id", "should match pattern"),
        ({"version": 0}, "version", "greater than or equal to 1"),
        ({"horizon": "2025-12-31"}, "horizon", "expected a day from 2026-01-01"),
        ({"horizon": "9999-12-31"}, "horizon", "less than or equal to 2199-12-31"),
        ({"week": {}}, "week", "expected at least one weekday with a window"),
        ({"week": {"moonday": [MORNING]}}, "week.moonday", "Extra inputs"),
        ({"week": {"monday": [AFTERNOON, MORNING]}}, "week.monday", "found 13:00–17:00 before 09:00–12:00"),
        (
            {"week": {"monday": [MORNING, {"opens": "11:59", "closes": "13:00"}]}},
            "week.monday",
            "expected windows in order that do not overlap, found 09:00–12:00 before 11:59–13:00",
        ),
        (
            {"week": {"monday": [{"opens": "22:00", "closes": "06:00"}]}},
            "week.monday.0.closes",
            "a window may not cross midnight",
        ),
        ({"week": {"monday": [{"opens": "9:00", "closes": "12:00"}]}}, "week.monday.0.opens", "found '9:00'"),
        ({"week": {"monday": [{"opens": "09:00", "closes": "24:01"}]}}, "week.monday.0.closes", "found '24:01'"),
        (
            {"closed": [{"day": "2026-05-04", "name": NAME}] * 2},
            "closed",
            "[1]: 2026-05-04 is listed already in closed",
        ),
        (
            {"closed": [{"day": "2025-12-25", "name": NAME}]},
            "closed",
            "[0]: 2025-12-25 lies before the first known day",
        ),
        ({"closed": [{"day": "2026-05-04", "name": {"en": "May Day"}}]}, "closed.0.name.zh", "Field required"),
        (
            {"open_days": [{"day": "2026-04-06", "name": NAME, "like": "monday"}]},
            "open_days",
            "[0]: 2026-04-06 is listed already in closed",
        ),
        ({"open_days": [{"day": "2026-04-11", "name": NAME}]}, "open_days.0", "expected either windows or the weekday"),
        (
            {"open_days": [{"day": "2026-04-11", "name": NAME, "like": "friday"}]},
            "open_days",
            "[0]: 2026-04-11 is worked like a friday, which has no windows",
        ),
        (
            {"changed_days": [{"day": "2026-04-11", "name": NAME, "windows": [MORNING]}]},
            "changed_days",
            "[0]: 2026-04-11 is listed already in open_days",
        ),
        (
            {"changed_days": [{"day": "2026-04-16", "name": NAME, "windows": [MORNING]}]},
            "changed_days",
            "[0]: 2026-04-16 is a thursday, which has no windows",
        ),
        (
            {"changed_days": [{"day": "2026-04-14", "name": NAME, "windows": []}]},
            "changed_days.0.windows",
            "at least 1",
        ),
    ],
)
def test_a_contradiction_is_refused_by_field_and_place(changes: dict[str, Any], place: str, message: str) -> None:
    with pytest.raises(CalendarError) as refusal:
        read_calendar(DOCUMENT | changes)
    (problem,) = refusal.value.problems
    assert problem.place == place
    assert message in problem.message


def test_every_problem_of_a_document_is_told_at_once() -> None:
    with pytest.raises(CalendarError) as refusal:
        read_calendar(DOCUMENT | {"zone": "Mars", "version": 0})
    assert [problem.place for problem in refusal.value.problems] == ["version", "zone"]


def test_a_changed_copy_is_checked_and_keeps_nothing_of_the_times_of_the_original() -> None:
    calendar = read_calendar(DOCUMENT)
    monday = datetime(2026, 5, 4, 8, tzinfo=UTC)
    one_day = Span(amount=1, unit="working_days")
    assert due(monday, one_day, calendar).at == datetime(2026, 5, 5, 23, tzinfo=UTC)
    without_tuesdays = calendar.model_copy(update={"week": {"monday": [MORNING]}, "version": 4, "changed_days": ()})
    assert due(monday, one_day, without_tuesdays).at == datetime(2026, 5, 11, 23, tzinfo=UTC)
    with pytest.raises(ValidationError):
        calendar.model_copy(update={"version": 0})


def test_the_difference_of_two_versions_lists_the_days_whose_hours_moved() -> None:
    old = read_calendar(DOCUMENT)
    new = old.model_copy(
        update={
            "version": 4,
            "horizon": date(2027, 1, 31),
            "closed": [{"day": "2026-05-04", "name": NAME}, {"day": "2026-05-06", "name": NAME}],
            "changed_days": [],
        }
    )
    difference = diff(old, new)
    assert [(change.field, change.before, change.after) for change in difference.fields] == [
        ("horizon", "2026-12-31", "2027-01-31")
    ]
    # 6 April reopens, 14 April has its mornings again, 4 May closes; 6 May is a Wednesday, closed anyway
    assert [
        (change.day.isoformat(), len(change.before.windows), len(change.after.windows)) for change in difference.days
    ] == [
        ("2026-04-06", 0, 2),
        ("2026-04-14", 1, 1),
        ("2026-05-04", 2, 0),
    ]


def test_a_new_ordinary_week_moves_every_day_it_touches() -> None:
    old = read_calendar(DOCUMENT)
    new = old.model_copy(update={"week": old.week.model_dump() | {"tuesday": [MORNING, AFTERNOON]}})
    tuesdays = [change.day for change in diff(old, new).days]
    assert len(tuesdays) == 51  # 52 Tuesdays of 2026, but 14 April has hours of its own
    assert {day.weekday() for day in tuesdays} == {1}
