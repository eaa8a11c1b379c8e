"""PostgreSQL away for a while: commands wait and are answered, queries are answered meanwhile, nothing is lost."""

import asyncio
from dataclasses import replace

from domain.complaints.case import Case
from domain.complaints.terms import Status
from runtime.assembly import case_worker
from tests.workflows.conftest import OpenHouse
from tests.workflows.failing import LedgerAway
from tests.workflows.following import all_agree, begin_anew, queried, until

LOCAL_ATTEMPTS = 2


async def test_a_command_given_during_an_outage_is_answered_after_it_and_queries_are_answered_meanwhile(
    unattended: OpenHouse,
) -> None:
    async with unattended() as house:
        ledger = LedgerAway(house.parts.pool)
        async with case_worker(replace(house.parts, ledger=ledger), strict=True):
            reference = await house.take(channel="phone")
            before = await house.do(reference, "note", text="Before the outage.")
            ledger.away_for = LOCAL_ATTEMPTS + 2

            assess = asyncio.create_task(house.do(reference, "assess", decision="valid"))

            async def has_fallen_back() -> bool:
                return ledger.refused > LOCAL_ATTEMPTS

            await until(has_fallen_back)
            assert await asyncio.wait_for(queried(house, reference), 2) == before
            assert not assess.done()

            assert (await assess).status is Status.ACCEPTED
            assert await house.facts(reference) == [
                "complaint.received",
                "complaint.acknowledged",
                "complaint.noted",
                "complaint.assessed",
            ]
            scheduled = [
                event.activity_task_scheduled_event_attributes.activity_type.name
                for event in (await house.workflow(reference).fetch_history()).events
                if event.HasField("activity_task_scheduled_event_attributes")
            ]
            assert scheduled == ["perform_and_record"]
            await all_agree(house)


async def test_a_case_that_starts_during_an_outage_loads_when_it_is_over(unattended: OpenHouse) -> None:
    async with unattended() as house:
        ledger = LedgerAway(house.parts.pool)
        ledger.away_for = LOCAL_ATTEMPTS + 1
        async with case_worker(replace(house.parts, ledger=ledger), strict=True):
            reference = await house.take(channel="phone")
            assert (await house.do(reference, "assess", decision="valid")).status is Status.ACCEPTED
            assert ledger.refused == LOCAL_ATTEMPTS + 1
            await all_agree(house)


async def test_commands_that_waited_through_an_outage_are_recorded_in_their_order(unattended: OpenHouse) -> None:
    async with unattended() as house:
        ledger = LedgerAway(house.parts.pool)
        async with case_worker(replace(house.parts, ledger=ledger), strict=True):
            reference = await house.take(channel="phone")
            await begin_anew(house, reference)
            await house.do(reference, "assess", decision="valid")
            ledger.away_for = LOCAL_ATTEMPTS + 1
            claims = [asyncio.create_task(house.do(reference, "claim", by=by)) for by in ("handler", "another handler")]
            outcomes = await asyncio.gather(*claims, return_exceptions=True)
            assert sum(isinstance(outcome, Case) for outcome in outcomes) == 1
            assert (await house.facts(reference)).count("complaint.assigned") == 1
            await all_agree(house)
