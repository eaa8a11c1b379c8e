"""What can be seen from outside when all is quiet: PostgreSQL, Temporal, the mail sink, the client's diary."""

import asyncio
import json
import os
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import asyncpg
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle, WorkflowQueryFailedError
from temporalio.common import SearchAttributeKey
from temporalio.service import RPCError

from contracts.names import CASE_QUERY, COMPLAINT, case_workflow_id
from domain.complaints.case import Case
from storage.pool import Connection
from tests.chaos.diary import Diary
from tests.chaos.faults import Injury
from tests.chaos.sink import Acceptance, Sink

POLL_SECONDS = 0.5
QUERY_LIMIT = timedelta(seconds=15)
REPORTED_PROBLEMS = SearchAttributeKey.for_keyword_list("TemporalReportedProblems")


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the ledger; `fact` is the payload's own copy of what the columns say, and more."""

    reference: str
    sequence: int
    at: datetime
    actor: str
    command_id: str
    type: str
    payload: str
    hash: bytes
    committed_at: datetime | None

    @property
    def fact(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.payload)["fact"]
        return found


@dataclass(frozen=True, slots=True)
class Record:
    """The read model of a case."""

    reference: str
    epoch: int
    sequence: int
    head_hash: bytes
    status: str
    is_open: bool
    needs_operator: bool
    state: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """What the workers remember of a hand-over."""

    effect_key: str
    attempts: int
    accepted_at: datetime | None
    evidence: str | None


@dataclass(frozen=True, slots=True)
class Run:
    """A run of a case's workflow as Temporal lists it; `case` is what an open one answers."""

    workflow_id: str
    run_id: str
    status: str
    problems: tuple[str, ...]
    case: Case | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that the laws look at."""

    diary: Diary
    ledger: dict[str, list[Row]]
    records: dict[str, Record]
    steps: tuple[tuple[str, str, str], ...]
    """Reference, key and state."""
    deliveries: tuple[Delivery, ...]
    unstarted: int
    untold: int
    runs: dict[str, list[Run]]
    store_was_lost: bool
    """Temporal's store was removed: it cannot know cases that had ended before."""
    mail: tuple[Acceptance, ...]
    injuries: tuple[Injury, ...]
    seen_at: datetime
    crowding: float
    """How many processes wanted each core of the machine lately, at least one."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Where to look."""

    database_url: str
    client: Client
    task_queue: str
    diary: Diary
    sink: Sink
    injuries: Sequence[Injury] = ()
    store_was_lost: bool = False


async def gather(scene: Scene) -> Evidence:
    """Look at everything once; nothing may be going on any more."""
    runs = await _runs(scene)
    connection = await asyncpg.connect(scene.database_url)
    try:
        return Evidence(
            diary=scene.diary,
            ledger=await _ledger(connection),
            records=await _records(connection),
            steps=tuple(tuple(row) for row in await connection.fetch("SELECT reference, key, state FROM step")),
            deliveries=tuple(
                Delivery(**row)
                for row in await connection.fetch("SELECT effect_key, attempts, accepted_at, evidence FROM delivery")
            ),
            unstarted=await connection.fetchval("SELECT count(*) FROM unstarted_case"),
            untold=await connection.fetchval("SELECT count(*) FROM outbox"),
            runs=runs,
            store_was_lost=scene.store_was_lost,
            mail=tuple(scene.sink.ledger),
            injuries=tuple(scene.injuries),
            seen_at=await connection.fetchval("SELECT clock_timestamp()"),
            crowding=max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1)),
        )
    finally:
        await connection.close()


async def _ledger(connection: Connection) -> dict[str, list[Row]]:
    keeps_times = await connection.fetchval("SELECT current_setting('track_commit_timestamp')::bool")
    committed_at = "pg_xact_commit_timestamp(xmin)" if keeps_times else "NULL::timestamptz"
    ledger = defaultdict(list)
    for row in await connection.fetch(
        f"""SELECT reference, sequence, at, actor, command_id, type, payload, hash, {committed_at} AS committed_at
              FROM ledger ORDER BY reference, sequence"""
    ):
        ledger[row["reference"]].append(Row(**row))
    return dict(ledger)


async def _records(connection: Connection) -> dict[str, Record]:
    rows = await connection.fetch(
        """SELECT reference, epoch, sequence, head_hash, status, is_open, needs_operator, state::text
             FROM case_record"""
    )
    return {row["reference"]: Record(**row) for row in rows}


async def _runs(scene: Scene) -> dict[str, list[Run]]:
    """Every run of every case by its reference, in the order of their starts."""
    client = scene.client
    found: dict[str, list[Run]] = defaultdict(list)
    wanted = f'WorkflowType = "{COMPLAINT}" AND TaskQueue = "{scene.task_queue}"'
    listed = [run async for run in client.list_workflows(wanted)]
    for run in sorted(listed, key=lambda run: run.start_time):
        is_open = run.status is WorkflowExecutionStatus.RUNNING
        handle = client.get_workflow_handle(run.id, run_id=run.run_id)
        found[run.id.removeprefix(case_workflow_id(""))].append(
            Run(
                workflow_id=run.id,
                run_id=run.run_id,
                status="UNKNOWN" if run.status is None else run.status.name,
                problems=tuple(run.typed_search_attributes.get(REPORTED_PROBLEMS) or ()),
                case=await _answered(handle) if is_open else None,
            )
        )
    return dict(found)


async def _answered(handle: WorkflowHandle[Any, Any]) -> Case | None:
    """What an open workflow says of its case; None when it does not answer."""
    try:
        case: Case = await handle.query(CASE_QUERY, result_type=Case, rpc_timeout=QUERY_LIMIT)
    except (WorkflowQueryFailedError, RPCError):
        return None
    return case


async def until_quiet(scene: Scene, within: timedelta) -> bool:
    """Whether within this time nothing was under way any more: no start, event, step or clock to come."""
    deadline = asyncio.get_running_loop().time() + within.total_seconds()
    connection = await asyncpg.connect(scene.database_url)
    try:
        while await connection.fetchval(_GOING_ON) or not await _only_open_cases_run(connection, scene):
            if asyncio.get_running_loop().time() > deadline:
                return False
            await asyncio.sleep(POLL_SECONDS)
    finally:
        await connection.close()
    return True


_GOING_ON = """
    SELECT EXISTS (SELECT FROM unstarted_case) OR EXISTS (SELECT FROM outbox)
        OR EXISTS (SELECT FROM step WHERE state IN ('running', 'parked'))
        OR EXISTS (SELECT FROM case_record WHERE next_due IS NOT NULL)
"""


async def _only_open_cases_run(connection: Connection, scene: Scene) -> bool:
    running = f'WorkflowType = "{COMPLAINT}" AND TaskQueue = "{scene.task_queue}" AND ExecutionStatus = "Running"'
    count = await scene.client.count_workflows(running)
    return bool(count.count == await connection.fetchval("SELECT count(*) FROM case_record WHERE is_open"))
