"""When a calendar's horizon comes near, and what a new version would move; days counted by hand."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from domain.calendar import Calendar, Reason, Span, Unit, read_calendar
from domain.complaints.calendar_upkeep import horizon_is_near, moved, moves
from domain.complaints.clocks import Clock, Pause
from domain.complaints.decide import decide_intake
from domain.complaints.evolve import fold
from domain.complaints.situation import Circumstances
from tests.unit.complaints.rulebook import PLAIN
from tests.unit.complaints.story import RECEIVED_AT, intake

OFFICE_DAY = [{"opens": "09:00", "closes": "18:00"}]
DOCUMENT: dict[str, Any] = {
    "id": "office",
    "version": 1,
    "title": "Office",
    "zone": "Asia/Shanghai",
    "week": dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday"), OFFICE_DAY),
    "known_from": "2026-01-01",
    "horizon": "2026-12-31",
}
WITHOUT_THURSDAY = DOCUMENT | {
    "version": 2,
    "closed": [{"day": "2026-03-05", "name": {"zh": "盘点", "en": "stocktaking"}}],
}


def clock(amount: int, unit: Unit, calendar: Calendar) -> Clock:
    """The first clock of a case that is received on Monday, 2 March 2026, 17:30 in Shanghai."""
    rule = PLAIN.clocks[0].model_copy(update={"span": Span(amount=amount, unit=unit)})
    policy = PLAIN.model_copy(update={"clocks": (rule,)})
    now = RECEIVED_AT + timedelta(minutes=5)
    entries = decide_intake(intake(), "receive", Circumstances(now=now, policy=policy, calendar=calendar))
    (started,) = fold(entries).clocks
    return started


def test_a_day_that_is_closed_later_moves_the_clocks_that_count_it_and_no_others() -> None:
    old, new = read_calendar(DOCUMENT), read_calendar(WITHOUT_THURSDAY)
    # 3, 4, 5, 6 and 9 March; without the 5th also the 10th; each day ends at 16:00 UTC
    five_days = clock(5, Unit.WORKING_DAYS, old)
    assert five_days.due_at == datetime(2026, 3, 9, 16, tzinfo=UTC)
    two_days, calendar_days = clock(2, Unit.WORKING_DAYS, old), clock(15, Unit.CALENDAR_DAYS, old)
    running = [("C-1", two_days), ("C-2", five_days), ("C-3", calendar_days)]

    (move,) = moves(running, new)
    assert (move.reference, move.clock) == ("C-2", five_days)
    assert move.due.at == datetime(2026, 3, 10, 16, tzinfo=UTC)
    assert [(day.day.day, day.reason) for day in move.due.trail if day.reason is Reason.CLOSED] == [(5, Reason.CLOSED)]


def test_a_clock_in_its_own_calendar_stays_where_it_is() -> None:
    office = read_calendar(DOCUMENT)
    nine_hours = clock(9, Unit.HOURS, office)
    # half an hour on Monday, eight and a half on Tuesday
    assert moved(nine_hours, office).at == nine_hours.due_at == datetime(2026, 3, 3, 9, 30, tzinfo=UTC)
    assert moves([("C-1", nine_hours)], office) == []


def test_what_a_clock_stood_still_is_left_out_in_the_other_calendar_too() -> None:
    old, new = read_calendar(DOCUMENT), read_calendar(WITHOUT_THURSDAY)
    # from Tuesday 10:00 to Wednesday 10:00 in Shanghai: Tuesday ends inside and does not count
    held = Pause(start=datetime(2026, 3, 3, 2, tzinfo=UTC), end=datetime(2026, 3, 4, 2, tzinfo=UTC))
    resumed = clock(5, Unit.WORKING_DAYS, old).paused(held.start).resumed(held.end, old)
    assert resumed.pauses == (held,)
    # 4, 5, 6, 9 and 10 March; without the 5th also the 11th
    assert resumed.due_at == datetime(2026, 3, 10, 16, tzinfo=UTC)
    assert moves([("C-1", resumed)], old) == []
    assert [move.due.at for move in moves([("C-1", resumed)], new)] == [datetime(2026, 3, 11, 16, tzinfo=UTC)]


def test_an_extended_clock_stays_on_the_day_that_the_customer_was_told() -> None:
    old, new = read_calendar(DOCUMENT), read_calendar(WITHOUT_THURSDAY)
    extended = clock(5, Unit.WORKING_DAYS, old).extended_to(datetime(2026, 3, 20, 16, tzinfo=UTC))
    assert moves([("C-1", extended)], new) == []


@pytest.mark.parametrize(
    ("today", "is_near"),
    [(date(2026, 11, 1), False), (date(2026, 11, 2), True), (date(2026, 12, 31), True), (date(2027, 3, 1), True)],
)
def test_a_horizon_is_near_from_sixty_days_before_it_on(today: date, is_near: bool) -> None:
    assert horizon_is_near(read_calendar(DOCUMENT), today) is is_near
