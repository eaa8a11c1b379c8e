"""The connections to PostgreSQL, and what it means that PostgreSQL is away.

Owns the pool's settings and the judgement which errors are an outage (answer 503, try again) and which are faults.
It holds no SQL of any subject.
"""

import asyncio
import errno
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeAlias

import asyncpg

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"

COMMAND_SECONDS = 5.0
# Shorter than the client's own limit, so that the server gives up first, with a clean error on a usable connection.
_STATEMENT_MILLISECONDS = 4_500
# A frozen process must not keep its locks for longer than a worker's attempt lasts.
_IDLE_IN_TRANSACTION_MILLISECONDS = 15_000
_FIRST_PAUSE_SECONDS = 0.2
_LONGEST_PAUSE_SECONDS = 5.0

_AWAY_STATES = frozenset(
    {
        "25006",  # read-only transaction: we reached a standby in the middle of a failover
        "40001",  # serialization failure
        "40P01",  # deadlock: the other one won
        "55P03",  # lock not available in time
        "57014",  # cancelled by the statement time-out
        "57P01",  # administrator shut the server down
        "57P02",  # crash shutdown
        "57P03",  # starting up or in recovery
        "57P05",  # idle session ended
    }
)
_AWAY_CLASSES = ("08", "53")  # connection exception; insufficient resources: disk, memory, connections
_AWAY_ERRNOS = frozenset(
    {
        None,  # asyncio gathers the failures of several addresses in one OSError without a number
        errno.ECONNABORTED,
        errno.ECONNREFUSED,
        errno.ECONNRESET,
        errno.EHOSTUNREACH,
        errno.ENETUNREACH,
        errno.ENOENT,  # the unix socket is not there
        errno.EPIPE,
        errno.ETIMEDOUT,
    }
)


class StoreAway(Exception):
    """PostgreSQL cannot be reached or cannot take work now; the same request may succeed later."""


def is_store_away(error: BaseException) -> bool:
    """Whether an error means that PostgreSQL is away, overloaded or asks to try again, and not that we are wrong."""
    match error:
        case StoreAway() | TimeoutError() | socket.gaierror():
            return True
        case asyncpg.PostgresError():
            state = error.sqlstate or ""
            return state in _AWAY_STATES or state.startswith(_AWAY_CLASSES)
        case asyncpg.InterfaceError():
            return "clos" in str(error)  # "connection is closed", "pool is closing": nothing else tells them apart
        case asyncpg.InternalClientError():
            return "cannot switch to state" in str(error)  # the server died under it, the socket's end is not read yet
        case OSError():
            return error.filename is None and error.errno in _AWAY_ERRNOS
        case _:
            return False


@contextmanager
def store_errors() -> Iterator[None]:
    """Turn every error that means an outage into StoreAway; others pass."""
    try:
        yield
    except Exception as error:
        if is_store_away(error) and not isinstance(error, StoreAway):
            raise StoreAway(f"PostgreSQL is away: {type(error).__name__}") from error
        raise


@asynccontextmanager
async def borrow(pool: Pool) -> AsyncIterator[Connection]:
    """Lend a connection of the pool for a few statements; raises StoreAway when there is none in time."""
    with store_errors():
        async with pool.acquire(timeout=COMMAND_SECONDS) as connection:
            yield connection


@asynccontextmanager
async def transaction(pool: Pool) -> AsyncIterator[Connection]:
    """Lend a connection inside one transaction; raises StoreAway, also when it is unknown whether it committed."""
    async with borrow(pool) as connection, connection.transaction():
        yield connection


@asynccontextmanager
async def planned_for_values(pool: Pool) -> AsyncIterator[Connection]:
    """Lend a connection whose statements are planned for their values each time; raises StoreAway.

    PostgreSQL plans a prepared statement for any values from its sixth run on. Where values differ much (a team's cases
    or a person's, a page of a year or of a day), such a plan reads far more than it has to.
    """
    async with transaction(pool) as connection:
        await connection.execute("SET LOCAL plan_cache_mode = force_custom_plan")
        yield connection


async def open_pool(url: str, *, size: int = 10, name: str = "amends", patience_seconds: float = 60.0) -> Pool:
    """Open the pool, waiting up to `patience_seconds` for PostgreSQL to come up; raises StoreAway after that.

    The reset on release is left out (measured: eight round trips a transaction became one). asyncpg still rolls an
    open transaction back. So session state must never be set through the pool: `SET LOCAL` and transaction-level
    advisory locks only.
    """
    deadline = asyncio.get_running_loop().time() + patience_seconds
    pause = _FIRST_PAUSE_SECONDS
    while True:
        try:
            with store_errors():
                return await _create(url, size, name)
        except StoreAway:
            if asyncio.get_running_loop().time() + pause > deadline:
                raise
        await asyncio.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)


async def _create(url: str, size: int, name: str) -> Pool:
    return await asyncpg.create_pool(
        url,
        min_size=1,
        max_size=size,
        timeout=COMMAND_SECONDS,
        command_timeout=COMMAND_SECONDS,
        reset=_leave_as_it_is,
        server_settings={
            "application_name": name,
            "timezone": "UTC",
            "statement_timeout": str(_STATEMENT_MILLISECONDS),
            "idle_in_transaction_session_timeout": str(_IDLE_IN_TRANSACTION_MILLISECONDS),
            # Disks have no arms any more: with the default, plans read a second large index to save a few rows.
            "random_page_cost": "1.1",
        },
    )


async def _leave_as_it_is(_connection: Any) -> None:
    """Take the place of asyncpg's reset, which costs a round trip at each release."""
