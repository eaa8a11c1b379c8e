"""An erased person stays erased when an older backup comes back (S13)."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest
from temporalio.client import Client

from runtime.assembly import assemble
from runtime.erasing import ForgedTombstone
from starter.embedded import EmbeddedPostgres
from storage.keys import MasterKeys
from storage.vault import Erased
from tests.conftest import execute, url_of_database
from tests.house import House, open_house
from tests.security.canaries import Canaries, found_in
from tests.security.figures import row

pytestmark = pytest.mark.services

SUBJECTS = 200
KEPT = 3


@pytest.fixture
async def house(
    database_url: str, temporal_client: Client, master_keys: MasterKeys, tmp_path: Path
) -> AsyncIterator[House]:
    async with open_house(database_url, temporal_client, master_keys, files_dir=tmp_path / "files") as house:
        yield house


async def closed_cases(house: House, canaries: Canaries, number: int) -> list[str]:
    """So many customers, each with a case that was closed at once as a duplicate; their ids."""
    for each in range(number):
        who = {"name": canaries.text(f"name {each}"), "email": f"{canaries.word('mail')}@example.org"}
        await house.take(customer=who, narrative=canaries.text(f"narrative {each}"))
    await house.parts.pool.execute(
        """UPDATE case_record SET is_open = false, status = 'withdrawn', state = state
             || jsonb_build_object('status', 'withdrawn', 'ended_at', $1::text, 'clocks', '[]'::jsonb)
             || jsonb_build_object('steps', '[]'::jsonb)""",
        datetime.now(UTC).isoformat(),
    )
    return [
        row["customer"] for row in await house.parts.pool.fetch("SELECT customer FROM case_record ORDER BY customer")
    ]


async def readable(house: House, subjects: list[str]) -> int:
    return len(await house.parts.vault.identities(subjects))


async def test_what_was_erased_is_erased_again_when_an_older_backup_comes_back(
    house: House, database_url: str, postgres_server: EmbeddedPostgres, master_keys: MasterKeys
) -> None:
    canaries = Canaries()
    subjects = await closed_cases(house, canaries, SUBJECTS)
    privacy, settings = house.people["privacy"], house.parts.settings
    name = f"{database_url.rpartition('/')[2]}_backup"
    await house.parts.pool.expire_connections()
    await _copy(postgres_server.url, database_url.rpartition("/")[2], name)
    begun = datetime.now(UTC)
    for subject in subjects[KEPT:]:
        await house.services.privacy.erase(privacy, subject)
    seconds = (datetime.now(UTC) - begun).total_seconds()
    assert await readable(house, subjects) == KEPT
    with pytest.raises(Erased):
        await house.parts.vault.versions(subjects[-1])
    lines = settings.erasures_file.read_text().splitlines()
    assert len(lines) == SUBJECTS - KEPT
    assert not found_in("\n".join(lines).encode(), canaries.marks())
    backup = settings.model_copy(update={"database_url": url_of_database(postgres_server.url, name)})
    pool = await asyncpg.create_pool(backup.database_url, min_size=1)
    assert await pool.fetchval("SELECT count(*) FROM vault.subject WHERE erased_at IS NULL") == SUBJECTS
    async with assemble(backup, name="restored", lazy=True) as parts:  # a start, as after any restore
        assert len(await parts.vault.identities(subjects)) == KEPT
        assert await parts.eraser.reapply(lines) == []
    assert await pool.fetchval("SELECT count(*) FROM case_record") == SUBJECTS
    assert await pool.fetchval("SELECT count(*) FROM erasure") == SUBJECTS - KEPT
    await pool.close()
    await execute(postgres_server.url, f"DROP DATABASE {name} WITH (FORCE)")
    row(
        "S13",
        "erased, then an older backup restored",
        f"{SUBJECTS - KEPT} of {SUBJECTS} subjects, {seconds:.1f} s for all, 0 readable again, {KEPT} kept",
    )


async def _copy(server: str, database: str, name: str) -> None:
    """A backup, as a template of a new database: nobody may be connected for that moment."""
    connection = await asyncpg.connect(server)
    await connection.execute(f"ALTER DATABASE {database} ALLOW_CONNECTIONS false")
    await connection.execute(
        "SELECT pg_terminate_backend(pid, 10_000) FROM pg_stat_activity WHERE datname = $1", database
    )
    await connection.execute(f"CREATE DATABASE {name} TEMPLATE {database}")
    await connection.execute(f"ALTER DATABASE {database} ALLOW_CONNECTIONS true")
    await connection.close()


async def test_a_tombstone_that_we_did_not_write_erases_nobody(house: House) -> None:
    (subject,) = await closed_cases(house, Canaries(), 1)
    eraser = house.parts.eraser
    forged = {
        "at": datetime.now(UTC).isoformat(),
        "by": "x",
        "ground": "request",
        "subject": subject,
        "proof": "0" * 64,
    }
    for line in (json.dumps(forged), "{}", "nonsense", "[]", json.dumps(forged | {"more": 1})):
        with pytest.raises(ForgedTombstone):
            await eraser.reapply([line])
    assert await readable(house, [subject]) == 1


async def test_the_tombstones_of_the_database_are_those_of_the_file(house: House) -> None:
    subjects = await closed_cases(house, Canaries(), 5)
    for subject in subjects:
        await house.services.privacy.erase(house.people["privacy"], subject)
    exported = [line async for line in house.parts.eraser.tombstones()]
    assert sorted(exported) == sorted(house.parts.settings.erasures_file.read_text().splitlines())


async def test_a_crash_between_the_line_and_the_erasure_is_made_good_at_the_next_start(house: House) -> None:
    (subject,) = await closed_cases(house, Canaries(), 1)
    from storage.erasures import Tombstone

    line = house.parts.eraser.said(Tombstone(subject, datetime.now(UTC), "per_x", "request"))
    await house.parts.eraser._tombstones.append(line)
    assert await readable(house, [subject]) == 1
    assert await house.parts.eraser.honour() == 1
    assert await readable(house, [subject]) == 0
