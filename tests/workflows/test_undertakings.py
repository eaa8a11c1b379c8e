"""What comes due in an improvement, and what a check of its effect finds, with the clock moved on."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from temporalio.testing import WorkflowEnvironment

from domain.undertakings.improvement import Improvement
from starter.undertakings import ImprovementForm, TargetBody, UndertakingRequest
from tests.conftest import execute
from tests.house import House

_first_numbers = count(500_000, 1_000)


@pytest.fixture(autouse=True)
async def numbers_of_its_own(database_url: str) -> None:
    await execute(database_url, f"SELECT setval('undertaking_number', {next(_first_numbers)})")


async def proposed(house: House, **form: Any) -> str:
    made = ImprovementForm(title="Check meters each spring", **form)
    improvement = await house.services.undertaker.propose_improvement(house.people["handler"], made, None)
    return improvement.reference


async def do(house: House, reference: str, name: str, by: str = "supervisor", **values: Any) -> Improvement:
    request = UndertakingRequest(house.people[by], "improvement", reference, name, values)
    done = await house.services.undertaker.perform(request)
    assert done.answer is not None
    assert isinstance(done.answer.undertaking, Improvement)
    return done.answer.undertaking


async def record(house: House, reference: str) -> Improvement:
    found = await house.parts.undertakings.find(reference)
    assert isinstance(found, Improvement)
    return found


def hours_ago(hours: float) -> str:
    return (datetime.now(UTC) - timedelta(hours=hours)).isoformat()


async def pass_time(house: House, environment: WorkflowEnvironment, reference: str, span: timedelta) -> None:
    handle = house.parts.client.get_workflow_handle(f"undertaking/{reference}")
    await environment.fast_forward(handle, span)


async def approved(house: House, reference: str, *, days: float, window_days: int = 1) -> None:
    due_at = (datetime.now(UTC) + timedelta(days=days)).isoformat()
    owner = house.people["handler"].id
    await do(house, reference, "approve", owner=owner, due_at=due_at, window_days=window_days)


async def test_a_measure_after_which_complaints_stop_is_effective_and_closes(
    house: House, time_skipping: WorkflowEnvironment
) -> None:
    for _ in range(12):
        await house.take(category="billing_meter", received_at=hours_ago(3))
    await house.take(category="other")
    reference = await proposed(house, target=TargetBody(category="billing_meter"))
    await approved(house, reference, days=30)
    await do(house, reference, "start", by="handler")
    await do(house, reference, "report_done", by="handler", text="All meters are checked.")
    await pass_time(house, time_skipping, reference, timedelta(days=1, minutes=1))
    closed = await record(house, reference)
    assert closed.status == "closed"
    (check,) = closed.checks
    assert (check.before, check.after, check.verdict) == (12, 0, "effective")


async def test_a_measure_that_changes_nothing_is_taken_up_again(
    house: House, time_skipping: WorkflowEnvironment
) -> None:
    for _ in range(8):
        await house.take(category="conduct", received_at=hours_ago(3))
    reference = await proposed(house, target=TargetBody(category="conduct"))
    await approved(house, reference, days=30)
    await do(house, reference, "start", by="handler")
    await do(house, reference, "report_done", by="handler", text="Everybody was told.")
    for _ in range(8):
        await house.take(category="conduct")
    await pass_time(house, time_skipping, reference, timedelta(days=1, minutes=1))
    again = await record(house, reference)
    assert (again.status, again.attempt) == ("in_progress", 2)
    assert again.checks[0].verdict == "not_effective"
    assert again.due_at is not None
    assert again.due_at > again.checks[0].at


async def test_an_owner_is_reminded_and_a_missed_due_time_is_recorded_once(
    house: House, time_skipping: WorkflowEnvironment
) -> None:
    reference = await proposed(house)
    await approved(house, reference, days=10)
    await pass_time(house, time_skipping, reference, timedelta(days=6))
    assert (await record(house, reference)).was_reminded
    await pass_time(house, time_skipping, reference, timedelta(days=20))
    late = await record(house, reference)
    assert late.is_overdue
    facts = [entry.fact.type for entry in await house.parts.undertakings.entries(reference)]
    assert facts.count("improvement.reminded") == 1
    assert facts.count("improvement.overdue") == 1
    extended = await do(house, reference, "extend", until="2100-01-01T00:00:00Z", reason="Parts are late.")
    assert not extended.is_overdue
