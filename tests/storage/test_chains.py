"""Proof that the ledger was not altered: whatever somebody with the database in hand changes is found."""

import asyncio
import hashlib
import hmac
import json
import random
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from storage import chains
from storage.chains import anchor, verify
from storage.ledger import Ledger
from storage.pool import Pool
from tests.security.figures import row as tell
from tests.storage.sample_cases import AT, TO_THE_ANSWER, done, note, opened

KEY = b"k" * 32
TAMPERINGS = 260
KEPT = ("ledger", "ledger_anchor", "case_record")


@pytest.fixture
async def whole(pool: Pool, ledger: Ledger) -> list[str]:
    """Six cases whose ledgers are anchored twice and went on behind the newest anchor."""
    cases = [await opened(pool) for _ in range(6)]
    cases = [await done(ledger, case, *TO_THE_ANSWER) for case in cases]
    await anchor(pool, KEY, AT)
    cases = [await done(ledger, case, note()) for case in cases]
    await anchor(pool, KEY, AT + timedelta(minutes=5))
    return [(await done(ledger, case, note())).reference for case in cases]


async def test_an_untouched_ledger_verifies(pool: Pool, whole: list[str]) -> None:
    found = await verify(pool, KEY)
    assert (found.cases, found.anchors, found.damages) == (6, 2, ())
    assert found.entries == await pool.fetchval("SELECT count(*) FROM ledger")


async def test_an_anchor_signs_what_moved_and_follows_from_the_one_before(pool: Pool, ledger: Ledger) -> None:
    first, second = await opened(pool, "C-2026-000001"), await opened(pool, "C-2026-000002")
    assert await anchor(pool, KEY, AT) == 2
    assert await anchor(pool, KEY, AT) == 0
    await done(ledger, second, note())
    assert await anchor(pool, KEY, AT) == 1
    root = b""
    for row in await pool.fetch("SELECT number, at, heads::text, root, signature FROM ledger_anchor ORDER BY number"):
        heads = json.dumps(json.loads(row["heads"]))
        root = hashlib.sha256(root + f"{row['number']} {row['at'].isoformat()} {heads}".encode()).digest()
        assert (row["root"], row["signature"]) == (root, hmac.new(KEY, root, hashlib.sha256).digest())
    assert [json.loads(row["heads"])[0][:2] for row in await pool.fetch("SELECT heads FROM ledger_anchor")] == [
        [first.reference, 1],
        [second.reference, 2],
    ]


async def test_another_key_signed_nothing(pool: Pool, whole: list[str]) -> None:
    damages = (await verify(pool, b"x" * 32)).damages
    assert [(damage.place, damage.finding) for damage in damages] == [
        ("anchor 1", "its signature is not ours"),
        ("anchor 2", "its signature is not ours"),
    ]


async def test_what_is_recorded_and_anchored_while_it_is_verified_is_no_damage(pool: Pool, ledger: Ledger) -> None:
    cases = [await opened(pool) for _ in range(5)]

    async def go_on() -> None:
        for index in range(60):
            cases[index % 5] = await done(ledger, cases[index % 5], note())
            if index % 7 == 0:
                await anchor(pool, KEY, AT)

    going_on = asyncio.create_task(go_on())
    while not going_on.done():
        assert (await verify(pool, KEY)).damages == ()
    await going_on


async def test_every_case_is_looked_at_however_many_there_are(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chains, "CASES_PER_PAGE", 3)
    references = [(await opened(pool)).reference for _ in range(10)]
    assert (await verify(pool, KEY)).cases == 10
    await pool.execute("UPDATE case_record SET head_hash = '\\x00' WHERE reference = $1", references[-1])
    assert [damage.place for damage in (await verify(pool, KEY)).damages] == [references[-1]]


Tampering = Callable[["Intruder"], Coroutine[Any, Any, object]]


class Intruder:
    """Somebody with the rights of the database's owner, who switches the triggers off."""

    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]", chance: random.Random) -> None:
        self.db = connection
        self.chance = chance

    async def entry(self, *, anchored: bool = False) -> asyncpg.Record:
        """Any entry, or one that an anchor covers."""
        rows = await self.db.fetch(
            """SELECT l.*, c.sequence AS last, c.anchored_sequence FROM ledger l JOIN case_record c USING (reference)
                WHERE NOT $1 OR l.sequence <= c.anchored_sequence ORDER BY reference, sequence""",
            anchored,
        )
        return self.chance.choice(rows)

    async def set(self, row: asyncpg.Record, column: str, value: object) -> None:
        await self.db.execute(
            f"UPDATE ledger SET {column} = $3 WHERE reference = $1 AND sequence = $2",
            row["reference"],
            row["sequence"],
            value,
        )

    async def compute_anew(self, reference: str) -> None:
        """Make the chain right again from its beginning, and the read model's head with it."""
        chain = b""
        for row in await self.db.fetch("SELECT * FROM ledger WHERE reference = $1 ORDER BY sequence", reference):
            chain = hashlib.sha256(chain + row["payload"].encode()).digest()
            await self.set(row, "hash", chain)
        await self.db.execute(
            """UPDATE case_record SET head_hash = $2, sequence =
               (SELECT max(sequence) FROM ledger WHERE reference = $1) WHERE reference = $1""",
            reference,
            chain,
        )


async def edit_a_letter_of_an_entry(by: Intruder) -> None:
    row = await by.entry()
    at = by.chance.randrange(len(row["payload"]))
    other = by.chance.choice([sign for sign in "abcxyz019" if sign != row["payload"][at]])
    await by.set(row, "payload", row["payload"][:at] + other + row["payload"][at + 1 :])


async def edit_a_column(by: Intruder) -> None:
    row = await by.entry()
    column, value = by.chance.choice(
        [("actor", "per_intruder"), ("type", "complaint.withdrawn"), ("command_id", "x"), ("epoch", 7), ("at", AT)]
    )
    await by.set(row, column, AT + timedelta(days=9) if column == "at" else value)


async def edit_a_hash(by: Intruder) -> None:
    await by.set(await by.entry(), "hash", by.chance.randbytes(32))


async def delete_an_entry(by: Intruder) -> None:
    row = await by.entry()
    await by.db.execute("DELETE FROM ledger WHERE reference = $1 AND sequence = $2", row["reference"], row["sequence"])


async def insert_an_entry(by: Intruder) -> None:
    row = await by.entry()
    await by.db.execute(
        """INSERT INTO ledger (reference, sequence, epoch, type, at, actor, command_id, payload, hash)
           SELECT reference, $2, epoch, type, at, actor, command_id, payload, hash
             FROM ledger WHERE reference = $1 AND sequence = $3""",
        row["reference"],
        row["last"] + 1,
        row["sequence"],
    )


async def swap_two_entries(by: Intruder) -> None:
    row = await by.entry()
    other = row["sequence"] + 1 if row["sequence"] < row["last"] else row["sequence"] - 1
    for now, then in ((row["sequence"], -1), (other, row["sequence"]), (-1, other)):
        await by.db.execute(
            "UPDATE ledger SET sequence = $3 WHERE reference = $1 AND sequence = $2", row["reference"], now, then
        )


async def swap_two_cases(by: Intruder) -> None:
    one = (await by.entry())["reference"]
    rows = await by.db.fetch("SELECT reference FROM case_record WHERE reference <> $1 ORDER BY 1", one)
    other = by.chance.choice(rows)["reference"]
    for table in ("ledger", "case_record"):
        for now, then in ((one, "C-0"), (other, one), ("C-0", other)):
            await by.db.execute(f"UPDATE {table} SET reference = $2 WHERE reference = $1", now, then)


async def lose_an_anchored_tail(by: Intruder) -> None:
    row = await by.entry(anchored=True)
    await by.db.execute(
        "DELETE FROM ledger WHERE reference = $1 AND sequence >= $2", row["reference"], max(row["sequence"], 2)
    )
    await by.compute_anew(row["reference"])


async def lose_a_case(by: Intruder) -> None:
    row = await by.entry()
    await by.db.execute("DELETE FROM ledger WHERE reference = $1", row["reference"])
    await by.db.execute("DELETE FROM case_record WHERE reference = $1", row["reference"])


async def lose_the_beginning_of_a_case(by: Intruder) -> None:
    row = await by.entry()
    await by.db.execute("DELETE FROM ledger WHERE reference = $1 AND sequence = 1", row["reference"])
    await by.db.execute("DELETE FROM case_record WHERE reference = $1", row["reference"])


async def rewrite_an_anchored_entry_and_compute_its_chain_anew(by: Intruder) -> None:
    row = await by.entry(anchored=True)
    document = json.loads(row["payload"]) | {"actor": "per_intruder"}
    payload = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    await by.set(row, "payload", payload)
    await by.set(row, "actor", "per_intruder")
    await by.compute_anew(row["reference"])


async def alter_an_anchor(by: Intruder) -> None:
    change = by.chance.choice(
        [
            "at = at + interval '1 day'",
            "heads = heads - 0",
            "heads = jsonb_set(heads, '{0,1}', '1')",
            "root = sha256(root)",
            "signature = sha256(signature)",
            "number = number + 10",
        ]
    )
    await by.db.execute(f"UPDATE ledger_anchor SET {change} WHERE number = $1", by.chance.choice([1, 2]))


async def lose_an_anchor(by: Intruder) -> None:
    await by.db.execute("DELETE FROM ledger_anchor WHERE number = $1", by.chance.choice([1, 2]))


async def forge_an_anchor(by: Intruder) -> None:
    """Make all anchors anew over an altered chain, without our key."""
    await rewrite_an_anchored_entry_and_compute_its_chain_anew(by)
    root, key = b"", by.chance.randbytes(32)
    for row in await by.db.fetch("SELECT number, at, heads::text FROM ledger_anchor ORDER BY number"):
        heads = []
        for reference, sequence, _ in json.loads(row["heads"]):
            found = await by.db.fetchval(
                "SELECT hash FROM ledger WHERE reference = $1 AND sequence = $2", reference, sequence
            )
            heads.append([reference, sequence, found.hex()])
        root = hashlib.sha256(root + f"{row['number']} {row['at'].isoformat()} {json.dumps(heads)}".encode()).digest()
        await by.db.execute(
            "UPDATE ledger_anchor SET heads = $2::jsonb, root = $3, signature = $4 WHERE number = $1",
            row["number"],
            json.dumps(heads),
            root,
            hmac.new(key, root, hashlib.sha256).digest(),
        )


async def move_the_head(by: Intruder) -> None:
    row = await by.entry()
    await by.db.execute("UPDATE case_record SET sequence = sequence - 1 WHERE reference = $1", row["reference"])


WAYS: list[Tampering] = [
    edit_a_letter_of_an_entry,
    edit_a_column,
    edit_a_hash,
    delete_an_entry,
    insert_an_entry,
    swap_two_entries,
    swap_two_cases,
    lose_an_anchored_tail,
    lose_a_case,
    lose_the_beginning_of_a_case,
    rewrite_an_anchored_entry_and_compute_its_chain_anew,
    alter_an_anchor,
    lose_an_anchor,
    forge_an_anchor,
    move_the_head,
]


@pytest.fixture
async def intruder(whole: list[str], owner: "asyncpg.Connection[asyncpg.Record]") -> Intruder:
    for table in KEPT:
        await owner.execute(f"CREATE TEMPORARY TABLE kept_{table} AS TABLE {table}")
    return Intruder(owner, random.Random(20260302))


async def restore(by: Intruder) -> None:
    for table in KEPT:
        await by.db.execute(f"DELETE FROM {table}; INSERT INTO {table} TABLE kept_{table}")


async def finds_all(pool: Pool, intruder: Intruder, number: int) -> None:
    unseen = []
    for count in range(number):
        tamper = WAYS[count % len(WAYS)]
        await tamper(intruder)
        if not (await verify(pool, KEY)).damages:
            unseen.append(f"{count}: {tamper.__name__}")
        await restore(intruder)
    assert not unseen
    assert (await verify(pool, KEY)).damages == ()
    tell("S15", "random tamperings with the ledger and its anchors", f"{number} of {number} found", seed=20260302)


async def test_every_tampering_is_found(pool: Pool, intruder: Intruder) -> None:
    await finds_all(pool, intruder, TAMPERINGS)


@pytest.mark.long
async def test_every_one_of_a_thousand_tamperings_is_found(pool: Pool, intruder: Intruder) -> None:
    await finds_all(pool, intruder, 1_000)
