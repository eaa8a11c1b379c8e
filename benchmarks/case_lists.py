"""The lists of cases on 1,000,000 of them: how long each page takes, what index each uses.

Every filter alone, in every order, for every kind of reader. A page is what the API reads: fifty cases and their state.

A list of which the server gives up is counted as slow.

Run: python -m benchmarks.case_lists [a folder that keeps the million for the next run]
"""

import asyncio
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import asyncpg

from benchmarks.processes import percentile
from benchmarks.servers import conditions
from domain.complaints.evolve import fold
from runtime.preparation import prepare
from starter.embedded import EmbeddedPostgres
from storage.cases import list_query
from storage.pool import Pool, StoreAway, open_pool, planned_for_values
from tests.storage.sample_cases import AT, first_entries
from tests.storage.test_query_plans import FILL, FILTERS, SCOPES

CASES, PAGES, PAGE = 1_000_000, 20, 50
LIMIT_SECONDS = 0.050
ORDERS = ("received", "due", "severity")
HOPELESS_SECONDS = 1.0
SLOWEST_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Listed:
    """A list, how long its pages took, and what its plan reads."""

    reader: str
    filter: str
    order: str
    p50: float
    p95: float
    scans: str
    reads_whole_table: bool


async def main() -> None:
    print(conditions())
    with tempfile.TemporaryDirectory(prefix="amends-benchmark-") as folder:
        kept = Path(sys.argv[1] if len(sys.argv) > 1 else folder)
        postgres = EmbeddedPostgres(kept, settings={"max_wal_size": "8GB"})
        await postgres.start()
        try:
            await prepare(postgres.url, "Asia/Shanghai", AT)
            await _fill(postgres.url)
            pool = await open_pool(postgres.url, size=1)
            try:
                show([await _measured(pool, *each) for each in _lists()])
            finally:
                await pool.close()
        finally:
            await postgres.stop()
    print(conditions())


async def _fill(url: str) -> None:
    """A million cases, each with a state of the usual length."""
    connection = await asyncpg.connect(url)
    state = fold(first_entries("C-2026-000001")).model_dump_json()
    try:
        if await connection.fetchval("SELECT EXISTS (SELECT FROM case_record)"):
            return
        begin = perf_counter()
        await connection.execute(FILL.replace("'{}'", "$3::jsonb"), AT, CASES, state, timeout=900)
        await connection.execute("VACUUM ANALYZE case_record", timeout=900)
        size = await connection.fetchval("SELECT pg_size_pretty(pg_total_relation_size('case_record'))")
        print(f"{CASES:,} cases of {len(state):,} bytes of state, {size}, made in {perf_counter() - begin:.0f} s")
    finally:
        await connection.close()


def _lists() -> Iterator[tuple[str, str, str]]:
    for reader in SCOPES:
        for name in FILTERS:
            for order in ORDERS:
                yield reader, name, order


async def _measured(pool: Pool, reader: str, name: str, order: str) -> Listed:
    query, values = list_query(FILTERS[name], SCOPES[reader], sort=order, cursor=None, limit=PAGE + 1)
    times = []
    for _ in range(PAGES):
        begin = perf_counter()
        with suppress(StoreAway):
            async with planned_for_values(pool) as connection:
                await connection.fetch(query, *values)
        times.append(perf_counter() - begin)
        if times[-1] > HOPELESS_SECONDS:
            times *= 2
            break
    async with planned_for_values(pool) as connection:
        plan = json.loads(await connection.fetchval(f"EXPLAIN (FORMAT JSON) {query}", *values))[0]["Plan"]
    nodes = [node for node in _nodes(plan) if "Scan" in node["Node Type"]]
    scans = ", ".join(sorted({node.get("Index Name", node["Node Type"]) for node in nodes}))
    whole = any(node["Node Type"].endswith("Seq Scan") for node in nodes)
    return Listed(reader, name, order, percentile(times, 50), percentile(times, 95), scans, whole)


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for part in node.get("Plans", []):
        yield from _nodes(part)


def show(lists: list[Listed]) -> None:
    slow = [each for each in lists if each.p95 > LIMIT_SECONDS]
    whole = [each for each in lists if each.reads_whole_table]
    print(f"{len(lists)} lists, {PAGES} pages each; the slowest:      p50     p95")
    for each in sorted(lists, key=lambda one: -one.p95)[: max(SLOWEST_SHOWN, len(slow))]:
        name = f"{each.reader}, {each.filter}, by {each.order}"
        print(f"  {name:48} {each.p50 * 1e3:7.1f} {each.p95 * 1e3:7.1f} ms  {each.scans}")
    print(f"p95 over {LIMIT_SECONDS * 1e3:.0f} ms: {len(slow)} lists; that read the whole table: {len(whole)}")


if __name__ == "__main__":
    asyncio.run(main())
