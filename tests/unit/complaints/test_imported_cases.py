"""A case from another system: a record if it was closed there, else one whose clocks run from receipt, quietly."""

from datetime import timedelta
from typing import Any

import pytest

from domain.complaints import facts as f
from domain.complaints.case import Case
from domain.complaints.decide import decide_import
from domain.complaints.evolve import fold
from domain.complaints.simulation import simulate
from domain.complaints.situation import Circumstances
from domain.complaints.terms import ClockState, Status
from tests.unit.complaints.rulebook import CALENDARS, PLAIN
from tests.unit.complaints.story import RECEIVED_AT, intake

CALENDAR = CALENDARS[PLAIN.calendar]


def taken_over(days_later: float, **changes: Any) -> tuple[tuple[f.Entry, ...], Case]:
    """A case taken over some days after its receipt, by mail reachable, under PLAIN."""
    fact = f.Imported(
        **{
            "intake": intake(**changes.pop("intake", {})),
            "policy": PLAIN.pin,
            "source": "old-system",
            "batch": "imp_1",
            "row": 2,
            "legacy": {"category": "Pet Shop"},
            "is_closed": False,
            **changes,
        }
    )
    now = RECEIVED_AT + timedelta(days=days_later)
    entries = decide_import(fact, "import-1", Circumstances(now=now, policy=PLAIN, calendar=CALENDAR))
    return entries, fold(entries)


def test_an_open_case_has_its_clocks_from_receipt_and_owes_no_notice() -> None:
    entries, case = taken_over(0.5)
    assert [entry.fact.type for entry in entries] == ["complaint.imported"]
    assert {clock.started_at for clock in case.clocks} == {RECEIVED_AT}
    assert {clock.state for clock in case.clocks} == {ClockState.RUNNING}
    assert case.steps == ()
    assert (case.status, case.legacy, case.imported_from) == (
        Status.RECEIVED,
        {"category": "Pet Shop"},
        "old-system",
    )


def test_what_was_due_before_it_was_taken_over_is_recorded_as_broken() -> None:
    entries, case = taken_over(40)
    assert {clock.state for clock in case.clocks} == {ClockState.BREACHED}
    breaches = [entry.fact for entry in entries if isinstance(entry.fact, f.ClockBreached)]
    assert {breach.due_at <= RECEIVED_AT + timedelta(days=16) for breach in breaches} == {True}


def test_a_closed_case_is_a_record_without_clocks() -> None:
    ended = RECEIVED_AT + timedelta(days=3)
    entries, case = taken_over(400, is_closed=True, ended_at=ended)
    assert len(entries) == 1
    assert (case.status, case.ended_at, case.clocks, case.nearest_due()) == (Status.CLOSED, ended, (), None)


def test_a_danger_is_raised_for_an_open_case_only() -> None:
    raised = taken_over(0.5, intake={"is_emergency": True})[1]
    assert raised.escalation_level == PLAIN.emergency_level
    assert taken_over(0.5, intake={"is_emergency": True}, is_closed=True)[1].escalation_level == 0


def test_a_case_is_taken_over_once() -> None:
    (entry,), case = taken_over(0.5)
    with pytest.raises(ValueError, match="a case is received once"):
        fold([entry.model_copy(update={"sequence": 2})], case)


def test_another_policy_can_be_tried_on_it() -> None:
    entries, _ = taken_over(40)
    tried = simulate(entries, PLAIN, CALENDAR, RECEIVED_AT + timedelta(days=40))
    assert tried.recorded == tried.simulated
    assert tried.recorded != ()
