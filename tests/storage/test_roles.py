"""Each database role × each table × each privilege, on roles that really log in."""

import asyncpg
import pytest

from storage.keys import MasterKeys
from storage.pool import open_pool
from storage.roles import API, READER, ROLES, TABLES, WORKER, grant_roles
from storage.vault import Vault
from tests.conftest import execute
from tests.security.figures import row as tell
from tests.storage.database_roles import roles, urls

__all__ = ["roles", "urls"]

pytestmark = pytest.mark.services

PRIVILEGES = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
HISTORY = ("ledger", "ledger_anchor", "personal_data_log", "personal_data_log_anchor", "erasure", "calendar")


async def held(url: str, role: str) -> dict[str, set[str]]:
    """What PostgreSQL itself says that a role may do with each whole table."""
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(
            """SELECT schemaname || '.' || tablename AS name, privilege FROM pg_tables, unnest($2::text[]) AS privilege
                WHERE schemaname IN ('public', 'vault')
                  AND has_table_privilege($1, quote_ident(schemaname) || '.' || quote_ident(tablename), privilege)""",
            role,
            list(PRIVILEGES),
        )
    finally:
        await connection.close()
    found: dict[str, set[str]] = {}
    for row in rows:
        found.setdefault(row["name"], set()).add(row["privilege"])
    return found


async def test_every_role_holds_what_its_row_says_and_nothing_more(database_url: str, urls: dict[str, str]) -> None:
    for role in ROLES:
        found = await held(database_url, role)
        for table, rights in TABLES.items():
            whole = {right for right in rights.get(role, "").split(", ") if right and "(" not in right}
            assert found.get(table, set()) == whole, f"{role} on {table}"
    cells = len(ROLES) * len(TABLES) * len(PRIVILEGES)
    tell("S16", "role × table × privilege, asked of PostgreSQL", f"{cells} cells, 0 wrong")


async def test_no_process_can_rewrite_history_whatever_table_it_is(database_url: str, urls: dict[str, str]) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        append_only = await connection.fetch(
            """SELECT DISTINCT n.nspname || '.' || c.relname AS name
                 FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
                 JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_proc p ON p.oid = t.tgfoid
                WHERE p.proname = 'refuse_rewriting_history'"""
        )
    finally:
        await connection.close()
    tables = {row["name"] for row in append_only}
    assert {f"public.{name}" for name in HISTORY} <= tables
    for role in ROLES:
        found = await held(database_url, role)
        assert all(found.get(table, set()) <= {"SELECT", "INSERT"} for table in tables)


@pytest.mark.parametrize("role", [API, WORKER, READER])
@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO ledger SELECT * FROM ledger",
        "UPDATE ledger SET payload = ''",
        "DELETE FROM ledger",
        "TRUNCATE ledger",
        "UPDATE case_record SET status = 'closed'",
        "UPDATE case_record SET head_hash = ''",
        "DELETE FROM case_record",
        "UPDATE personal_data_log SET by = ''",
        "DELETE FROM personal_data_log",
        "INSERT INTO personal_data_log_head VALUES ('x', 1, '')",
        "UPDATE personal_data_log_head SET hash = ''",
        "ALTER TABLE ledger DISABLE TRIGGER ALL",
        "SET session_replication_role = replica",
        "CREATE TABLE mine (x int)",
        "DROP TABLE ledger",
        "SELECT pg_read_file('/etc/passwd')",
        "COPY ledger TO PROGRAM 'cat'",
        "ALTER ROLE amends_api SUPERUSER",
    ],
)
async def test_a_process_is_refused_by_the_database_itself(urls: dict[str, str], role: str, statement: str) -> None:
    connection = await asyncpg.connect(urls[role])
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    finally:
        await connection.close()


@pytest.mark.parametrize(
    "table", ["vault.subject", "vault.sealed_text", "vault.identity", "token", "personal_data_log"]
)
async def test_a_reader_sees_nothing_of_the_vault_and_no_secret(urls: dict[str, str], table: str) -> None:
    connection = await asyncpg.connect(urls[READER])
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch(f"SELECT * FROM {table}")
        assert await connection.fetch("SELECT * FROM case_record") == []
    finally:
        await connection.close()


async def test_a_worker_sees_no_token_and_no_kept_answer_can_be_written_by_it(urls: dict[str, str]) -> None:
    connection = await asyncpg.connect(urls[WORKER])
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch("SELECT * FROM token")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("INSERT INTO idempotency (key, body, started_at) VALUES ('', '', now())")
    finally:
        await connection.close()


async def test_granting_again_changes_nothing_and_takes_away_what_was_given_by_hand(
    database_url: str, urls: dict[str, str]
) -> None:
    before = await held(database_url, API)
    await execute(database_url, f"GRANT ALL ON ledger TO {API}")
    await grant_roles(database_url)
    assert await held(database_url, API) == before


async def test_a_process_starts_with_the_rights_of_its_role(urls: dict[str, str]) -> None:
    keys = MasterKeys.generate()
    for role in (API, WORKER):
        pool = await open_pool(urls[role], size=1)
        await Vault(pool, keys).confirm_keys()
        await pool.close()
