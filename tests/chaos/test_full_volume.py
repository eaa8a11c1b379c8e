"""R7: the volume of PostgreSQL is full while people work; only root can make one that is small enough."""

import asyncio
import random
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.chaos.business import Business, brisk_paths, open_for_business
from tests.chaos.conftest import SEED, Say
from tests.chaos.faults import Injury
from tests.chaos.installation import Installation, installed
from tests.chaos.laws import contradictions
from tests.chaos.report import figures
from tests.chaos.sink import Sink
from tests.chaos.storm import look

pytestmark = pytest.mark.long

MEGABYTES = 400
CASES = 40
OVER_SECONDS = 40.0
FULL_AFTER_SECONDS = 8.0
FULL_SECONDS = 15.0
FILLER = "filler"


async def test_a_full_volume_is_not_now_and_heals_when_there_is_room_again(say: Say) -> None:
    """What was acknowledged is kept, PostgreSQL comes back by itself, and nobody is told of a defect."""
    sink = Sink()
    await sink.start()
    try:
        async with (
            installed({"AMENDS_SMTP_URL": sink.url}, prepared=small_volume) as installation,
            open_for_business(installation, SEED) as business,
        ):
            async with asyncio.TaskGroup() as group:
                group.create_task(business.run(brisk_paths(CASES, random.Random(SEED)), OVER_SECONDS))
                group.create_task(be_full(installation, business))
            evidence = await look(installation, business, sink)
            findings = contradictions(evidence)
            logs = installation.keep_logs() if findings else None
    finally:
        await sink.stop()
    say(figures("R7 full volume", SEED, evidence, findings, logs=logs))
    assert not findings
    assert business.diary.answers[503] > 0


async def be_full(installation: Installation, business: Business) -> None:
    """Leave no byte on the volume for a while, and longer if nobody has noticed yet."""
    await asyncio.sleep(FULL_AFTER_SECONDS)
    injury = Injury("volume", datetime.now(UTC))
    installation.injuries.append(injury)
    filler = installation.folder / "postgres" / FILLER
    refused = business.diary.answers[503]
    async with asyncio.timeout(OVER_SECONDS):
        for _ in range(int(FULL_SECONDS)):
            fill(filler)
            await asyncio.sleep(1)
        while business.diary.answers[503] == refused:
            fill(filler)
            await asyncio.sleep(1)
    filler.unlink()
    injury.back_at = datetime.now(UTC)


def fill(filler: Path) -> None:
    """Take what room there is, the last bytes one by one."""
    with filler.open("ab", buffering=0) as stream:
        for size in (1 << 20, 1 << 12, 1):
            while True:
                try:
                    stream.write(bytes(size))
                except OSError:
                    break


@contextmanager
def small_volume(folder: Path) -> Iterator[None]:
    """A volume of its own for PostgreSQL's data."""
    volume = folder / "postgres"
    volume.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m", "tmpfs", volume], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("only root can make a small volume")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", volume], check=True)
