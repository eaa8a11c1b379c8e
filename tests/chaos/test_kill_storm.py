"""R1: one process after the other is killed while complaints are handled; nothing that was acknowledged is lost."""

from collections import Counter
from dataclasses import dataclass

import pytest

from tests.chaos.business import open_for_business
from tests.chaos.conftest import Say
from tests.chaos.evidence import Evidence
from tests.chaos.faults import VICTIMS
from tests.chaos.installation import installed
from tests.chaos.laws import contradictions
from tests.chaos.replays import replay_all
from tests.chaos.report import Steal, effects, figures
from tests.chaos.sink import Sink
from tests.chaos.storm import Storm, look, rage
from tests.chaos.tampering import TAMPERINGS, Tampering

pytestmark = pytest.mark.slow

LONG = Storm(seed=20261127, cases=240, left_open=20, kills=110, mean_wait=4.0)
"""Twenty kills of each process or more: a quarter of an hour."""
GATE = Storm(seed=20261122, cases=60, left_open=6, kills=12, mean_wait=3.0)


@dataclass(frozen=True, slots=True)
class Aftermath:
    evidence: Evidence
    line: str
    replayed: int


async def weathered(storm: Storm, name: str) -> Aftermath:
    """What is left after a storm."""
    sink, steal = Sink(), Steal()
    await sink.start()
    try:
        async with installed({"AMENDS_SMTP_URL": sink.url}) as installation:
            await installation.remember_commit_times()
            async with open_for_business(installation, storm.seed, think_seconds=2.0) as business:
                await rage(storm, installation, business, sink)
                evidence = await look(installation, business, sink)
            replayed = await replay_all(await installation.temporal(), installation.keys)
            findings = contradictions(evidence)
            logs = installation.keep_logs() if findings else None
    finally:
        await sink.stop()
    more = {"steal_percent": steal.percent(), "logs": logs, "histories_replayed": replayed}
    return Aftermath(evidence, figures(name, storm.seed, evidence, findings, **more), replayed)


@pytest.fixture(scope="module")
async def aftermath() -> Aftermath:
    return await weathered(GATE, "R1 kill storm")


async def test_nothing_acknowledged_is_lost_or_done_twice(aftermath: Aftermath, say: Say) -> None:
    say(aftermath.line)
    assert not contradictions(aftermath.evidence)


@pytest.mark.parametrize(("tampering", "law"), TAMPERINGS.items(), ids=lambda each: getattr(each, "__name__", ""))
async def test_the_checker_notices(aftermath: Aftermath, tampering: Tampering, law: str) -> None:
    findings = contradictions(tampering(aftermath.evidence))
    assert any(finding.startswith(f"{law}: ") for finding in findings)


def test_every_history_of_the_storm_replays(aftermath: Aftermath) -> None:
    """R13: what was cut off, repeated and taken over by the other worker, too."""
    assert aftermath.replayed >= GATE.cases


def test_business_goes_on_after_every_kill(aftermath: Aftermath) -> None:
    """R3: how soon is printed with the figures; here only that it does, whichever process was killed."""
    assert effects(aftermath.evidence).keys() >= {"api", "postgres", "temporal", "worker"}


@pytest.mark.long
async def test_nothing_is_lost_or_done_twice_in_a_long_storm(say: Say) -> None:
    aftermath = await weathered(LONG, "R1 kill storm, long")
    say(aftermath.line)
    assert not contradictions(aftermath.evidence)


async def test_every_process_was_killed_at_least_twice(aftermath: Aftermath) -> None:
    killed = Counter(injury.victim for injury in aftermath.evidence.injuries)
    assert sum(killed.values()) >= 10
    assert all(killed[victim] >= 2 for victim in VICTIMS)


async def test_the_storm_met_what_it_should_meet(aftermath: Aftermath) -> None:
    """Cases of every fate, letters that waited for an operator, clocks that were missed and clocks that were kept."""
    facts = Counter(row.type for rows in aftermath.evidence.ledger.values() for row in rows)
    assert len(aftermath.evidence.diary.references) == GATE.cases
    assert facts["step.retried"] > 0
    assert facts["clock.breached"] >= GATE.left_open
    assert facts["complaint.closed"] > 0
