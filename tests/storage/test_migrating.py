"""Migrations: applied once, in order, one transaction each; any other history is refused by name."""

import asyncio
import hashlib
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from storage.migrating import MIGRATIONS, MigrationError, migrate, pending, read_migrations

pytestmark = pytest.mark.services


@pytest.fixture
async def empty_database(database_url: str) -> AsyncIterator[str]:
    """A database beside the migrated one, with nothing in it."""
    name = f"empty_{uuid.uuid4().hex}"
    keeper = await asyncpg.connect(database_url)
    await keeper.execute(f"CREATE DATABASE {name}")
    yield urlunsplit(urlsplit(database_url)._replace(path=f"/{name}"))
    await keeper.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await keeper.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "0001_first.sql").write_text("CREATE TABLE first (id integer);")
    (tmp_path / "0002_second.sql").write_text("CREATE TABLE second (id integer); INSERT INTO first VALUES (7);")
    return tmp_path


async def fetch(url: str, query: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetch(query)
    finally:
        await connection.close()


async def test_migrations_are_applied_once_and_in_order(empty_database: str, folder: Path) -> None:
    assert await migrate(empty_database, folder) == ["0001_first", "0002_second"]
    assert await migrate(empty_database, folder) == []
    assert [row["id"] for row in await fetch(empty_database, "SELECT id FROM first")] == [7]


async def test_the_register_holds_number_name_and_sha256_of_each_file(empty_database: str, folder: Path) -> None:
    await migrate(empty_database, folder)
    rows = await fetch(empty_database, "SELECT number, name, sha256 FROM schema_migration ORDER BY number")
    content = (folder / "0002_second.sql").read_bytes()
    assert tuple(rows[1]) == (2, "0002_second", hashlib.sha256(content).hexdigest())


async def test_a_later_file_is_pending_until_it_is_applied(empty_database: str, folder: Path) -> None:
    connection = await asyncpg.connect(empty_database)
    assert await pending(connection, folder) == ["0001_first", "0002_second"]
    await migrate(empty_database, folder)
    (folder / "0003_third.sql").write_text("CREATE TABLE third (id integer);")
    assert await pending(connection, folder) == ["0003_third"]
    assert await migrate(empty_database, folder) == ["0003_third"]
    assert await pending(connection, folder) == []
    await connection.close()


async def test_an_edited_migration_is_refused_by_name_and_nothing_is_applied(empty_database: str, folder: Path) -> None:
    await migrate(empty_database, folder)
    (folder / "0001_first.sql").write_text("CREATE TABLE first (id bigint);")
    (folder / "0003_third.sql").write_text("CREATE TABLE third (id integer);")
    with pytest.raises(MigrationError, match="0001_first: was edited"):
        await migrate(empty_database, folder)
    assert await fetch(empty_database, "SELECT 1 FROM pg_tables WHERE tablename = 'third'") == []


async def test_a_missing_migration_is_refused_by_name(empty_database: str, folder: Path) -> None:
    await migrate(empty_database, folder)
    (folder / "0001_first.sql").unlink()
    with pytest.raises(MigrationError, match="0001_first: was applied to this database, but its file is missing"):
        await migrate(empty_database, folder)


async def test_a_migration_older_than_the_newest_applied_one_is_refused(empty_database: str, folder: Path) -> None:
    (folder / "0005_fifth.sql").write_text("SELECT 1;")
    await migrate(empty_database, folder)
    (folder / "0004_fourth.sql").write_text("SELECT 1;")
    with pytest.raises(MigrationError, match=r"0004_fourth: is older than the newest applied migration \(0005\)"):
        await migrate(empty_database, folder)


async def test_a_migration_that_fails_leaves_nothing_of_itself_but_keeps_the_earlier_ones(
    empty_database: str, folder: Path
) -> None:
    (folder / "0003_third.sql").write_text("CREATE TABLE third (id integer); SELECT 1 / 0;")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(empty_database, folder)
    tables = await fetch(
        empty_database, "SELECT tablename FROM pg_tables WHERE tablename IN ('first', 'second', 'third')"
    )
    assert {row["tablename"] for row in tables} == {"first", "second"}


async def test_processes_that_migrate_at_once_take_turns(empty_database: str, folder: Path) -> None:
    applied = await asyncio.gather(*(migrate(empty_database, folder) for _ in range(4)))
    assert sorted(applied) == [[], [], [], ["0001_first", "0002_second"]]


async def test_a_migration_gives_way_to_a_busy_table_and_is_tried_again(empty_database: str, folder: Path) -> None:
    await migrate(empty_database, folder)
    (folder / "0003_third.sql").write_text("ALTER TABLE first ADD COLUMN name text;")
    reader = await asyncpg.connect(empty_database)
    reading = reader.transaction()
    await reading.start()
    await reader.fetch("SELECT * FROM first")
    migrating = asyncio.create_task(migrate(empty_database, folder))
    await asyncio.sleep(2.5)  # longer than the lock time-out of two seconds
    assert not migrating.done()
    await reading.rollback()
    assert await migrating == ["0003_third"]
    await reader.close()


def test_a_badly_named_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "1_first.sql").write_text("SELECT 1;")
    with pytest.raises(MigrationError, match=r"1_first\.sql: expected a name like"):
        read_migrations(tmp_path)


def test_a_number_used_twice_is_refused(folder: Path) -> None:
    (folder / "0002_other.sql").write_text("SELECT 1;")
    with pytest.raises(MigrationError, match="0002_second: the number 2 belongs to 0002_other"):
        read_migrations(folder)


async def test_our_own_migrations_build_an_empty_database(empty_database: str) -> None:
    names = [migration.name for migration in read_migrations(MIGRATIONS)]
    assert await migrate(empty_database) == names
    assert names[0] == "0001_vault"
    tables = await fetch(empty_database, "SELECT tablename FROM pg_tables WHERE schemaname = 'vault'")
    assert {row["tablename"] for row in tables} >= {"subject", "identity", "sealed_text", "blind_index"}
