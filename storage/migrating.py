"""Bringing the schema forward: numbered SQL files, each applied once, none ever edited or taken back.

Owns the table `schema_migration` and the order of the files in `storage/migrations`. What the files create belongs
to the modules that use it.
"""

import asyncio
import hashlib
import re
from dataclasses import dataclass
from importlib.abc import Traversable
from importlib.resources import files
from itertools import pairwise

import asyncpg

from storage.pool import Connection

MIGRATIONS: Traversable = files("storage").joinpath("migrations")

_NAME = re.compile(r"(?P<number>\d{4})_[a-z0-9_]+\.sql")
_LOCK = 0x616D656E6473  # "amends": one advisory lock for all processes that migrate
_LOCK_TIMEOUT = "2s"
_LOCK_ATTEMPTS = 30
_CONNECT_SECONDS = 10.0
_TURN_SECONDS = 0.5
_TURN_ATTEMPTS = 240

_CREATE_REGISTER = """
CREATE TABLE IF NOT EXISTS schema_migration (
    number     integer     PRIMARY KEY,
    name       text        NOT NULL UNIQUE,
    sha256     text        NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()  -- when this database was changed: no business time
)
"""


class MigrationError(Exception):
    """The files and the database tell different stories; nothing was applied. `problems` names each difference."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered file of SQL."""

    number: int
    name: str
    sql: str

    @property
    def sha256(self) -> str:
        """Fingerprint that shows a later edit."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


async def migrate(url: str, directory: Traversable = MIGRATIONS) -> list[str]:
    """Apply every pending migration, one transaction each, and return their names in order.

    Processes that migrate at once take turns. Raises MigrationError where an applied file was edited or is gone,
    LockNotAvailableError where the tables stay busy for a minute.
    """
    migrations = read_migrations(directory)
    connection = await asyncpg.connect(url, timeout=_CONNECT_SECONDS, server_settings={"timezone": "UTC"})
    try:
        await _take_turn(connection)  # ends with the connection
        await connection.execute(_CREATE_REGISTER)
        waiting = await _unapplied(connection, migrations)
        for migration in waiting:
            await _apply_patiently(connection, migration)
    finally:
        await connection.close()
    return [migration.name for migration in waiting]


async def pending(connection: Connection, directory: Traversable = MIGRATIONS) -> list[str]:
    """Names of the migrations that this database still lacks; raises MigrationError as `migrate` does."""
    migrations = read_migrations(directory)
    if await connection.fetchval("SELECT to_regclass('schema_migration')") is None:
        return [migration.name for migration in migrations]
    return [migration.name for migration in await _unapplied(connection, migrations)]


def read_migrations(directory: Traversable = MIGRATIONS) -> list[Migration]:
    """The migrations of a directory in order; raises MigrationError for a bad name or a number used twice."""
    found = sorted((entry for entry in directory.iterdir() if entry.name.endswith(".sql")), key=lambda e: e.name)
    problems = [f"{e.name}: expected a name like 0007_what_it_adds.sql" for e in found if not _NAME.fullmatch(e.name)]
    if problems:
        raise MigrationError(problems)
    migrations = [Migration(int(e.name[:4]), e.name.removesuffix(".sql"), e.read_text("utf-8")) for e in found]
    for earlier, later in pairwise(migrations):
        if earlier.number == later.number:
            problems.append(f"{later.name}: the number {later.number} belongs to {earlier.name}")
    if problems:
        raise MigrationError(problems)
    return migrations


async def _unapplied(connection: Connection, migrations: list[Migration]) -> list[Migration]:
    rows = await connection.fetch("SELECT number, name, sha256 FROM schema_migration ORDER BY number")
    applied = {row["name"]: row["sha256"] for row in rows}
    newest = rows[-1]["number"] if rows else 0
    problems = _differences(migrations, applied, newest)
    if problems:
        raise MigrationError(problems)
    return [migration for migration in migrations if migration.name not in applied]


def _differences(migrations: list[Migration], applied: dict[str, str], newest: int) -> list[str]:
    known = {migration.name for migration in migrations}
    problems = [f"{name}: was applied to this database, but its file is missing" for name in applied.keys() - known]
    for migration in migrations:
        if migration.name not in applied and migration.number < newest:
            problems.append(f"{migration.name}: is older than the newest applied migration ({newest:04d})")
        elif applied.get(migration.name, migration.sha256) != migration.sha256:
            problems.append(f"{migration.name}: was edited after it was applied; add a new migration instead")
    return sorted(problems)


async def _take_turn(connection: Connection) -> None:
    for _ in range(_TURN_ATTEMPTS):
        if await connection.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK):
            return
        await asyncio.sleep(_TURN_SECONDS)
    raise TimeoutError("another process has been migrating for two minutes")


async def _apply_patiently(connection: Connection, migration: Migration) -> None:
    """Give way to running statements: a long wait for an exclusive lock would stop every query behind it."""
    for attempt in range(1, _LOCK_ATTEMPTS + 1):
        try:
            await _apply(connection, migration)
        except asyncpg.LockNotAvailableError:
            if attempt == _LOCK_ATTEMPTS:
                raise
        else:
            return


async def _apply(connection: Connection, migration: Migration) -> None:
    async with connection.transaction():
        await connection.execute(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}'")
        await connection.execute(migration.sql)
        await connection.execute(
            "INSERT INTO schema_migration (number, name, sha256) VALUES ($1, $2, $3)",
            migration.number,
            migration.name,
            migration.sha256,
        )
