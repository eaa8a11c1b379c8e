"""Quiet hours and opt-outs: when a message may go out, over midnight, across zones and clock changes."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.complaints.contact import ContactLimits, QuietHours, quiet_until
from domain.complaints.terms import Way

NIGHT = QuietHours(begin="21:00", end="08:00")
NOON = QuietHours(begin="12:00", end="14:00")
SHANGHAI, LONDON = "Asia/Shanghai", "Europe/London"


def at(text: str, zone: str = SHANGHAI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("moment", "until"),
    [
        ("2026-03-02T20:59:59", None),
        ("2026-03-02T21:00:00", "2026-03-03T08:00:00"),
        ("2026-03-02T23:59:00", "2026-03-03T08:00:00"),
        ("2026-03-03T00:01:00", "2026-03-03T08:00:00"),
        ("2026-03-03T07:59:59", "2026-03-03T08:00:00"),
        ("2026-03-03T08:00:00", None),
    ],
)
def test_a_night_runs_over_midnight_and_ends_in_the_morning_to_the_second(moment: str, until: str | None) -> None:
    expected = None if until is None else at(until)
    assert NIGHT.end_after(at(moment), SHANGHAI) == expected


def test_the_hours_are_those_of_the_house_and_not_of_the_machine() -> None:
    """14:30 in London is 22:30 in Shanghai."""
    assert NIGHT.end_after(at("2026-03-02T14:30:00", LONDON), SHANGHAI) == at("2026-03-03T08:00:00")
    assert NIGHT.end_after(at("2026-03-02T14:30:00", LONDON), LONDON) is None


def test_a_night_in_which_the_clock_is_put_forward_is_an_hour_shorter() -> None:
    """In 2026 summer time begins in London on 29 March at 01:00."""
    begins = at("2026-03-28T21:00:00", LONDON)
    end = NIGHT.end_after(begins, LONDON)
    assert end is not None
    assert (end.timestamp() - begins.timestamp()) / 3_600 == 10
    assert end.astimezone(ZoneInfo(LONDON)).hour == 8


def test_hours_of_policy_and_customer_that_follow_on_each_other_are_waited_for_together() -> None:
    morning = QuietHours(begin="08:00", end="10:00")
    assert quiet_until(Way.SMS, at("2026-03-02T22:00:00"), SHANGHAI, NIGHT, morning) == at("2026-03-03T10:00:00")
    assert quiet_until(Way.SMS, at("2026-03-02T12:30:00"), SHANGHAI, NIGHT, NOON) == at("2026-03-02T14:00:00")


def test_only_the_ways_that_disturb_wait() -> None:
    late = at("2026-03-02T22:00:00")
    assert quiet_until(Way.EMAIL, late, SHANGHAI, NIGHT, None) is None
    assert quiet_until(Way.SMS, late, SHANGHAI, NIGHT, None) == at("2026-03-03T08:00:00")
    assert quiet_until(Way.SMS, late, SHANGHAI, None, None) is None


times = st.times().map(lambda time: f"{time:%H:%M}")


moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1))  # noqa: DTZ001  hypothesis adds no zone to them


@given(begin=times, end=times, moment=moments)
def test_behind_the_end_of_quiet_hours_nobody_waits_again(begin: str, end: str, moment: datetime) -> None:
    if begin == end:
        return
    hours = QuietHours(begin=begin, end=end)
    aware = moment.replace(tzinfo=ZoneInfo(SHANGHAI))
    until = hours.end_after(aware, SHANGHAI)
    if until is not None:
        assert until > aware
        assert (until - aware).total_seconds() <= 24 * 3_600
        assert hours.end_after(until, SHANGHAI) is None


@pytest.mark.parametrize("fields", [{"begin": "24:00", "end": "08:00"}, {"begin": "9:00", "end": "10:00"}])
def test_a_time_of_day_is_written_with_four_digits(fields: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        QuietHours.model_validate(fields)


def test_one_opts_out_of_ways_that_we_take_and_of_no_other() -> None:
    assert ContactLimits(opted_out=(Way.SMS, Way.CALL)).opted_out == (Way.SMS, Way.CALL)
    with pytest.raises(ValidationError, match="opted_out names some of call, email, post, sms"):
        ContactLimits(opted_out=(Way.VISIT,))
