"""The calendars that come with Amends, against what the governments publish.

China: the notice of the State Council's General Office of 4 November 2025; England: gov.uk/bank-holidays; the United
States: opm.gov, federal holidays of 2026; Australia: the days that fairwork.gov.au lists for every state.
"""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from domain.calendar import Calendar, Weekday, is_open
from domain.complaints import shipped


@pytest.fixture(scope="module")
def calendars() -> dict[str, Calendar]:
    return {calendar.id: calendar for calendar in shipped.calendars("Europe/Lisbon")}


def test_every_calendar_that_a_policy_counts_in_comes_with_amends(calendars: dict[str, Calendar]) -> None:
    assert set(calendars) == shipped.calendar_ids() == {"every-day", "cn", "england", "us", "au"}
    assert {policy.calendar for policy in shipped.policies()} <= set(calendars)
    assert {calendar.version for calendar in calendars.values()} == {1}


def test_every_day_begins_and_ends_where_the_installation_is(calendars: dict[str, Calendar]) -> None:
    assert calendars["every-day"].zone == "Europe/Lisbon"
    assert {str(calendars["every-day"].week.windows(day)[0]) for day in Weekday} == {"00:00–24:00"}


@pytest.mark.parametrize(
    ("calendar", "at", "open_"),
    [
        ("cn", "2026-02-13T11:59", True),
        ("cn", "2026-02-13T12:00", False),  # noon break
        ("cn", "2026-02-13T17:59", True),
        ("cn", "2026-02-14T09:00", True),  # a Saturday that is worked for Spring Festival
        ("cn", "2026-02-16T10:00", False),  # Spring Festival
        ("cn", "2026-02-28T16:00", True),  # the other Saturday
        ("england", "2026-04-02T16:59", True),
        ("england", "2026-04-02T17:00", False),
        ("england", "2026-04-03T10:00", False),  # Good Friday
        ("england", "2026-12-28T10:00", False),  # Boxing Day fell on a Saturday
        ("us", "2026-07-03T10:00", False),  # Independence Day fell on a Saturday
        ("us", "2026-11-26T10:00", False),  # Thanksgiving
        ("us", "2026-11-27T10:00", True),
        ("au", "2026-01-26T10:00", False),  # Australia Day
        ("au", "2026-04-06T10:00", False),  # Easter Monday
        ("au", "2026-10-05T10:00", True),  # Labour Day in some states only
    ],
)
def test_offices_are_open_when_they_should_be(
    calendars: dict[str, Calendar], calendar: str, at: str, open_: bool
) -> None:
    zone = ZoneInfo(calendars[calendar].zone)
    assert is_open(datetime.fromisoformat(at).replace(tzinfo=zone), calendars[calendar]) is open_


def test_holidays_are_known_as_far_as_they_are_announced(calendars: dict[str, Calendar]) -> None:
    assert {calendar.known_from for name, calendar in calendars.items() if name != "every-day"} == {date(2015, 1, 1)}
    assert calendars["cn"].horizon >= date(2026, 12, 31)
    assert calendars["cn"].open_days[-1].day.year == calendars["cn"].horizon.year
    assert {calendars[name].horizon for name in ("england", "us", "au")} == {date(2030, 12, 31)}
