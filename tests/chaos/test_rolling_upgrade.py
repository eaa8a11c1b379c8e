"""R14: two releases of the worker at work on the same cases, in either order, on real Temporal; nothing is lost."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import asyncpg
import pytest
from temporalio.api.enums.v1 import EventType, WorkflowTaskFailedCause
from temporalio.client import WorkflowHistory

from contracts.names import case_workflow_id
from runtime.operations import Operations
from tests.chaos.business import Business, brisk_paths
from tests.chaos.conftest import SEED, Say
from tests.chaos.later_release import MARK, PATCH, RECORDS, WORKFLOW, write_release
from tests.chaos.laws import contradictions
from tests.chaos.report import figures
from tests.chaos.rig import Rig
from tests.chaos.test_backup_and_restore import amends
from tests.chaos.test_crowded_desks import at_most, taken, withdraw_all

pytestmark = pytest.mark.slow

ENTRIES = f"""SELECT reference, payload LIKE '%{MARK}%' AS by_later FROM ledger WHERE reference = ANY($1)
               ORDER BY reference, sequence"""


@dataclass(frozen=True, slots=True)
class Upgrade:
    """How many cases are open all the while, how many come and go meanwhile, and how often the release changes."""

    name: str
    open: int
    others: int
    rounds: int

    @property
    def suffix(self) -> str:
        return "" if self is GATE else f", {self.name}"


GATE = Upgrade("gate", open=4, others=8, rounds=1)
LONG = Upgrade("long", open=40, others=100, rounds=4)


@pytest.fixture(params=[GATE, pytest.param(LONG, marks=pytest.mark.long)], ids=["gate", "long"])
def upgrade(request: pytest.FixtureRequest) -> Upgrade:
    found: Upgrade = request.param
    return found


async def test_cases_go_on_while_a_later_release_comes_and_is_taken_back(
    rig: Rig, business: Business, upgrade: Upgrade, tmp_path: Path, say: Say
) -> None:
    """Workers without a build: each takes every case. The later one writes what the earlier one does not know."""
    later = await write_release(tmp_path, RECORDS)

    async def come_and_go(cases: list[str]) -> None:
        for _ in range(upgrade.rounds):
            await rig.start("later worker", release=later)
            await note(business, cases)
            assert await rig.stop("worker") == 0
            await note(business, cases)
            await rig.start("worker")
            await note(business, cases)
            assert await rig.stop("later worker") == 0
            await note(business, cases)

    histories = await work_through(rig, business, upgrade, come_and_go)
    on, back = await hand_overs(rig, histories)
    await check(f"R14 upgraded and back{upgrade.suffix}", rig, business, say, histories, handed_on=on, handed_back=back)
    assert min(on, back) >= upgrade.open * upgrade.rounds


async def test_cases_move_to_a_build_whose_workflow_does_something_more(
    rig: Rig, business: Business, upgrade: Upgrade, tmp_path: Path, say: Say
) -> None:
    """Workers with builds: Temporal hands a case to the earlier one until the later one is made current."""
    later = await write_release(tmp_path, {**RECORDS, **WORKFLOW})
    old, new = f"old-{upgrade.name}", f"new-{upgrade.name}"

    async def move(cases: list[str]) -> None:
        await rig.start("old worker", AMENDS_WORKER_BUILD=old)
        await amends(rig, "deployment", "current", old)
        assert await rig.stop("worker") == 0
        await note(business, cases)
        await rig.start("new worker", release=later, AMENDS_WORKER_BUILD=new)
        await note(business, cases)
        await amends(rig, "deployment", "current", new)
        cases += [await taken(business, channel="phone") for _ in range(upgrade.open)]
        await note(business, cases)
        assert await rig.stop("old worker") == 0
        await note(business, cases)

    histories = await work_through(rig, business, upgrade, move)
    moved = sum({old, new} <= builds(each) for each in histories)
    patched = sum(has_patch(each) for each in histories)
    await check(
        f"R14 moved to a build{upgrade.suffix}", rig, business, say, histories, moved=moved, began_on_the_later=patched
    )
    assert upgrade.open <= moved
    assert 0 < patched < len(histories)
    await rig.start("worker")
    await Operations(rig.temporal, rig.task_queue).make_current("")
    assert await rig.stop("new worker") == 0


async def work_through(
    rig: Rig, business: Business, upgrade: Upgrade, change: Callable[[list[str]], Awaitable[None]]
) -> list[WorkflowHistory]:
    """Let people take and handle complaints while releases change and some cases stay open; the histories of all."""
    before = len(business.diary.references)
    cases = [await taken(business, channel="phone") for _ in range(upgrade.open)]
    async with asyncio.TaskGroup() as group:
        group.create_task(business.run(brisk_paths(upgrade.others, random.Random(SEED)), 6.0 * upgrade.rounds))
        await change(cases)
    await withdraw_all(business, cases)
    ours = {case_workflow_id(reference) for reference in business.diary.references[before:]}
    listed = rig.temporal.list_workflows(f"TaskQueue = '{rig.task_queue}'").map_histories()
    return [each async for each in listed if each.workflow_id in ours]


async def note(business: Business, cases: list[str]) -> None:
    """Something that is recorded in each of the cases, by whoever works on it now."""
    supervisor = business.staff.supervisors[0]
    await at_most(8, [supervisor.do(each, "note", text="The customer called.") for each in cases])


async def hand_overs(rig: Rig, histories: list[WorkflowHistory]) -> tuple[int, int]:
    """How often the later release recorded next in a case in which this one had, and the other way round."""
    references = [each.workflow_id.removeprefix(case_workflow_id("")) for each in histories]
    connection = await asyncpg.connect(rig.database_url)
    try:
        rows = await connection.fetch(ENTRIES, references)
    finally:
        await connection.close()
    changes = Counter(
        here["by_later"]
        for before, here in pairwise(rows)
        if before["reference"] == here["reference"] and before["by_later"] != here["by_later"]
    )
    return changes[True], changes[False]


async def check(
    name: str, rig: Rig, business: Business, say: Say, histories: list[WorkflowHistory], **more: object
) -> None:
    evidence = await rig.look(business)
    findings = contradictions(evidence)
    failed = Counter(cause for each in histories for cause in failed_tasks(each))
    say(figures(name, SEED, evidence, findings, histories=len(histories), failed_tasks=dict(failed), **more))
    assert not findings, rig.folder
    assert not failed


def builds(history: WorkflowHistory) -> set[str]:
    """The builds that did a task of a run."""
    return {
        event.workflow_task_completed_event_attributes.deployment_version.build_id
        for event in history.events
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
    }


def has_patch(history: WorkflowHistory) -> bool:
    """Whether a run began on the later release."""
    return any(
        PATCH.encode() in event.marker_recorded_event_attributes.SerializeToString()
        for event in history.events
        if event.event_type == EventType.EVENT_TYPE_MARKER_RECORDED
    )


def failed_tasks(history: WorkflowHistory) -> list[str]:
    """Why tasks of a run failed in a worker's hands."""
    return [
        WorkflowTaskFailedCause.Name(event.workflow_task_failed_event_attributes.cause)
        for event in history.events
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED
    ]
