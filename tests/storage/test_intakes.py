"""Taking in on real PostgreSQL: all or nothing, and every case is started by somebody."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest

from activities.ports import SupersededError
from domain.complaints import commands as c
from domain.complaints.evolve import fold
from domain.privacy import Identity, TextKind
from storage.intakes import claim_source, next_reference, open_case, serialise, source_key
from storage.keys import MasterKeys
from storage.ledger import Ledger
from storage.pool import Pool, borrow, transaction
from storage.unstarted import Kind, Unstarted
from storage.vault import Vault
from tests.storage.sample_cases import AT, TEXT, done, first_entries, made, note, on, opened

WRITTEN = (
    "case_record",
    "ledger",
    "outbox",
    "step",
    "unstarted_case",
    "intake_source",
    "vault.subject",
    "vault.identity",
    "vault.sealed_text",
    "vault.blind_index",
)


async def counts(pool: Pool) -> dict[str, int]:
    return {table: await pool.fetchval(f"SELECT count(*) FROM {table}") for table in WRITTEN}


async def test_numbers_rise_and_carry_the_year_of_receipt(pool: Pool) -> None:
    async with transaction(pool) as connection:
        first = await next_reference(connection, on(2025, 12, 31))
        second = await next_reference(connection, on(2026, 1, 1))
    assert (first, second) == ("C-2025-000001", "C-2026-000002")


@pytest.mark.parametrize("table", ["ledger", "case_record", "step", "unstarted_case"])
async def test_an_intake_that_fails_at_any_statement_leaves_nothing(pool: Pool, table: str) -> None:
    await pool.execute(
        f"""CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'out of order'; END $$;
            CREATE TRIGGER fail BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION fail()"""
    )
    vault, before = Vault(pool, MasterKeys.generate()), await counts(pool)
    with pytest.raises(asyncpg.RaiseError, match="out of order"):
        await take(pool, vault)
    assert await counts(pool) == before == dict.fromkeys(WRITTEN, 0)
    await pool.execute("DROP FUNCTION fail CASCADE")
    await take(pool, vault)
    assert set((await counts(pool)).values()) == {1}


async def take(pool: Pool, vault: Vault) -> None:
    """What the intake desk does in its one transaction."""
    async with transaction(pool) as connection:
        await claim_source(connection, source_key(b"key", "web", "form-17"), "C-2026-000001")
        customer = await vault.create_subject(connection, Identity(email="ann@example.org"), at=AT)
        await vault.seal(connection, customer, TEXT, TextKind.NARRATIVE, "It is cold.", at=AT)
        entries = first_entries("C-2026-000001", customer=customer, reachable_by=("email",))
        await open_case(connection, entries, fold(entries), AT)


async def test_the_same_source_is_the_same_case(pool: Pool) -> None:
    source = source_key(b"key", "web", "form-17")
    assert source != source_key(b"key", "email", "form-17") != source_key(b"other", "email", "form-17")

    async def claim(number: int) -> str:
        async with transaction(pool) as connection:
            return await claim_source(connection, source, f"C-2026-{number:06d}")

    owners = await asyncio.gather(*(claim(number) for number in range(8)))
    assert len(set(owners)) == 1


async def test_a_source_whose_intake_failed_is_free_again(pool: Pool) -> None:
    source = source_key(b"key", "web", "form-17")
    async with borrow(pool) as connection:
        failing = connection.transaction()
        await failing.start()
        await claim_source(connection, source, "C-2026-000001")
        await failing.rollback()
    async with transaction(pool) as connection:
        assert await claim_source(connection, source, "C-2026-000002") == "C-2026-000002"


async def test_intakes_that_share_a_key_pass_one_after_the_other(pool: Pool) -> None:
    inside, most = 0, 0

    async def pass_through() -> None:
        nonlocal inside, most
        async with transaction(pool) as connection:
            await serialise(connection, b"\xff" * 32)
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.01)
            inside -= 1

    await asyncio.gather(*(pass_through() for _ in range(6)))
    assert most == 1


async def test_a_new_case_is_left_to_its_taker_for_two_seconds(pool: Pool) -> None:
    case, unstarted = await opened(pool), Unstarted(pool, Kind.CASE)
    assert await unstarted.claim(10, AT + timedelta(seconds=1)) == []
    assert await unstarted.claim(10, AT + timedelta(seconds=2)) == [(case.reference, 1)]


async def test_a_claimed_case_is_offered_again_after_a_growing_while(pool: Pool) -> None:
    case, unstarted = await opened(pool), Unstarted(pool, Kind.CASE)
    at, waits = AT + timedelta(seconds=2), []
    for _ in range(7):
        assert await unstarted.claim(10, at) == [(case.reference, 1)]
        offered = await pool.fetchval("SELECT not_before FROM unstarted_case")
        waits.append((offered - at).total_seconds())
        assert await unstarted.claim(10, offered - timedelta(milliseconds=1)) == []
        at = offered
    assert waits == [2, 4, 8, 16, 30, 30, 30]


async def test_two_reconcilers_share_the_work(pool: Pool) -> None:
    references = {(await opened(pool)).reference for _ in range(40)}
    later = AT + timedelta(minutes=1)
    claims = await asyncio.gather(*(Unstarted(pool, Kind.CASE).claim(15, later) for _ in range(4)))
    claimed = [reference for claim in claims for reference, *_ in claim]
    assert len(claimed) == len(set(claimed))
    assert all(len(claim) <= 15 for claim in claims)
    assert set(claimed) <= references
    rest = await Unstarted(pool, Kind.CASE).claim(40, later)
    assert {reference for reference, *_ in rest} == references - set(claimed)


async def test_what_another_reconciler_holds_is_passed_over(pool: Pool) -> None:
    references = sorted([(await opened(pool)).reference for _ in range(6)])
    async with transaction(pool) as other:
        held = await other.fetch("SELECT reference FROM unstarted_case ORDER BY reference LIMIT 4 FOR UPDATE")
        claimed = await asyncio.wait_for(Unstarted(pool, Kind.CASE).claim(10, AT + timedelta(minutes=1)), timeout=2)
    assert sorted(reference for reference, *_ in claimed) == references[len(held) :]


async def test_a_started_case_is_struck_off_and_the_oldest_is_known(pool: Pool) -> None:
    unstarted = Unstarted(pool, Kind.CASE)
    assert await unstarted.oldest() is None
    old = await opened(pool, at=AT - timedelta(minutes=3))
    await opened(pool)
    assert await unstarted.oldest() == AT - timedelta(minutes=3)
    await unstarted.started(old.reference, 1)
    assert await unstarted.oldest() == AT


async def test_a_lost_temporal_store_starts_all_that_is_unfinished_in_a_new_epoch(pool: Pool, ledger: Ledger) -> None:
    still_open = await opened(pool)
    closed = await done(ledger, await opened(pool), c.Withdraw(reason=TEXT, confirmed_by="phone"))
    sending = await done(
        ledger, await opened(pool, reachable_by=("email",)), c.Withdraw(reason=TEXT, confirmed_by="phone")
    )
    unstarted = Unstarted(pool, Kind.CASE)
    for case in (still_open, closed, sending):
        await unstarted.started(case.reference, 1)
    later = AT + timedelta(hours=1)
    assert await unstarted.restart_all(later) == 2
    assert sorted(await unstarted.claim(10, later)) == sorted([(still_open.reference, 2), (sending.reference, 2)])
    assert [await ledger.epoch(case.reference) for case in (still_open, closed, sending)] == [2, 1, 2]
    with pytest.raises(SupersededError):
        await ledger.append(still_open, *made(still_open, note()))


async def test_a_restart_offers_what_was_put_off_at_once(pool: Pool) -> None:
    case, unstarted = await opened(pool), Unstarted(pool, Kind.CASE)
    at = AT + timedelta(seconds=2)
    for _ in range(3):
        await unstarted.claim(10, at)
        at = await pool.fetchval("SELECT not_before FROM unstarted_case")
    assert await unstarted.restart_all(AT + timedelta(seconds=3)) == 1
    assert await unstarted.claim(10, AT + timedelta(seconds=3)) == [(case.reference, 2)]


async def test_a_start_of_an_older_epoch_does_not_strike_off_the_note_of_a_newer_one(pool: Pool) -> None:
    """The store was lost between the start of a run and its striking off: that run is gone or will be refused."""
    case, unstarted, later = await opened(pool), Unstarted(pool, Kind.CASE), AT + timedelta(seconds=3)
    assert await unstarted.restart_all(later) == 1
    await unstarted.started(case.reference, 1)
    assert await unstarted.claim(10, later) == [(case.reference, 2)]
    await unstarted.started(case.reference, 2)
    assert await unstarted.oldest() is None


async def test_the_connection_of_a_failed_intake_is_usable_again(pool: Pool) -> None:
    for _ in range(20):
        with pytest.raises(asyncpg.UniqueViolationError):
            await take_twice(pool)
    async with borrow(pool) as connection:
        assert await connection.fetchval("SELECT count(*) FROM case_record") == 0


async def take_twice(pool: Pool) -> None:
    entries = first_entries("C-2026-000001")
    async with transaction(pool) as connection:
        await open_case(connection, entries, fold(entries), AT)
        await connection.execute("INSERT INTO unstarted_case VALUES ('C-2026-000001', $1, $1)", AT)
