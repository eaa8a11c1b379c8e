"""One database for the tests of a file, emptied behind each: a database of its own costs a test ten times as much."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from starter.embedded import EmbeddedPostgres
from storage.ledger import Ledger
from storage.pool import Connection, Pool, borrow, open_pool
from tests.conftest import execute, url_of_database

EMPTY_ALL = """
    SET session_replication_role = replica;
    DO $$ DECLARE name text; BEGIN
        FOR name IN SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
                     WHERE schemaname IN ('public', 'vault') AND tablename <> 'schema_migration' LOOP
            EXECUTE 'TRUNCATE ' || name || ' RESTART IDENTITY CASCADE';
        END LOOP;
    END $$;
    ALTER SEQUENCE case_number RESTART"""


@pytest.fixture(scope="module")
async def shared_database_url(
    postgres_server: EmbeddedPostgres, migrated_template: str, request: pytest.FixtureRequest
) -> AsyncIterator[str]:
    name = f"storage_{request.module.__name__.rpartition('.')[2]}"
    await execute(postgres_server.url, f"CREATE DATABASE {name} TEMPLATE {migrated_template}")
    yield url_of_database(postgres_server.url, name)
    await execute(postgres_server.url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def pool(shared_database_url: str) -> AsyncIterator[Pool]:
    pool = await open_pool(shared_database_url, size=8)
    yield pool
    await pool.close()
    await execute(shared_database_url, EMPTY_ALL)


@pytest.fixture
async def connection(pool: Pool) -> AsyncIterator[Connection]:
    async with borrow(pool) as connection:
        yield connection


@pytest.fixture
def ledger(pool: Pool) -> Ledger:
    return Ledger(pool)


@pytest.fixture
async def owner(pool: Pool, shared_database_url: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """A connection with the rights of the database's owner, on which no trigger fires."""
    connection = await asyncpg.connect(shared_database_url)
    await connection.execute("SET session_replication_role = replica")
    yield connection
    await connection.close()
