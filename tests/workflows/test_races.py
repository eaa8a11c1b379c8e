"""Races in the real service: whatever comes first wins, the other is told, and the record says one thing.

Which of two goes first is not for the test to say; what must hold of either course is.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.testing import WorkflowEnvironment

from domain.complaints.case import Case
from domain.complaints.clocks import Clock
from domain.complaints.facts import ClockBreached
from starter.problems import Problem
from tests.house import House
from tests.workflows.following import entries

RACES = 4
"""How many cases run each race at the same time."""

ANSWER = {"way": "phone", "letter": "Mended.", "outcome": "upheld", "cause": "equipment"}


async def tried(house: House, reference: str, command: str, by: str = "handler", **values: Any) -> Case | str:
    """The case after a command, or the guard that told the loser; what another has is out of sight by then."""
    try:
        return await house.do(reference, command, by, **values)
    except Problem as problem:
        if problem.status not in {404, 409}:
            raise
        return problem.code


async def investigated(house: House, **fields: Any) -> str:
    reference = await house.take(channel="phone", **fields)
    for command, values in (("assess", {"decision": "valid"}), ("claim", {}), ("start_investigation", {})):
        await house.do(reference, command, **values)
    return reference


def clock_of(case: Case, kind: str) -> Clock:
    return next(clock for clock in case.clocks if clock.kind == kind)


async def test_of_two_who_claim_a_case_one_has_it_and_the_other_is_told(house: House) -> None:
    async def race() -> None:
        reference = await house.take(channel="phone")
        await house.do(reference, "assess", decision="valid")
        ends = await asyncio.gather(*(tried(house, reference, "claim", by) for by in ("handler", "another handler")))
        [loser] = [end for end in ends if isinstance(end, str)]
        [winner] = [end for end in ends if isinstance(end, Case)]
        assert loser in {"already_assigned", "not_lawful_now", "not_found"}
        facts = await house.facts(reference)
        assert facts.count("complaint.assigned") == 1
        assert (await house.record(reference)).handler == winner.handler

    await asyncio.gather(*(race() for _ in range(RACES)))


async def test_of_several_answers_at_once_the_customer_is_given_one(house: House) -> None:
    async def race() -> None:
        reference = await investigated(house)
        ends = await asyncio.gather(*(tried(house, reference, "respond", **ANSWER) for _ in range(3)))
        assert sorted(end for end in ends if isinstance(end, str)) == ["not_lawful_now"] * 2
        assert (await house.facts(reference)).count("complaint.responded") == 1

    await asyncio.gather(*(race() for _ in range(RACES)))


async def test_an_answer_that_goes_out_as_the_clock_fires_is_in_time_or_late_and_never_both(
    house: House, time_skipping: WorkflowEnvironment
) -> None:
    async def race(ahead: timedelta) -> None:
        reference = await investigated(house)
        due = clock_of(await house.record(reference), "final_response").due_at
        _, end = await asyncio.gather(
            time_skipping.fast_forward(house.workflow(reference), due - datetime.now(UTC) + ahead),
            tried(house, reference, "respond", **ANSWER),
        )
        assert isinstance(end, Case)
        clock = clock_of(await house.record(reference), "final_response")
        breaches = [e.fact for e in await entries(house, reference) if isinstance(e.fact, ClockBreached)]
        of_the_answer = [breach for breach in breaches if breach.kind == "final_response"]
        assert clock.met_at is not None
        assert (clock.state == "breached") is (len(of_the_answer) == 1) is (clock.met_at >= due)
        facts = await house.facts(reference)
        if of_the_answer:
            assert facts.index("clock.breached") < facts.index("complaint.responded")

    await asyncio.gather(*(race(timedelta(seconds=seconds)) for seconds in (-1, 0, 1, 2)))


async def test_a_hold_that_comes_as_the_clock_fires_saves_it_or_comes_too_late(
    house: House, time_skipping: WorkflowEnvironment
) -> None:
    async def race(ahead: timedelta) -> None:
        reference = await investigated(house, policy="default")
        due = clock_of(await house.record(reference), "final_response").due_at
        held = {"kind": "customer", "until": (due + timedelta(days=2)).isoformat(), "reason": "waits"}
        _, end = await asyncio.gather(
            time_skipping.fast_forward(house.workflow(reference), due - datetime.now(UTC) + ahead),
            tried(house, reference, "hold", **held),
        )
        assert isinstance(end, Case)
        clock = clock_of(await house.record(reference), "final_response")
        since = end.holds[0].since
        broken = [
            e.fact
            for e in await entries(house, reference)
            if isinstance(e.fact, ClockBreached) and e.fact.kind == "final_response"
        ]
        if since < due:
            assert (clock.state, clock.paused_at, broken) == ("paused", since, [])
        else:
            assert (clock.state, clock.paused_at, len(broken)) == ("breached", None, 1)

    await asyncio.gather(*(race(timedelta(seconds=seconds)) for seconds in (-1, 0, 1, 2)))


async def test_a_case_is_merged_before_it_closes_or_who_merges_is_told(house: House) -> None:
    first = await house.take(channel="phone")

    async def race() -> None:
        reference = await investigated(house)
        await house.do(reference, "respond", **ANSWER)
        closed, merged = await asyncio.gather(
            tried(house, reference, "close"), tried(house, reference, "merge", "supervisor", into=first)
        )
        assert isinstance(closed, Case)
        facts, case = await house.facts(reference), await house.record(reference)
        assert (case.status, facts.count("complaint.closed")) == ("closed", 1)
        if isinstance(merged, str):
            assert (merged, case.merged_into) == ("not_lawful_now", None)
            assert "complaint.merged" not in facts
        else:
            assert case.merged_into == first
            assert facts.index("complaint.merged") < facts.index("complaint.closed")

    await asyncio.gather(*(race() for _ in range(RACES)))


async def test_a_withdrawal_and_an_answer_at_once_leave_one_end(house: House) -> None:
    async def race() -> None:
        reference = await investigated(house)
        withdrawn, answered = await asyncio.gather(
            tried(house, reference, "withdraw", "hotline", reason="settled", confirmed_by="phone"),
            tried(house, reference, "respond", **ANSWER),
        )
        assert isinstance(withdrawn, Case)
        case, facts = await house.record(reference), await house.facts(reference)
        assert case.status == "withdrawn"
        if isinstance(answered, str):
            assert answered == "not_lawful_now"
            assert "complaint.responded" not in facts
        else:
            assert facts.index("complaint.responded") < facts.index("complaint.withdrawn")

    await asyncio.gather(*(race() for _ in range(RACES)))
