"""A crash right after each commit: the retried command gives one fact, and the run learns what the ledger knows."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from temporalio.testing import WorkflowEnvironment

from domain.complaints import commands as c
from domain.complaints.terms import Status
from runtime.assembly import case_worker
from runtime.settings import Settings
from tests.house import House
from tests.mail_server import MailServer
from tests.workflows.conftest import OpenHouse
from tests.workflows.failing import HangsOnce, LosesAnswers
from tests.workflows.following import all_agree, begin_anew, submit, until_fact, until_status

ANSWER = {"way": "email", "letter": "The valve was replaced.", "outcome": "upheld", "cause": "equipment"}
PATH = [
    "complaint.received",
    "step.done",
    "complaint.acknowledged",
    "complaint.assessed",
    "complaint.assigned",
    "complaint.investigation_started",
    "complaint.response_approved",
    "step.done",
    "complaint.responded",
    "complaint.closed",
]


async def go_the_whole_way(house: House) -> str:
    reference = await house.take()
    await until_fact(house, reference, "complaint.acknowledged")
    await house.do(reference, "assess", decision="valid")
    await house.do(reference, "claim")
    await house.do(reference, "start_investigation")
    await house.do(reference, "respond", **ANSWER)
    await until_status(house, reference, Status.RESPONDED)  # the run may not know it yet
    await house.do(reference, "close")
    await house.workflow(reference).result()
    return reference


@pytest.mark.parametrize("away_after", [0, 1], ids=["found by the next local attempt", "found by the activity"])
async def test_when_every_commit_loses_its_answer_the_case_goes_the_same_way_and_nothing_doubles(
    unattended: OpenHouse, mail_server: MailServer, away_after: int
) -> None:
    async with unattended() as house:
        ledger = LosesAnswers(house.parts.pool)
        ledger.away_after = away_after
        async with case_worker(replace(house.parts, ledger=ledger), strict=True):
            reference = await go_the_whole_way(house)
            assert await house.facts(reference) == PATH
            assert ledger.lost == 7  # two letters' outcomes and five commands
            assert len(mail_server.deliveries) == 2
            await all_agree(house)


async def test_a_recording_that_hangs_after_its_commit_is_given_up_and_found_in_the_ledger(
    unattended: OpenHouse,
) -> None:
    async with unattended() as house:
        ledger = HangsOnce(house.parts.pool)
        async with case_worker(replace(house.parts, ledger=ledger), strict=True):
            reference = await house.take(channel="phone")
            assessed = await house.do(reference, "assess", decision="valid")
            assert (assessed.status, assessed.sequence) == (Status.ACCEPTED, 3)
            assert (await house.facts(reference)).count("complaint.assessed") == 1
            await all_agree(house)


@dataclass
class Doom:
    """The doomed workers so far."""

    killed: int = 0


@asynccontextmanager
async def doomed_workers(settings: Settings, temporal: str) -> AsyncIterator[Doom]:
    """One worker after the other, each until its first commit kills it."""
    doom = Doom()
    task = asyncio.create_task(_replace_them(doom, _environment(settings, temporal)))
    yield doom
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _replace_them(doom: Doom, environment: dict[str, str]) -> None:
    while True:
        worker = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.workflows.doomed_worker", env=environment
        )
        try:
            assert await worker.wait() == -signal.SIGKILL
        finally:
            if worker.returncode is None:
                worker.kill()
                await worker.wait()
        doom.killed += 1


def _environment(settings: Settings, temporal: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "TEMPORAL_ADDRESS": temporal,
        "AMENDS_DATABASE_URL": settings.database_url,
        "AMENDS_MASTER_KEY": settings.master_key,
        "AMENDS_SMTP_URL": settings.smtp_url,
        "AMENDS_MAIL_FROM": settings.mail_from,
        "AMENDS_TASK_QUEUE": settings.task_queue,
    }


@pytest.mark.slow
async def test_a_case_is_handled_by_workers_of_which_each_dies_after_its_first_commit(
    unattended: OpenHouse, mail_server: MailServer, time_skipping: WorkflowEnvironment
) -> None:
    temporal = time_skipping.client.service_client.config.target_host
    async with unattended() as house:
        reference = await house.take(channel="phone", customer={"email": "li.hua@example.com"})
        await begin_anew(house, reference, task_timeout=timedelta(seconds=1))
        async with doomed_workers(house.parts.settings, temporal) as doom:
            assess = c.Assess(decision="invalid", ground="unfounded")
            assessed = await submit(house, reference, "assess-1", assess)
            assert (assessed.sequence, assessed.case.status) == (3, Status.EXPLAINING)
            text = (await house.record(reference)).intake.narrative  # a text that the vault can open
            await submit(house, reference, "explain-1", c.Explain(way="email", letter=text))
            await house.workflow(reference).result()
        assert doom.killed == 3  # two commands and the letter's outcome
        assert await house.facts(reference) == [
            "complaint.received",
            "complaint.acknowledged",
            "complaint.assessed",
            "complaint.explanation_approved",
            "step.done",
            "complaint.explained",
            "complaint.closed",
        ]
        assert len(mail_server.deliveries) == 1
        async with case_worker(house.parts, strict=True):
            await all_agree(house)
