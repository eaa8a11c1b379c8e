"""An analysis whose worker dies: at every commit, and by a real kill in the middle of the computation."""

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.client import Client

from domain.undertakings.analysis_run import AnalysisRun
from runtime.assembly import Parts, case_worker
from starter.undertakings import AnalysisForm, UndertakingRequest
from storage.keys import MasterKeys
from tests.house import House, open_house
from tests.mail_server import MailServer

PATIENCE_SECONDS = 120
UNTIL_MISSED_SECONDS = 400
"""Until Temporal has missed the heartbeat of a worker that was killed, and another one has computed it all again."""
MEASURES = [{"title": "Read every meter"}, {"title": "Call ahead", "partner": "city_fitters"}]


@pytest.fixture(scope="module")
async def house(
    module_database_url: str, temporal_client: Client, master_keys: MasterKeys, post: MailServer
) -> AsyncIterator[House]:
    """A house without a worker, with some complaints in it."""
    settings = {"smtp_url": post.url, "step_attempts": 50, "step_first_wait": timedelta(milliseconds=20)}
    async with open_house(module_database_url, temporal_client, master_keys, **settings) as house:
        for category in ("billing_meter", "billing_meter", "repair_late"):
            await house.take(category=category, customer={})
        yield house


async def ordered(house: House) -> str:
    today = datetime.now(UTC).date()
    form = AnalysisForm(first=today - timedelta(days=7), last=today)
    return (await house.services.undertaker.order_analysis(house.people["analyst"], form, None)).reference


async def until(house: House, reference: str, is_so: Callable[[AnalysisRun], bool]) -> AnalysisRun:
    async with asyncio.timeout(UNTIL_MISSED_SECONDS):
        while True:
            run = await house.parts.undertakings.find(reference)
            assert isinstance(run, AnalysisRun)
            if is_so(run):
                return run
            await asyncio.sleep(0.05)


async def signed_off(house: House, reference: str) -> AnalysisRun:
    await until(house, reference, lambda run: run.status == "reported")
    request = UndertakingRequest(
        house.people["supervisor"], "analysis", reference, "sign_off", {"measures": MEASURES}, key="sign-off"
    )
    await house.services.undertaker.perform(request)
    return await until(house, reference, lambda run: len(run.proposed) == len(MEASURES))


async def each_once(house: House, run: AnalysisRun) -> None:
    """Every fact once, one result, and an improvement for each measure."""
    told = [entry.fact.type for entry in await house.parts.undertakings.entries(run.reference)]
    assert told == [
        "analysis.ordered",
        "analysis.reported",
        "analysis.signed_off",
        "analysis.improvements_proposed",
    ]
    kept = await house.parts.undertakings.result(run.reference)
    assert kept is not None
    assert (kept.inputs_sha256, kept.report_sha256) == (run.inputs_sha256, run.report_sha256)
    opened = await house.parts.pool.fetch(
        "SELECT reference FROM undertaking WHERE origin LIKE $1 ORDER BY origin", f"{run.reference}/%"
    )
    assert tuple(row["reference"] for row in opened) == run.proposed


class _Crashing:
    """A part whose commits are heard of by nobody the first time; everything else is the part's own."""

    def __init__(self, part: Any, commits: tuple[str, ...], crashes: Counter[str]) -> None:
        self._part = part
        for name in commits:
            setattr(self, name, _crashing(name, getattr(part, name), crashes))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._part, name)


def _crashing(name: str, call: Callable[..., Awaitable[Any]], crashes: Counter[str]) -> Callable[..., Awaitable[Any]]:
    calls: Counter[object] = Counter()

    async def committing(*arguments: Any, **named: Any) -> Any:
        done = await call(*arguments, **named)
        about = (name, named.get("source"), arguments[1] if name == "propose" else None)
        calls[about] += 1
        if calls[about] == 1 or (name == "append" and calls[about] % 2):
            crashes[name] += 1
            raise ConnectionError("the worker was killed: a test says so")
        return done

    return committing


def crashing(parts: Parts, crashes: Counter[str]) -> Parts:
    return replace(
        parts,
        undertakings=_Crashing(parts.undertakings, ("append",), crashes),  # type: ignore[arg-type]
        undertaking_desk=_Crashing(parts.undertaking_desk, ("keep", "propose"), crashes),  # type: ignore[arg-type]
    )


async def test_an_analysis_whose_worker_dies_after_every_commit_does_each_thing_once(house: House) -> None:
    crashes: Counter[str] = Counter()
    async with case_worker(crashing(house.parts, crashes), strict=True):
        run = await signed_off(house, await ordered(house))
    await each_once(house, run)
    assert crashes["keep"] == 1
    assert crashes["propose"] == len(MEASURES)
    assert crashes["append"] >= 2


async def killed_while_it_computes(house: House, temporal: str) -> None:
    settings = house.parts.settings
    environment = {
        "PATH": os.environ["PATH"],
        "TEMPORAL_ADDRESS": temporal,
        "AMENDS_DATABASE_URL": settings.database_url,
        "AMENDS_MASTER_KEY": settings.master_key,
        "AMENDS_SMTP_URL": settings.smtp_url,
        "AMENDS_MAIL_FROM": settings.mail_from,
        "AMENDS_TASK_QUEUE": settings.task_queue,
    }
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.undertakings.doomed_worker", env=environment
    )
    async with asyncio.timeout(PATIENCE_SECONDS):
        assert await worker.wait() == -signal.SIGKILL


@pytest.mark.long
async def test_another_worker_resumes_an_analysis_whose_worker_was_killed(house: House) -> None:
    reference = await ordered(house)
    await killed_while_it_computes(house, house.parts.client.service_client.config.target_host)
    assert await house.parts.undertakings.result(reference) is None
    async with case_worker(house.parts, strict=True):
        run = await signed_off(house, reference)
    await each_once(house, run)
