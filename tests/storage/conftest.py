from collections.abc import AsyncIterator

import pytest

from storage.ledger import Ledger
from storage.pool import Pool, open_pool


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    pool = await open_pool(database_url, size=8)
    yield pool
    await pool.close()


@pytest.fixture
def ledger(pool: Pool) -> Ledger:
    return Ledger(pool)
