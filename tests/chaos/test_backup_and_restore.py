"""R19: the runbook of docs/operations.md for backup and restore, done step by step with the programs that it names.

What was acknowledged before the backup is there and goes on, whether Temporal's store is empty or knows too much.
"""

import asyncio
import os
import random
import secrets
import shutil
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from temporalio.client import Client

from contracts.search_attributes import ALL
from domain.complaints.terms import Status
from runtime.converter import HEADER_CODEC, data_converter
from starter.embedded import EmbeddedPostgres, EmbeddedTemporal
from starter.embedded.binaries import postgres_programs
from starter.embedded.data_folder import PORTS, is_free
from storage.keys import MasterKeys
from tests.chaos.business import Business, brisk_paths, left_open
from tests.chaos.conftest import SEED, Say
from tests.chaos.evidence import Scene, gather, until_quiet
from tests.chaos.installation import ROOT, environment
from tests.chaos.laws import contradictions
from tests.chaos.report import figures
from tests.chaos.rig import QUIET_WITHIN, Rig
from tests.chaos.test_crowded_desks import taken, withdraw_all
from tests.conftest import execute

pytestmark = pytest.mark.slow

SKIPPED_NUMBERS = 10_000


@pytest.fixture
async def empty_temporal(tmp_path: Path) -> AsyncIterator[EmbeddedTemporal]:
    """Another server, which knows nothing."""
    types = {key.name: key.indexed_value_type.name for key in ALL}
    port = next(port for port in random.sample(PORTS, len(PORTS)) if is_free(port))
    server = EmbeddedTemporal(tmp_path, port=port, search_attributes=types)
    await server.start()
    yield server
    await server.stop()


@pytest.mark.parametrize("store", [pytest.param("newer", marks=pytest.mark.long), "empty"])
async def test_what_was_acknowledged_before_a_backup_is_there_after_its_restore_and_goes_on(
    store: str,
    rig: Rig,
    business: Business,
    postgres_server: EmbeddedPostgres,
    empty_temporal: EmbeddedTemporal,
    master_keys: MasterKeys,
    tmp_path: Path,
    say: Say,
) -> None:
    await business.run([left_open, left_open, *brisk_paths(4, random.Random(SEED))], 2)
    await rig.sink.stop()
    waiting = await taken(business, channel="web")
    business.diary.ends[waiting] = Status.WITHDRAWN
    backup = tmp_path / "backup"
    await back_up(rig, backup)
    lost = await taken_and_not_backed_up(rig, business)
    started_at = datetime.now(UTC)
    async with rig.hurt("postgres"), rig.hurt("worker to mail"):
        assert [await rig.stop(part) for part in ("api", "worker")] == [0, 0]
        await restore(rig, postgres_server, backup)
        if store == "empty":
            await move_to(rig, empty_temporal, master_keys)
        for words in (["migrate"], ["rebuild"], ["verify", "ledger"]):
            await amends(rig, *words)
        await asyncio.gather(rig.start("worker"), rig.start("api"))
        restored_in = (datetime.now(UTC) - started_at).total_seconds()
        assert await taken(business, channel="phone") > lost
        await rig.sink.start()
    await withdraw_all(business, {waiting, business.diary.references[-1]})
    await business.run(brisk_paths(4, random.Random(SEED + 1)), 2)
    scene = Scene(
        rig.database_url, rig.temporal, rig.task_queue, business.diary, rig.sink, tuple(rig.injuries), store == "empty"
    )
    await until_quiet(scene, QUIET_WITHIN)
    evidence = await gather(scene)
    findings = contradictions(evidence)
    say(figures(f"R19 restored, {store} store", SEED, evidence, findings, restored_in=round(restored_in, 1)))
    assert not findings, rig.folder
    assert lost not in evidence.ledger
    assert any(record.epoch > 1 for record in evidence.records.values())


async def back_up(rig: Rig, folder: Path) -> None:
    """While everything runs."""
    await asyncio.to_thread(folder.mkdir)
    await program("pg_dump", "--format=custom", f"--file={folder / 'records'}", rig.database_url)
    await asyncio.to_thread(copy_files, rig.folder, folder)


async def restore(rig: Rig, server: EmbeddedPostgres, backup: Path) -> None:
    """The database is gone; what the backup has of it comes back, and the numbers behind it are skipped."""
    name = rig.database_url.rpartition("/")[2]
    await execute(server.url, f"DROP DATABASE {name} WITH (FORCE)")
    shutil.rmtree(rig.folder / "files", ignore_errors=True)
    await execute(server.url, f"CREATE DATABASE {name}")
    await program("pg_restore", "--exit-on-error", f"--dbname={rig.database_url}", str(backup / "records"))
    await asyncio.to_thread(copy_files, backup, rig.folder)
    await execute(rig.database_url, f"SELECT setval('case_number', nextval('case_number') + {SKIPPED_NUMBERS})")


def copy_files(here: Path, there: Path) -> None:
    if (here / "files").exists():
        shutil.copytree(here / "files", there / "files")


async def taken_and_not_backed_up(rig: Rig, business: Business) -> str:
    """A complaint that the records will not know; its client does."""
    hotline = business.staff.hotline[0]
    answer = await hotline.client.post(
        "/v1/complaints",
        json={"channel": "phone", "narrative": "Too late for the backup."},
        headers={"Authorization": f"Bearer {hotline.token}", "Idempotency-Key": secrets.token_hex(8)},
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["reference"])


async def move_to(rig: Rig, server: EmbeddedTemporal, keys: MasterKeys) -> None:
    """Let the links that led to the old Temporal lead to this one."""
    for name, link in rig.links.items():
        if name.endswith("temporal"):
            link.target = int(server.address.rpartition(":")[2])
            link.cut()
    rig.temporal = await Client.connect(
        server.address, data_converter=data_converter(keys), header_codec_behavior=HEADER_CODEC
    )


async def amends(rig: Rig, *words: str) -> None:
    await _run([sys.executable, "-m", "starter.cli.main", *words], environment(rig.environments["worker"]))


async def program(name: str, *words: str) -> None:
    await _run([str(postgres_programs(for_others=False) / name), *words], dict(os.environ))


async def _run(argv: list[str], variables: dict[str, str]) -> None:
    process = await asyncio.create_subprocess_exec(
        *argv, cwd=ROOT, env=variables, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
