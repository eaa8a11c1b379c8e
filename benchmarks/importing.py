"""An import of 100,000 rows: rows a second beside a bare COPY and bare INSERTs of the same rows, and its memory.

Run: python -m benchmarks.importing [ROWS]

A real PostgreSQL from its wheel, the import's own desk and activity, without Temporal.
Memory is the growth of the resident set between a tenth of the rows and all of them: what grows with the file.
"""

import asyncio
import base64
import csv
import random
import resource
import secrets
import sys
import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import perf_counter

import asyncpg
from temporalio.testing import ActivityEnvironment

from activities.importing import ImportWorker
from contracts.imports import ImportStart
from domain.access import Role
from domain.complaints import shipped
from domain.complaints.importing import shipped_mapping
from runtime.preparation import prepare
from runtime.rulebook import Rulebook
from starter.embedded import EmbeddedPostgres
from starter.imports import ImportDesk
from storage.imports import Imports
from storage.keys import MasterKeys
from storage.people import People
from storage.pool import Pool, open_pool
from storage.vault import Vault

ROWS = 100_000
MOST_GROWTH_MB = 30
KINDS = ("Noise - Residential", "Illegal Parking", "HEAT/HOT WATER", "Dead Animal", "Pet Shop", "Street Condition")
HEADER = ("Unique Key", "Created Date", "Closed Date", "Agency", "Complaint Type", "Descriptor", "Status", "Borough")


async def main(rows: int) -> None:
    with tempfile.TemporaryDirectory(prefix="amends-importing-") as folder:
        file = Path(folder) / "rows.csv"
        made = write_rows(file, rows)
        server = EmbeddedPostgres(Path(folder) / "data")
        await server.start()
        try:
            await prepare(server.url, "Asia/Shanghai", datetime.now(UTC))
            copied, inserted = await bare(server.url, made)
            looked, taken, growth = await imported(server.url, file, rows)
        finally:
            await server.stop()
    total = looked + taken
    print(f"import of {rows:,} rows, a tenth of them open")
    print(f"  looked at and kept {looked:8.1f} s   {rows / looked:10,.0f} rows a second")
    print(f"  taken over         {taken:8.1f} s   {rows / taken:10,.0f} rows a second")
    print(
        f"  bare INSERTs       {inserted:8.1f} s   {rows / inserted:10,.0f} rows a second   ({total / inserted:.1f} ×)"
    )
    print(f"  bare COPY          {copied:8.1f} s   {rows / copied:10,.0f} rows a second   ({total / copied:.1f} ×)")
    met = "met" if growth <= MOST_GROWTH_MB else "missed"
    print(f"  memory from a tenth to all of the rows: + {growth:.0f} MB   limit {MOST_GROWTH_MB} MB: {met}")
    if growth > MOST_GROWTH_MB:
        raise SystemExit("memory grows with the file")


def write_rows(file: Path, rows: int) -> list[tuple[str, ...]]:
    """The file, and the same rows for the bare statements."""
    chance, begin = random.Random(1), date(2024, 1, 1)
    made = []
    for number in range(rows):
        received = begin + timedelta(days=number * 700 // rows)
        ended = "" if number % 10 == 0 else f"{received + timedelta(days=chance.randint(0, 20)):%Y-%m-%d}"
        kind = chance.choice(KINDS)
        status = "Closed" if ended else "Open"
        told = f"{kind}: reported {chance.randint(1, 9)} times"
        made.append((str(number), f"{received:%Y-%m-%d}", ended, "NYPD", kind, told, status, "QUEENS"))
    with file.open("w", newline="") as text:
        table = csv.writer(text)
        table.writerow(HEADER)
        table.writerows(made)
    return made


async def bare(url: str, made: list[tuple[str, ...]]) -> tuple[float, float]:
    """Seconds of a COPY and of INSERTs, 100 a transaction, into a table without any index."""
    connection = await asyncpg.connect(url)
    columns = ", ".join(f"c{number} text" for number in range(len(HEADER)))
    await connection.execute(f"CREATE TABLE bare_copy ({columns}); CREATE TABLE bare_insert ({columns})")
    begin = perf_counter()
    await connection.copy_records_to_table("bare_copy", records=made)
    copied = perf_counter() - begin
    places = ", ".join(f"${number + 1}" for number in range(len(HEADER)))
    begin = perf_counter()
    for start in range(0, len(made), 100):
        await connection.executemany(f"INSERT INTO bare_insert VALUES ({places})", made[start : start + 100])
    inserted = perf_counter() - begin
    await connection.close()
    return copied, inserted


async def imported(url: str, file: Path, rows: int) -> tuple[float, float, float]:
    """Seconds of looking and keeping, seconds of taking over, and megabytes that memory grew by."""
    keys = MasterKeys.parse(base64.b64encode(secrets.token_bytes(32)).decode())
    pool = await open_pool(url, size=4)
    imports = Imports(pool, Vault(pool, keys, "US"), keys, "US")
    desk = ImportDesk(
        imports=imports,
        rulebook=Rulebook(pool),
        taxonomy=shipped.taxonomy(),
        region="US",
        default_policy="plain",
        start=nobody,
    )
    person = await People(pool).enrol("importer", [Role.SUPERVISOR], datetime.now(UTC))
    begin = perf_counter()
    with file.open("rb") as content:
        looked = await desk.look(content, shipped_mapping("nyc311"))
        batch = await desk.take(person, content, looked, leave_out_bad_rows=False)
    seconds = perf_counter() - begin
    begin = perf_counter()
    growth = await taken_over(pool, imports, batch, rows)
    await pool.close()
    return seconds, perf_counter() - begin, growth


async def taken_over(pool: Pool, imports: Imports, batch: str, rows: int) -> float:
    """Carry the import out, page by page as its workflow does."""
    worker = ImportWorker(imports, Rulebook(pool), shipped.taxonomy(), "plain", lambda: datetime.now(UTC))
    settled, at_a_tenth = 0, 0.0
    while True:
        page = await ActivityEnvironment().run(worker.import_page, ImportStart(batch=batch))
        settled += page.settled
        if not at_a_tenth and settled >= rows / 10:
            at_a_tenth = resident_megabytes()
        if page.is_last:
            progress = await imports.progress(batch)
            if progress is None or progress.imported != rows:
                raise SystemExit(f"not every row became a case: {progress}")
            return resident_megabytes() - at_a_tenth


def resident_megabytes() -> float:
    """The largest resident set so far: it never shrinks, so that growth is growth of the peak."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def nobody(_: str) -> None:
    """Nothing is started: the pages are carried out here."""


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS))
