"""The checker is worth something only if it objects when a part of the safety net is missing: each is taken out once.

Every scenario is played twice at the same time, by the worker as it is and by one that lacks the part.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import asyncpg
import pytest
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client
from temporalio.service import RPCError

from domain.complaints.terms import Status
from runtime.converter import HEADER_CODEC, data_converter
from starter.embedded import EmbeddedPostgres, EmbeddedTemporal
from starter.problems import Problem
from storage.keys import MasterKeys
from tests.chaos.evidence import gather
from tests.chaos.laws import contradictions
from tests.chaos.stage import PATIENCE_SECONDS, Stage, staged, without_temporal
from tests.conftest import execute, url_of_database

pytestmark = pytest.mark.slow

NOBODY = "127.0.0.1:1"
BY_MAIL = {"channel": "web", "customer": {"email": "li.hua@example.com"}}
ANONYMOUS = {"channel": "web", "customer": {}}

Scenario = Callable[[Stage], Awaitable[None]]
Outcome = tuple[list[str], list[str]]
OpenStage = Callable[[str | None], AbstractAsyncContextManager[Stage]]

COMPARISON = "comparison in the ledger"
MEMORY_OF_REQUESTS = "memory of requests"
CARELESS = """
    IF FOUND THEN
        position := head.sequence;
        chain := head.head_hash;"""

SCENARIOS_AT_ONCE = 3
WHOLE_IS_QUIET_WITHIN = timedelta(seconds=90)
BROKEN_HAS = timedelta(seconds=8)
"""Some never become quiet."""
PLAYS_OF_THE_BROKEN = 3


async def crashed_after_the_commit(stage: Stage) -> None:
    """The worker dies when the assessment is in the ledger and Temporal does not know it yet.

    Temporal hands the command to the next worker, and what that does alone is to be seen: a repetition comes later.
    """
    reference = await stage.take(Status.WITHDRAWN, **ANONYMOUS)
    await stage.start_worker(crash="after the commit")
    await until_it_waits(stage, reference)
    async with asyncio.TaskGroup() as group:
        handed_on = until_handed_on(stage, reference)
        group.create_task(stage.give(reference, "assess", "supervisor", again_after=handed_on, decision="valid"))
        await stage.until_worker_died()
        await stage.start_worker()
    await stage.give(reference, "withdraw", "supervisor", reason="It is settled.", confirmed_by="phone")


async def the_answer_to_a_hand_over_was_lost(stage: Stage) -> None:
    reference = await stage.take(Status.WITHDRAWN, **BY_MAIL)
    await stage.start_worker(crash="after the hand-over")
    await until_sent(stage, reference)
    await stage.give(reference, "withdraw", "supervisor", reason="It is settled.", confirmed_by="phone")


async def taken_in_while_temporal_was_away(stage: Stage) -> None:
    """Nobody but the reconciler knows that the workflow is still to be started."""
    converter = data_converter(stage.house.parts.keys)
    nowhere = await Client.connect(NOBODY, data_converter=converter, header_codec_behavior=HEADER_CODEC, lazy=True)
    await without_temporal(stage, nowhere).take(Status.RECEIVED, **ANONYMOUS, received_at=overdue())
    await stage.start_worker()


async def killed_right_after_the_answer(stage: Stage) -> None:
    reference = await stage.take(Status.ACCEPTED, **ANONYMOUS, received_at=overdue())
    await stage.start_worker()
    await stage.give(reference, "assess", "supervisor", decision="valid")
    await stage.start_worker()


async def left_lying_until_it_is_due(stage: Stage) -> None:
    await stage.start_worker()
    await stage.take(Status.RECEIVED, **ANONYMOUS, received_at=due_in(timedelta(seconds=3)))
    await asyncio.sleep(4)


async def told_by_letter(stage: Stage) -> None:
    reference = await stage.take(Status.WITHDRAWN, **BY_MAIL)
    await stage.start_worker()
    await until_sent(stage, reference)
    await stage.give(reference, "withdraw", "supervisor", reason="It is settled.", confirmed_by="phone")


async def closed_before_it_was_answered(stage: Stage) -> None:
    """Refused, unless the guards are gone."""
    reference = await stage.take(Status.WITHDRAWN, **ANONYMOUS)
    await stage.start_worker()
    try:
        await stage.give(reference, "close", "supervisor")
    except Problem:
        await stage.give(reference, "withdraw", "supervisor", reason="It is settled.", confirmed_by="phone")


async def taken_twice_under_one_key(stage: Stage) -> None:
    """The answer to the first request was lost on its way, so the client sends it again."""
    await stage.start_worker()
    for _ in range(2):
        await stage.take_under_key("the only one", Status.RECEIVED, **ANONYMOUS, received_at=overdue())


async def assessed_while_the_store_only_reads(stage: Stage) -> None:
    """For longer than a local activity is tried."""
    reference = await stage.take(Status.WITHDRAWN, **ANONYMOUS)
    await stage.start_worker()
    await until_it_waits(stage, reference)
    name = await stage.house.parts.pool.fetchval("SELECT quote_ident(current_database())")
    async with asyncio.TaskGroup() as group:
        await execute(stage.scene.database_url, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        await execute(stage.scene.database_url, END_THE_WORKERS_SESSIONS)
        group.create_task(stage.give(reference, "withdraw", "supervisor", reason="Settled.", confirmed_by="phone"))
        await asyncio.sleep(4)
        connection = await asyncpg.connect(stage.scene.database_url)
        await connection.execute("SET default_transaction_read_only = off")
        await connection.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
        await connection.close()
        await execute(stage.scene.database_url, END_THE_WORKERS_SESSIONS)


END_THE_WORKERS_SESSIONS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND application_name = 'amends-worker'"""


SCENARIOS: dict[str, tuple[Scenario, str]] = {
    COMPARISON: (crashed_after_the_commit, "acknowledged_commands_are_recorded_once"),
    "delivery memory": (the_answer_to_a_hand_over_was_lost, "letters_went_out"),
    "reconciler": (taken_in_while_temporal_was_away, "nothing_is_left_behind"),
    "recording before answering": (killed_right_after_the_answer, "acknowledged_commands_are_recorded_once"),
    "alarm": (left_lying_until_it_is_due, "every_due_time_has_one_record"),
    "post": (told_by_letter, "letters_went_out"),
    "guards": (closed_before_it_was_answered, "only_lawful_paths"),
    "read model": (killed_right_after_the_answer, "read_models_follow"),
    MEMORY_OF_REQUESTS: (taken_twice_under_one_key, "acknowledged_complaints_are_kept"),
    "relay": (told_by_letter, "nothing_is_left_behind"),
    "insistence": (assessed_while_the_store_only_reads, "each_case_has_one_workflow"),
}
"""What is taken out, the scenario in which it is missed, and the law that must object."""


@pytest.mark.parametrize("part", SCENARIOS)
async def test_the_checker_is_content_with_the_whole_net_and_objects_without_a_part(
    part: str, outcomes: dict[str, Outcome]
) -> None:
    whole, broken = outcomes[part]
    law = SCENARIOS[part][1]
    assert not whole
    assert any(finding.startswith(f"{law}: ") for finding in broken), broken


async def test_a_letter_that_went_out_unheard_of_before_its_customer_withdrew_contradicts_nothing(
    open_stage: OpenStage,
) -> None:
    """Found among lost answers: only the attempt is remembered, and nobody tries again what is of no use any more."""
    async with open_stage(None) as stage:
        reference = await stage.take(Status.WITHDRAWN, **BY_MAIL)
        await stage.start_worker(crash="before the hand-over is noted")
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not stage.scene.sink.ledger:
                await asyncio.sleep(0.1)
        await stage.give(reference, "withdraw", "supervisor", reason="It is settled.", confirmed_by="phone")
        findings = await stage.contradictions(within=WHOLE_IS_QUIET_WITHIN)
        evidence = await gather(stage.scene)
    assert [(each.attempts, each.accepted_at) for each in evidence.deliveries] == [(1, None)]
    assert len(evidence.mail) == 1
    assert not findings
    one_too_many = contradictions(replace(evidence, mail=evidence.mail * 2))
    assert one_too_many == [f"letters_went_out: {reference}:acknowledgement.1: 2 messages in 1 attempts"]


@pytest.fixture(scope="module")
async def outcomes(open_stage: OpenStage, request: pytest.FixtureRequest) -> dict[str, Outcome]:
    """What the checker said of each scenario, played by the whole net and without the part; a few at a time."""
    asked_for = {getattr(item, "callspec").params["part"] for item in request.session.items if _is_of_here(item)}  # noqa: B009
    gate = asyncio.Semaphore(SCENARIOS_AT_ONCE)

    async def outcome(part: str) -> tuple[str, Outcome]:
        async with gate:
            whole = played(SCENARIOS[part][0], None, open_stage)
            return part, await asyncio.gather(whole, objections(part, open_stage))

    return dict(await asyncio.gather(*(outcome(part) for part in SCENARIOS if part in asked_for)))


async def objections(part: str, open_stage: OpenStage) -> list[str]:
    """What the checker said without the part; a race that a busy machine did not let happen is run again."""
    scenario, law = SCENARIOS[part]
    broken: list[str] = []
    for _ in range(PLAYS_OF_THE_BROKEN):
        broken = await played(scenario, part, open_stage)
        if any(finding.startswith(f"{law}: ") for finding in broken):
            break
    return broken


def _is_of_here(item: pytest.Item) -> bool:
    return item.path == Path(__file__) and hasattr(item, "callspec")


async def played(scenario: Scenario, lacks: str | None, open_stage: OpenStage) -> list[str]:
    take_out = IN_THE_STORE.get(lacks or "")
    async with open_stage(None if take_out else lacks) as stage:
        if take_out:
            await take_out(stage.scene.database_url)
        await scenario(stage)
        return await stage.contradictions(within=WHOLE_IS_QUIET_WITHIN if lacks is None else BROKEN_HAS)


async def take_the_comparison_out(database_url: str) -> None:
    """Let the ledger append to whatever head it has, and not ask whether the command is known."""
    connection = await asyncpg.connect(database_url)
    try:
        function = await connection.fetchval("SELECT pg_get_functiondef('append_to_case'::regproc)")
        careless, count = re.subn(r"IF FOUND THEN.*?chain := head\.head_hash;", CARELESS, function, flags=re.DOTALL)
        assert count == 1
        await connection.execute(careless)
    finally:
        await connection.close()


async def let_it_forget_requests(database_url: str) -> None:
    """Let the store drop every note of a request that may be repeated."""
    await execute(
        database_url,
        """CREATE FUNCTION forget() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
           CREATE TRIGGER forget BEFORE INSERT ON idempotency FOR EACH ROW EXECUTE FUNCTION forget()""",
    )


IN_THE_STORE: dict[str, Callable[[str], Awaitable[None]]] = {
    COMPARISON: take_the_comparison_out,
    MEMORY_OF_REQUESTS: let_it_forget_requests,
}


async def until_it_waits(stage: Stage, reference: str) -> None:
    """Until the run has loaded its case: only then it can be behind the ledger."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await has_loaded(stage, reference):
            await asyncio.sleep(0.1)


async def has_loaded(stage: Stage, reference: str) -> bool:
    """Whether the outcome of loading stands in the history; a finished task alone may only have asked for more time."""
    return any(event.HasField("marker_recorded_event_attributes") for event in await history_of(stage, reference))


async def has_done_a_command(stage: Stage, reference: str) -> bool:
    events = await history_of(stage, reference)
    return any(event.HasField("workflow_execution_update_completed_event_attributes") for event in events)


async def history_of(stage: Stage, reference: str) -> Sequence[HistoryEvent]:
    """What Temporal has of a case, perhaps nothing yet."""
    try:
        return (await stage.house.workflow(reference).fetch_history()).events
    except RPCError:
        return ()


async def until_handed_on(stage: Stage, reference: str) -> None:
    """Until a worker has done the command that Temporal kept."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await has_done_a_command(stage, reference):
            await asyncio.sleep(0.2)


async def until_sent(stage: Stage, reference: str) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while "step.done" not in await stage.house.facts(reference):
            await asyncio.sleep(0.1)


def overdue() -> str:
    """A time of receipt from which every clock of the demo policy has run out by now."""
    return due_in(timedelta(seconds=-5))


def due_in(span: timedelta) -> str:
    """A time of receipt from which the final answer is due so soon; sixty seconds by the demo policy."""
    return (datetime.now(UTC) + span - timedelta(seconds=60)).isoformat()


@pytest.fixture(scope="module")
def open_stage(
    migrated_template: str,
    postgres_server: EmbeddedPostgres,
    temporal_server: EmbeddedTemporal,
    master_keys: MasterKeys,
    tmp_path_factory: pytest.TempPathFactory,
) -> OpenStage:
    """Opens stages, each with a database of its own."""

    folder = tmp_path_factory.mktemp("stages")

    @asynccontextmanager
    async def opened(lacks: str | None) -> AsyncIterator[Stage]:
        name = f"stage_{next(_databases)}"
        await execute(postgres_server.url, f"CREATE DATABASE {name} TEMPLATE {migrated_template}")
        url = url_of_database(postgres_server.url, name)
        try:
            async with staged(url, temporal_server.address, master_keys, folder, lacks) as stage:
                yield stage
        finally:
            await execute(postgres_server.url, f"DROP DATABASE {name} WITH (FORCE)")

    return opened


_databases = count(1)
