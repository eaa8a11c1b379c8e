"""The customers as a sampling frame, and samples drawn from it by their permanent random numbers.

Drawing reads as many rows as it takes, however large the frame is: strata are counted by a trigger, and units come
from an index in the order of their numbers. Who a customer is stands in the vault.
"""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from domain.surveys.errors import Problem, refuse_if_any
from domain.surveys.sampling.plan import SamplingDesign, SelectionMethod
from domain.surveys.waves.wave import SampleSize
from storage.pool import Connection, Pool, borrow, transaction

STRATIFIERS = ("district", "customer_type")
"""The attributes that samples may be stratified by: those that the indexes of the frame are made for."""

DRAWN_AT_ONCE = 5_000
"""So many are read, and written, by one statement: a census of any size keeps within the time that one may take."""
BETWEEN = " / "
"""Between the attributes in the name of a stratum."""


@dataclass(frozen=True, slots=True)
class Customer:
    """A unit of the frame."""

    subject: str
    random_number: float
    district: str
    customer_type: str
    attributes: dict[str, Any]
    language: str
    has_email: bool
    has_phone: bool
    is_active: bool
    opted_out_at: datetime | None


@dataclass(frozen=True, slots=True)
class Stratum:
    """A stratum of the frame: its values by attribute, and how many units it has."""

    values: tuple[str, ...]
    units: int

    @property
    def name(self) -> str:
        return BETWEEN.join(self.values) or "all"


class Frame:
    """Customers, and the samples of waves."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def put(self, connection: Connection, customer: Customer, account: bytes, at: datetime) -> bool:
        """Add a customer or renew what is known; the random number stays. Whether it is a new one.

        Somebody who was asked about a complaint before, without a customer number, gets the number now.
        """
        before = await connection.fetchval("SELECT account FROM customer WHERE subject = $1", customer.subject)
        if before is not None and before != account:
            await connection.execute(
                "UPDATE customer SET account = $2, random_number = $3 WHERE subject = $1",
                customer.subject,
                account,
                customer.random_number,
            )
        row = await connection.fetchrow(
            """INSERT INTO customer AS c
                   (subject, account, random_number, district, customer_type, attributes, language,
                    has_email, has_phone, is_active, added_at, changed_at)
               VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7, $8, $9, $10, $11, $11)
               ON CONFLICT (account) DO UPDATE SET
                   district = excluded.district, customer_type = excluded.customer_type,
                   attributes = excluded.attributes, language = excluded.language, has_email = excluded.has_email,
                   has_phone = excluded.has_phone, is_active = excluded.is_active, changed_at = excluded.changed_at
               RETURNING added_at = $11 AND subject = $1 AS is_new""",
            customer.subject,
            account,
            customer.random_number,
            customer.district,
            customer.customer_type,
            json.dumps(customer.attributes),
            customer.language,
            customer.has_email,
            customer.has_phone,
            customer.is_active,
            at,
        )
        assert row is not None  # noqa: S101  an insert that updates on conflict returns its row
        return bool(row["is_new"])

    async def subject_of(self, connection: Connection, account: bytes) -> str | None:
        """The customer of this number, if it is in the frame."""
        found: str | None = await connection.fetchval("SELECT subject FROM customer WHERE account = $1", account)
        return found

    async def page(self, after: str, limit: int) -> list[Customer]:
        """Customers in the order of their ids."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                """SELECT subject, random_number, district, customer_type, attributes::text, language, has_email,
                          has_phone, is_active, opted_out_at
                     FROM customer WHERE subject > $1 ORDER BY subject LIMIT $2""",
                after,
                limit,
            )
        return [_customer(row) for row in rows]

    async def strata(self, connection: Connection, attributes: Sequence[str]) -> list[Stratum]:
        """The strata that have units, in the order of their names."""
        columns = ", ".join(attributes)
        rows = await connection.fetch(
            f"SELECT {columns}{', ' if columns else ''}sum(units)::bigint AS units FROM frame_cell WHERE units > 0"  # noqa: S608
            + (f" GROUP BY {columns} ORDER BY {columns}" if columns else "")
        )
        found = [Stratum(tuple(row[name] for name in attributes), row["units"] or 0) for row in rows]
        return [stratum for stratum in found if stratum.units]

    async def draw(self, wave: str, version: int, design: SamplingDesign) -> SampleSize:
        """Draw a wave's sample and its reserve once; a repeated call gives what was drawn.

        Refuses with SurveyProblem, before anything is written: a method or strata that the frame is not made for, an
        empty frame, customers without a stratum, and what the allocation refuses.
        """
        refuse_if_any(_design_faults(design))
        async with transaction(self._pool) as connection:
            await connection.execute("LOCK TABLE draw_start IN SHARE ROW EXCLUSIVE MODE")
            drawn = await _size_of(connection, wave)
            if drawn is not None:
                return drawn
            strata = await self.strata(connection, design.strata)
            refuse_if_any(_frame_faults(design, strata))
            allocation = design.allocated({stratum.name: stratum.units for stratum in strata})
            reserve = design.reserve(allocation).tolist()
            number = 1
            for stratum, taken, extra in zip(strata, allocation.units.tolist(), reserve, strict=True):
                held = min(extra, stratum.units - taken)
                await _draw_stratum(connection, (wave, version), design.strata, stratum, (taken, held), number)
                number += taken + held
            drawn = await _size_of(connection, wave)
        assert drawn is not None  # noqa: S101  it was just written
        return drawn


async def _draw_stratum(
    connection: Connection,
    pin: tuple[str, int],
    attributes: Sequence[str],
    stratum: Stratum,
    size: tuple[int, int],
    first: int,
) -> None:
    """Take the units that follow the start of the stratum; the reserve are those behind them, numbered on."""
    wave, version = pin
    taken, reserve = size
    by = ",".join(attributes)
    start = await connection.fetchval(
        "SELECT next_start FROM draw_start WHERE stratified_by = $1 AND stratum = $2", by, stratum.name
    )
    units = await _next_units(connection, attributes, stratum.values, float(start or 0.0), taken + reserve)
    records = [
        (wave, first + place, unit["subject"], stratum.name, place >= taken, version, unit["language"], unit["known"])
        for place, unit in enumerate(units)
    ]
    for begin in range(0, len(records), DRAWN_AT_ONCE):
        await connection.copy_records_to_table(
            "contact",
            columns=("wave", "number", "customer", "stratum", "is_reserve", "version", "language", "attributes"),
            records=records[begin : begin + DRAWN_AT_ONCE],
        )
    await connection.execute(
        "INSERT INTO wave_stratum (wave, stratum, units, taken, reserve) VALUES ($1, $2, $3, $4, $5)",
        wave,
        stratum.name,
        stratum.units,
        taken,
        len(units) - taken,
    )
    await _begin_next(connection, by, stratum.name, units[taken - 1]["random_number"])


async def _begin_next(connection: Connection, by: str, stratum: str, last_taken: float) -> None:
    """The next wave begins behind the last unit that this one took."""
    await connection.execute(
        """INSERT INTO draw_start (stratified_by, stratum, next_start) VALUES ($1, $2, $3)
           ON CONFLICT (stratified_by, stratum) DO UPDATE SET next_start = excluded.next_start""",
        by,
        stratum,
        math.nextafter(last_taken, 2.0) % 1.0,
    )


async def _next_units(
    connection: Connection, attributes: Sequence[str], values: Sequence[str], start: float, wanted: int
) -> list[asyncpg.Record]:
    """Units in the order of their numbers from the start on, round the end back to 0; page by page."""
    found: list[asyncpg.Record] = []
    for low, high in ((start, 1.0), (0.0, start)):
        place: tuple[float, str] = (low, "")
        while len(found) < wanted:
            limit = min(DRAWN_AT_ONCE, wanted - len(found))
            page = await connection.fetch(next_units_query(attributes), *place, high, limit, *values)
            found += page
            if len(page) < limit:
                break
            place = (page[-1]["random_number"], page[-1]["subject"])
    return found


def next_units_query(attributes: Sequence[str]) -> str:
    """The query that one of the frame's indexes answers in the order wanted."""
    narrowed = "".join(f" AND {name} = ${place}" for place, name in enumerate(attributes, start=5))
    return f"""SELECT subject, random_number, language,
                      (attributes || jsonb_build_object('district', district, 'customer_type', customer_type))::text
                          AS known
                 FROM customer
                WHERE is_active AND (random_number, subject) > ($1, $2) AND random_number < $3{narrowed}
                ORDER BY random_number, subject LIMIT $4"""  # noqa: S608  the names are those of STRATIFIERS


async def _size_of(connection: Connection, wave: str) -> SampleSize | None:
    row = await connection.fetchrow(
        """SELECT count(*) AS strata, sum(units)::bigint AS units, sum(taken)::bigint AS taken,
                  sum(reserve)::bigint AS reserve
             FROM wave_stratum WHERE wave = $1""",
        wave,
    )
    if row is None or not row["strata"]:
        return None
    return SampleSize(units=row["units"], taken=row["taken"], reserve=row["reserve"], strata=row["strata"])


def _design_faults(design: SamplingDesign) -> Iterator[Problem]:
    if design.method not in {SelectionMethod.STRATIFIED, SelectionMethod.CENSUS}:
        yield Problem("sampling method", f"waves are drawn by stratified or census, not by {design.method}")
    for name in design.strata:
        if name not in STRATIFIERS:
            yield Problem("sampling strata", f"waves are stratified by {' and '.join(STRATIFIERS)}, not by {name}")


def _frame_faults(design: SamplingDesign, strata: Sequence[Stratum]) -> Iterator[Problem]:
    if not strata:
        yield Problem("frame", "there are no active customers; import them first")
    for stratum in strata:
        for name, value in zip(design.strata, stratum.values, strict=True):
            if not value:
                yield Problem("frame", f"{stratum.units} customers have no {name}, by which the sample is stratified")


def _customer(row: asyncpg.Record) -> Customer:
    return Customer(**{**row, "attributes": json.loads(row["attributes"])})
