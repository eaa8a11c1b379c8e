"""A wave whose worker dies at every step: no message lost or doubled, no answer lost, the counts are the sample."""

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from temporalio.testing import WorkflowEnvironment

from activities.fieldwork import AT_ONCE
from domain.surveys.waves.wave import Wave, WaveStatus
from runtime.assembly import case_worker
from runtime.settings import Settings
from starter.problems import Problem
from storage.keys import MasterKeys
from storage.responses import Standing
from tests.conftest import execute
from tests.house import House, open_house
from tests.mail_server import MailServer
from tests.surveys.conftest import next_first_number
from tests.surveys.crashing import Crashes, crash_here, crashing
from tests.surveys.field import answer, by_mail, command, counts, facts, planned, quick_frame, record, tokens, until

WHOLE_PATH = [
    "wave.planned",
    "wave.sampled",
    "wave.launched",
    "wave.reserve_ordered",
    "wave.reserve_released",
    "wave.invited",
    "wave.field_closed",
    "wave.computed",
    "wave.reported",
    "wave.signed_off",
]
STEPS_BY_THEMSELVES = {"wave.invited"}
"""May come more than once, and before or after what a person does meanwhile."""


@asynccontextmanager
async def patient_house(
    database_url: str, time_skipping: WorkflowEnvironment, keys: MasterKeys, mail: MailServer
) -> AsyncIterator[House]:
    """A house without a worker whose steps are tried again as often as workers die."""
    await execute(database_url, f"SELECT setval('wave_number', {next_first_number()})")
    settings = {"smtp_url": mail.url, "step_attempts": 50, "step_first_wait": timedelta(milliseconds=20)}
    async with open_house(database_url, time_skipping.client, keys, **settings) as house:
        yield house


@asynccontextmanager
async def watched(house: House, wave: Wave) -> AsyncIterator[None]:
    """Look all the time whether the counts are the sample."""

    async def look() -> None:
        while True:
            sizes = await house.parts.pool.fetchrow(
                """SELECT (SELECT count(*) FROM contact WHERE wave = $1 AND NOT is_reserve) AS contacts,
                          (SELECT sum(taken + released) FROM wave_stratum WHERE wave = $1) AS sample""",
                wave.reference,
            )
            assert sizes is not None
            assert sizes["contacts"] == sizes["sample"]
            assert sum((await counts(house, wave.reference)).values()) in {sizes["sample"], sample_with_reserve(wave)}
            await asyncio.sleep(0.02)

    looking = asyncio.create_task(look())
    yield
    looking.cancel()
    [outcome] = await asyncio.gather(looking, return_exceptions=True)
    assert isinstance(outcome, asyncio.CancelledError), outcome


def sample_with_reserve(wave: Wave) -> int:
    assert wave.sample is not None
    return wave.sample.taken + wave.sample.reserve


async def whole_wave(house: House, mail: MailServer, wave: Wave, answers: int) -> dict[str, int]:
    """From the launch to the sign-off; the codes that were answered, by token."""
    await persistently(lambda: command(house, wave.reference, "launch"))
    await persistently(lambda: command(house, wave.reference, "release_reserve", reason="few answers"))
    given: dict[str, int] = {}

    async def all_are_invited() -> bool:
        for token in tokens(mail).values():
            if token not in given and len(given) < answers:
                given[token] = 1 + len(given) % 5
                assert (await answer(house, token, code=given[token])).standing is Standing.COMPLETED
        invited = await house.parts.pool.fetchval(
            "SELECT count(*) FROM contact WHERE wave = $1 AND invited_at IS NOT NULL", wave.reference
        )
        return bool(invited == sample_with_reserve(wave)) and len(given) == answers

    await until(all_are_invited, 3_000)
    await persistently(lambda: command(house, wave.reference, "close", reason="enough"))
    await until(lambda: has_come_to(house, wave.reference, WaveStatus.REPORTED), 1_200)
    await persistently(lambda: command(house, wave.reference, "sign_off"))
    return given


async def persistently(give: Callable[[], Awaitable[object]]) -> None:
    """A person gives a command until it is in the ledger: while workers die, nobody answers."""
    for _ in range(120):
        try:
            await give()
        except Problem as problem:
            if problem.status == 503:
                continue
            if problem.code not in {"wrong_status", "no_reserve"}:  # it was done, and nobody heard of it
                raise
        return
    raise TimeoutError


async def has_come_to(house: House, reference: str, status: WaveStatus) -> bool:
    return (await record(house, reference)).status is status


async def nothing_is_lost_or_doubled(
    house: House, mail: MailServer, wave: Wave, given: dict[str, int], *, most_repeated: int = 0
) -> None:
    """A mail server has no keys: what was under way to it when a process was killed may be repeated by its name."""
    everybody = sample_with_reserve(wave)
    assert len({each.recipients[0] for each in mail.deliveries}) == everybody
    names = Counter(str(each.message["Message-ID"]) for each in mail.deliveries)
    assert len(names) == everybody
    assert sum(count - 1 for count in names.values()) <= most_repeated
    told = await facts(house, wave.reference)
    assert [fact for fact in dict.fromkeys(told) if fact not in STEPS_BY_THEMSELVES] == [
        fact for fact in WHOLE_PATH if fact not in STEPS_BY_THEMSELVES
    ]
    assert all(count == 1 for fact, count in Counter(told).items() if fact not in STEPS_BY_THEMSELVES)
    codes = await house.parts.pool.fetch(
        "SELECT (answers ->> 'overall')::integer AS code FROM response WHERE wave = $1", wave.reference
    )
    assert sorted(row["code"] for row in codes) == sorted(given.values())
    assert (await counts(house, wave.reference))["I"] == len(given)
    ended = await record(house, wave.reference)
    assert ended.result is not None
    assert ended.result.respondents == len(given)
    assert await house.services.surveys.wave_records.broken_chains() == []


async def test_a_worker_that_dies_after_every_kind_of_commit_loses_and_doubles_nothing(
    database_url: str, time_skipping: WorkflowEnvironment, master_keys: MasterKeys, mail_server: MailServer
) -> None:
    """Every commit of a recording ends an attempt, and so do two of each other kind."""
    async with patient_house(database_url, time_skipping, master_keys, mail_server) as house:
        crashes = Crashes(lambda commit, call: commit == "waves.append" or call in {1, 3}, crash_here)
        doomed = replace(house.parts, surveys=crashing(house.parts.surveys, crashes))
        async with case_worker(doomed, strict=True):
            await quick_frame(house, 60)
            wave = await planned(house, by_mail())
            async with watched(house, wave):
                given = await whole_wave(house, mail_server, wave, 20)
            await nothing_is_lost_or_doubled(house, mail_server, wave, given)
        assert crashes.at.keys() >= {
            "waves.append",
            "frame.draw",
            "fieldwork.reserve_askings",
            "fieldwork.record",
            "fieldwork.release_reserve",
            "deliveries.accept",
            "results.freeze",
            "results.keep_report",
        }
        told = await facts(house, wave.reference)
        assert crashes.at["waves.append"] == len(told) - 1  # the plan is not the worker's


@dataclass
class Doom:
    """How many workers have been killed."""

    killed: int = 0


@asynccontextmanager
async def doomed_workers(settings: Settings, temporal: str) -> AsyncIterator[Doom]:
    """Two workers at a time, each until a commit of its own kills it."""
    doom = Doom()
    environment = {
        "PATH": os.environ["PATH"],
        "TEMPORAL_ADDRESS": temporal,
        "AMENDS_DATABASE_URL": settings.database_url,
        "AMENDS_MASTER_KEY": settings.master_key,
        "AMENDS_SMTP_URL": settings.smtp_url,
        "AMENDS_MAIL_FROM": settings.mail_from,
        "AMENDS_TASK_QUEUE": settings.task_queue,
        "AMENDS_STEP_ATTEMPTS": "50",
        "AMENDS_STEP_FIRST_WAIT": "0.05",
    }

    async def replace_them() -> None:
        while True:
            worker = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.surveys.doomed_worker", env=environment
            )
            try:
                assert await worker.wait() == -signal.SIGKILL
            finally:
                if worker.returncode is None:
                    worker.kill()
                    await worker.wait()
            doom.killed += 1

    tasks = [asyncio.create_task(replace_them()) for _ in range(2)]
    yield doom
    for task in tasks:
        task.cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(outcome, asyncio.CancelledError) for outcome in outcomes), outcomes


@pytest.mark.long
async def test_a_wave_of_a_thousand_contacts_survives_workers_that_are_killed(
    database_url: str, time_skipping: WorkflowEnvironment, master_keys: MasterKeys, mail_server: MailServer
) -> None:
    temporal = time_skipping.client.service_client.config.target_host
    sampling = {"method": "stratified", "size": 1_000, "strata": ["district"], "reserve_share": 0.1}
    async with patient_house(database_url, time_skipping, master_keys, mail_server) as house:
        await quick_frame(house, 1_500)
        async with doomed_workers(house.parts.settings, temporal) as doom:
            wave = await planned(house, by_mail(sampling=sampling))
            async with watched(house, wave):
                given = await whole_wave(house, mail_server, wave, 400)
        under_way = doom.killed * AT_ONCE
        await nothing_is_lost_or_doubled(house, mail_server, wave, given, most_repeated=under_way)
        assert doom.killed >= 5
