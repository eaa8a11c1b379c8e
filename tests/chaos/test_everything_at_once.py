"""R2, R4 and P5: a worker that wakes up after its leases are over, a power cut, the loss of Temporal's whole store.

One installation goes through all of them while people work with it; the checker looks at everything so far each time.
"""

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from starter.demo.journeys import Journey
from tests.chaos.business import Business, mixed_paths, open_for_business
from tests.chaos.conftest import Say
from tests.chaos.evidence import Evidence
from tests.chaos.installation import Installation, installed
from tests.chaos.laws import contradictions
from tests.chaos.report import figures
from tests.chaos.sink import Sink
from tests.chaos.storm import look

pytestmark = pytest.mark.slow

SEED = 20261122
CASES = 10
OVER_SECONDS = 8.0
FROZEN_SECONDS = 12.0
"""Longer than a worker may hold a workflow task (ten seconds), a sticky queue or an attempt at recording (five)."""

SHORTLY_FROZEN_SECONDS = 2.5


@dataclass(frozen=True, slots=True)
class Scenery:
    installation: Installation
    business: Business
    sink: Sink

    async def look(self) -> Evidence:
        return await look(self.installation, self.business, self.sink)


@pytest.fixture(scope="module")
async def scenery() -> AsyncIterator[Scenery]:
    sink = Sink()
    await sink.start()
    async with installed({"AMENDS_SMTP_URL": sink.url}) as installation:
        await installation.remember_commit_times()
        async with open_for_business(installation, SEED) as business:
            yield Scenery(installation, business, sink)
    await sink.stop()


async def test_what_a_frozen_process_does_when_it_wakes_changes_nothing(scenery: Scenery, say: Say) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(scenery.business.run(paths(1), OVER_SECONDS))
        await asyncio.sleep(OVER_SECONDS / 3)
        async with asyncio.TaskGroup() as frost:
            frost.create_task(scenery.installation.freeze("worker-1", FROZEN_SECONDS))
            for part in ("api", "temporal", "api", "temporal"):
                await scenery.installation.freeze(part, SHORTLY_FROZEN_SECONDS)
    assert not show("R4 frozen processes", await scenery.look(), say)


async def test_everything_is_there_and_goes_on_after_a_power_cut(scenery: Scenery, say: Say) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(scenery.business.run(paths(2), OVER_SECONDS))
        await asyncio.sleep(OVER_SECONDS / 2)
        await scenery.installation.kill_everything()
        started_at = datetime.now(UTC)
        await scenery.installation.start_again()
    evidence = await scenery.look()
    assert not show("R2 all at once", evidence, say, first_effect_after=first_effect(evidence, started_at))


async def test_open_cases_go_on_without_anything_that_temporal_knew(scenery: Scenery, say: Say) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(scenery.business.run(paths(3), OVER_SECONDS))
        await asyncio.sleep(OVER_SECONDS / 2)
        await scenery.installation.kill_everything()
        scenery.installation.lose_temporal_store()
        started_at = datetime.now(UTC)
        await scenery.installation.start_again()
    evidence = await scenery.look()
    assert not show("P5 store lost", evidence, say, first_effect_after=first_effect(evidence, started_at))
    assert any(record.epoch == 2 for record in evidence.records.values())


def paths(round_number: int) -> list[Journey]:
    return mixed_paths(CASES, random.Random(SEED + round_number), left=2)


def first_effect(evidence: Evidence, after: datetime) -> float:
    """Seconds from `amends up` to the first commit that it made possible."""
    commits = [row.committed_at for rows in evidence.ledger.values() for row in rows if row.committed_at]
    return round(min((at - after).total_seconds() for at in commits if at > after), 2)


def show(name: str, evidence: Evidence, say: Say, **more: float) -> list[str]:
    findings = contradictions(evidence)
    say(figures(name, SEED, evidence, findings, **more))
    return findings
