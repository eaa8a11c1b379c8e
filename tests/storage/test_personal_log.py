"""The log of personal data cannot be altered without being found out, whoever holds the database (S15)."""

import asyncio
import os
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from domain.privacy import Act
from storage.personal_log import Line, PersonalDataLog, anchor_log, append, verify_log
from storage.pool import Pool, transaction
from tests.security.figures import row
from tests.storage.sample_cases import AT

KEY = b"k" * 32
SEED = int(os.environ.get("AMENDS_SEED", "20261127"))
GATE, LONG = 150, 1_000
TABLES = ("personal_data_log", "personal_data_log_head", "personal_data_log_anchor")
SUBJECTS = [f"cus_{number:032x}" for number in range(5)]


def line(subject: str, minutes: int, **fields: Any) -> Line:
    known: dict[str, Any] = {"by": "per_x", "act": Act.READ, "classes": ("contact",), "route": "GET /x", "request": "r"}
    return Line(subject, AT + timedelta(minutes=minutes), **known | fields)


@pytest.fixture
async def log(pool: Pool) -> PersonalDataLog:
    """Lines of five subjects, anchored twice, and some behind the newest anchor."""
    log = PersonalDataLog(pool)
    for minutes in range(12):
        await log.append([line(subject, minutes, reference="C-2026-000001") for subject in SUBJECTS])
        if minutes in {3, 8}:
            await anchor_log(pool, KEY, AT + timedelta(minutes=minutes))
    return log


async def test_an_untouched_log_verifies_and_is_read_newest_first(pool: Pool, log: PersonalDataLog) -> None:
    found = await verify_log(pool, KEY)
    assert (found.subjects, found.lines, found.anchors, found.damages) == (5, 60, 2, ())
    page = await log.page(subject=SUBJECTS[2], limit=3)
    assert [logged.line.at for logged in page] == [AT + timedelta(minutes=minutes) for minutes in (11, 10, 9)]
    assert (await verify_log(pool, b"x" * 32)).damages


async def test_writers_at_once_leave_whole_chains(pool: Pool) -> None:
    log = PersonalDataLog(pool)
    chance = random.Random(SEED)
    batches = [[line(subject, 0) for subject in chance.sample(SUBJECTS, 5)] for _ in range(40)]
    await asyncio.gather(*(log.append(batch) for batch in batches))
    found = await verify_log(pool, KEY)
    assert (found.lines, found.damages) == (200, ())


async def test_a_line_belongs_to_the_transaction_of_its_act(pool: Pool) -> None:
    async def act_that_fails() -> None:
        async with transaction(pool) as connection:
            await append(connection, [line(SUBJECTS[0], 0)])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await act_that_fails()
    assert await PersonalDataLog(pool).page() == []


@pytest.mark.parametrize("statement", ["UPDATE {} SET at = at", "DELETE FROM {}", "TRUNCATE {}"])
@pytest.mark.parametrize("table", ["personal_data_log", "personal_data_log_anchor", "erasure"])
async def test_the_tables_of_history_are_append_only(pool: Pool, table: str, statement: str) -> None:
    with pytest.raises(asyncpg.RaiseError, match="append-only"):
        await pool.execute(statement.format(table))


Tampering = Callable[[Any, random.Random], Awaitable[object]]


async def edit(owner: Any, chance: random.Random) -> None:
    change = chance.choice(
        [
            "payload = replace(payload, 'per_x', 'per_y')",
            "payload = replace(payload, 'GET /x', 'GET /y')",
            "payload = payload || ' '",
            "by = 'per_y'",
            "act = 'found'",
            "at = at + interval '1 second'",
            "reference = NULL",
            "hash = sha256(hash)",
        ]
    )
    await owner.execute(f"UPDATE personal_data_log SET {change} WHERE subject = $1 AND sequence = $2", *place(chance))


async def delete(owner: Any, chance: random.Random) -> None:
    await owner.execute("DELETE FROM personal_data_log WHERE subject = $1 AND sequence = $2", *place(chance))


async def lose_a_subject(owner: Any, chance: random.Random) -> None:
    subject, _ = place(chance)
    await owner.execute("DELETE FROM personal_data_log WHERE subject = $1", subject)
    await owner.execute("DELETE FROM personal_data_log_head WHERE subject = $1", subject)


async def lose_an_anchored_tail(owner: Any, chance: random.Random) -> None:
    """The chain that is left is right in itself, and its head says so."""
    subject, sequence = chance.choice(SUBJECTS), chance.randint(1, 8)
    await owner.execute("DELETE FROM personal_data_log WHERE subject = $1 AND sequence > $2", subject, sequence)
    await owner.execute(
        """UPDATE personal_data_log_head h SET sequence = l.sequence, hash = l.hash, anchored_sequence = l.sequence
             FROM personal_data_log l WHERE l.subject = h.subject AND h.subject = $1 AND l.sequence = $2""",
        subject,
        sequence,
    )


async def give_it_to_another(owner: Any, chance: random.Random) -> None:
    one, other = chance.sample(SUBJECTS, 2)
    for now, then in ((one, "x"), (other, one), ("x", other)):
        for table in ("personal_data_log", "personal_data_log_head"):
            await owner.execute(f"UPDATE {table} SET subject = $2 WHERE subject = $1", now, then)


async def alter_an_anchor(owner: Any, chance: random.Random) -> None:
    change = chance.choice(
        ["root = sha256(root)", "signature = sha256(signature)", "heads = heads - 0", "at = at + $2"]
    )
    values = [timedelta(days=1)] if "$2" in change else []
    await owner.execute(
        f"UPDATE personal_data_log_anchor SET {change} WHERE number = $1", chance.choice([1, 2]), *values
    )


async def lose_an_anchor(owner: Any, chance: random.Random) -> None:
    await owner.execute("DELETE FROM personal_data_log_anchor WHERE number = $1", chance.choice([1, 2]))


async def move_the_head(owner: Any, chance: random.Random) -> None:
    await owner.execute(
        "UPDATE personal_data_log_head SET sequence = sequence - 1 WHERE subject = $1", chance.choice(SUBJECTS)
    )


WAYS: list[Tampering] = [
    edit,
    delete,
    lose_a_subject,
    lose_an_anchored_tail,
    give_it_to_another,
    alter_an_anchor,
    lose_an_anchor,
    move_the_head,
]


def place(chance: random.Random) -> tuple[str, int]:
    return chance.choice(SUBJECTS), chance.randint(1, 12)


async def finds_all(pool: Pool, owner: Any, number: int) -> None:
    for table in TABLES:
        await owner.execute(f"CREATE TEMPORARY TABLE kept_{table} AS TABLE {table}")
    chance, unseen = random.Random(SEED), []
    for count in range(number):
        tamper = chance.choice(WAYS)
        await tamper(owner, chance)
        if not (await verify_log(pool, KEY)).damages:
            unseen.append(f"{count}: {tamper.__name__}")  # type: ignore[attr-defined]
        for table in TABLES:
            overriding = "OVERRIDING SYSTEM VALUE " if table == "personal_data_log" else ""
            await owner.execute(f"DELETE FROM {table}; INSERT INTO {table} {overriding}TABLE kept_{table}")
    assert not unseen
    assert (await verify_log(pool, KEY)).damages == ()
    row("S15", "random tamperings with the log of personal data", f"{number} of {number} found", seed=SEED)


async def test_every_tampering_is_found(pool: Pool, log: PersonalDataLog, owner: Any) -> None:
    await finds_all(pool, owner, GATE)


@pytest.mark.long
async def test_every_one_of_a_thousand_tamperings_is_found(pool: Pool, log: PersonalDataLog, owner: Any) -> None:
    await finds_all(pool, owner, LONG)
