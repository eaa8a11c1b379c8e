"""The ledger on real PostgreSQL: appending, or changing nothing and saying why."""

import asyncio
import hashlib
import json
import random

import asyncpg
import pytest

from activities.ports import AlreadyRecorded, Appended, Behind, DivergedError, SupersededError
from domain.complaints import commands as c
from domain.complaints.evolve import fold
from domain.complaints.terms import ClockState
from domain.ruling import Refused
from storage.cases import CaseRecords
from storage.ledger import Ledger, UnknownCase
from storage.pool import Pool
from tests.storage.sample_cases import TEXT, TO_THE_ANSWER, done, made, note, opened

COUNTED = ("ledger", "outbox", "step", "case_record")


async def rows(pool: Pool) -> dict[str, list[str]]:
    """Everything that an append may touch."""
    return {name: [str(row) for row in await pool.fetch(f"SELECT * FROM {name} ORDER BY 1, 2")] for name in COUNTED}


async def test_what_was_appended_is_read_back_in_order(pool: Pool, ledger: Ledger) -> None:
    case = await opened(pool)
    entries, after = made(case, c.Assess(decision="valid"))
    assert await ledger.append(case, entries, after) == Appended()
    stored = await ledger.entries(case.reference)
    assert stored[-len(entries) :] == entries
    assert [entry.sequence for entry in stored] == list(range(1, len(stored) + 1))


async def test_each_hash_covers_the_one_before_it_and_the_text_of_the_entry(pool: Pool, ledger: Ledger) -> None:
    case = await done(ledger, await opened(pool), note(), note())
    chain = b""
    for payload, stored in await ledger.stored(case.reference):
        document = json.loads(payload)
        assert payload == json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        chain = hashlib.sha256(chain + payload.encode()).digest()
        assert stored == chain
    assert await pool.fetchval("SELECT head_hash FROM case_record") == chain


async def test_who_is_behind_gets_the_tail_and_changes_nothing(pool: Pool, ledger: Ledger) -> None:
    case = await opened(pool)
    ahead = await done(ledger, case, note(), note())
    before = await rows(pool)
    answer = await ledger.append(case, *made(case, note()))
    assert answer == Behind((await ledger.entries(case.reference))[case.sequence :])
    assert isinstance(answer, Behind)
    assert fold(answer.tail, case) == ahead
    assert await rows(pool) == before


async def test_a_command_that_is_in_the_ledger_is_not_done_again(pool: Pool, ledger: Ledger) -> None:
    case = await opened(pool)
    entries, after = made(case, note(), command_id="note-1")
    await ledger.append(case, entries, after)
    latest = await done(ledger, after, note())
    before = await rows(pool)
    again = await ledger.append(latest, *made(latest, note(), command_id="note-1"))
    assert again == AlreadyRecorded({"note-1": entries[-1].sequence})
    assert await rows(pool) == before


async def test_an_epoch_that_is_over_is_refused(pool: Pool, ledger: Ledger) -> None:
    case = await opened(pool)
    await pool.execute("UPDATE case_record SET epoch = 2")
    before = await rows(pool)
    with pytest.raises(SupersededError):
        await ledger.append(case, *made(case, note()))
    assert await rows(pool) == before


async def test_a_state_that_the_ledger_never_had_is_a_divergence(pool: Pool, ledger: Ledger) -> None:
    case = await opened(pool)
    _, never_recorded = made(case, note())
    before = await rows(pool)
    with pytest.raises(DivergedError):
        await ledger.append(never_recorded, *made(never_recorded, note()))
    assert await rows(pool) == before


async def test_a_case_that_is_not_there_cannot_be_continued(ledger: Ledger, pool: Pool) -> None:
    case = await opened(pool)
    stranger = case.changed(reference="C-2026-999999")
    with pytest.raises(DivergedError):
        await ledger.append(stranger, *made(stranger, note()))
    with pytest.raises(UnknownCase):
        await ledger.entries("C-2026-999999")
    with pytest.raises(UnknownCase):
        await ledger.epoch("C-2026-999999")


async def test_of_two_who_append_at_once_one_wins_and_the_other_learns_of_it(pool: Pool, ledger: Ledger) -> None:
    for _ in range(40):
        case = await opened(pool)
        offers = [made(case, note()) for _ in range(2)]
        answers = await asyncio.gather(*(ledger.append(case, *offer) for offer in offers))
        assert sorted(type(answer).__name__ for answer in answers) == ["Appended", "Behind"]
        winner = next(offer for offer, answer in zip(offers, answers, strict=True) if answer == Appended())
        assert Behind(winner[0]) in answers


async def test_many_who_decide_again_after_losing_all_get_their_turn(pool: Pool, ledger: Ledger) -> None:
    case = await opened(pool)

    async def insist(number: int) -> None:
        state = case
        while True:
            answer = await ledger.append(state, *made(state, note(), command_id=f"note-{number}"))
            if not isinstance(answer, Behind):
                return
            state = fold(answer.tail, state)

    await asyncio.gather(*(insist(number) for number in range(20)))
    entries = await ledger.entries(case.reference)
    assert [entry.sequence for entry in entries] == list(range(1, len(entries) + 1))
    assert sorted(entry.command_id for entry in entries[case.sequence :]) == sorted(f"note-{n}" for n in range(20))


@pytest.mark.parametrize("table", ["ledger", "ledger_anchor"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET at = at", "DELETE FROM {}", "TRUNCATE {}"])
async def test_history_cannot_be_rewritten(pool: Pool, table: str, statement: str) -> None:
    with pytest.raises(asyncpg.RaiseError, match=f"{table} is append-only"):
        await pool.execute(statement.format(table))


async def test_every_entry_goes_to_the_outbox_and_every_step_to_its_table(pool: Pool, ledger: Ledger) -> None:
    case = await opened(pool, reachable_by=("email",))
    key = case.steps[0].key
    case = await done(ledger, case, c.StepFailed(step=key, error="mail_refused", attempts=2))
    assert [tuple(row) for row in await pool.fetch("SELECT sequence, type FROM outbox ORDER BY id")] == [
        (1, "complaint.received"),
        (2, "step.failed"),
    ]
    stored = await pool.fetchrow("SELECT reference, key, kind, state, way, error, rounds FROM step")
    assert stored is not None
    assert tuple(stored) == (case.reference, key, "acknowledgement", "parked", "email", "mail_refused", 1)
    await done(ledger, case, c.RetryStep(step=key))
    assert await pool.fetchval("SELECT state FROM step") == "running"


async def test_the_read_model_is_what_the_ledger_makes(pool: Pool, ledger: Ledger) -> None:
    case = await done(ledger, await opened(pool), *TO_THE_ANSWER, c.Close())
    record = await CaseRecords(pool).find(case.reference)
    assert record == case == fold(await ledger.entries(case.reference))
    row = await pool.fetchrow("SELECT * FROM case_record")
    assert row is not None
    assert {name: row[name] for name in ("status", "handler", "team", "is_open", "next_due", "sequence")} == {
        "status": "closed",
        "handler": "per_00handler",
        "team": "north",
        "is_open": False,
        "next_due": None,
        "sequence": case.sequence,
    }


async def test_on_any_lawful_way_the_read_model_stays_what_the_ledger_makes(pool: Pool, ledger: Ledger) -> None:
    chance, records = random.Random(20260302), CaseRecords(pool)
    offered: list[c.AnyCommand] = [
        *TO_THE_ANSWER,
        note(),
        c.Close(),
        c.Assess(decision="invalid", ground="unfounded"),
        c.Explain(way="phone", letter=TEXT),
        c.Appeal(reason=TEXT),
        c.Reopen(reason=TEXT),
        c.Withdraw(reason=TEXT, confirmed_by="phone"),
        c.Correct(field="severity", code="5"),
    ]
    statuses = set()
    for _ in range(30):
        case = await opened(pool, reachable_by=("email",))
        for command in chance.choices(offered, k=15):
            try:
                case = await done(ledger, case, command)
            except Refused:
                continue
            statuses.add(case.status)
        assert await records.find(case.reference) == fold(await ledger.entries(case.reference))
        row = await pool.fetchrow("SELECT * FROM case_record WHERE reference = $1", case.reference)
        assert row is not None
        assert (row["status"], row["sequence"], row["severity"]) == (case.status, case.sequence, case.intake.severity)
        assert row["is_breached"] == any(clock.state is ClockState.BREACHED for clock in case.clocks)
        assert row["next_due"] == case.nearest_due()
    assert len(statuses) >= 8
