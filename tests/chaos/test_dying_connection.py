"""A connection on which PostgreSQL said its last word counts as PostgreSQL being away, whatever asyncpg calls it."""

import asyncpg
import pytest

from storage.pool import StoreAway, store_errors

FIELDS = b"SFATAL\0VFATAL\0C57P02\0Mterminating connection because of crash of another server process\0\0"
LAST_WORD = b"E" + (len(FIELDS) + 4).to_bytes(4, "big") + FIELDS
"""What a backend sends before it goes when another one was killed (PostgreSQL's protocol, ErrorResponse)."""


async def test_a_connection_that_has_read_the_last_word_but_not_the_end_counts_as_the_store_away(
    database_url: str,
) -> None:
    """Found by the kill storm: the API answered 500 when it took such a connection from its pool."""
    connection = await asyncpg.connect(database_url)
    try:
        connection._protocol.data_received(LAST_WORD)  # type: ignore[attr-defined]
        with pytest.raises(StoreAway), store_errors():
            await connection.fetchval("SELECT 1")
    finally:
        connection.terminate()
