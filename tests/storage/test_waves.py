"""Waves on real PostgreSQL: their ledger and chain, the turns of schedules, and what drawing a sample costs."""

import asyncio
import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from activities.ports import AlreadyRecorded, Appended, Behind, DivergedError, SupersededError
from domain.surveys.sampling.plan import SamplingDesign
from domain.surveys.waves import commands as c
from domain.surveys.waves.decide import WaveCircumstances, decide_wave, plan_wave
from domain.surveys.waves.evolve import fold_wave
from domain.surveys.waves.facts import WaveEntry
from domain.surveys.waves.recurrence import Every, Recurrence
from domain.surveys.waves.wave import SampleSize, Wave
from storage.frame import STRATIFIERS, Frame, next_units_query
from storage.pool import Pool, transaction
from storage.recurrences import Recurrences, TurnTaken, take_turn
from storage.unstarted import Kind, Unstarted
from storage.waves import UnknownWave, Waves, append, open_wave

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
WHY = "txt_" + "0" * 32
SAMPLED = c.WaveStepDone(step="select.1", sample=SampleSize(units=100, taken=20, reserve=5, strata=2))


@pytest.fixture(autouse=True)
async def a_survey(pool: Pool) -> None:
    await pool.execute("INSERT INTO survey VALUES ('gas', 1, '{}', 'sha256', 'per_a', $1)", AT)


async def opened(pool: Pool, number: int = 1) -> Wave:
    reference = f"W-2026-{number:06}"
    entries = plan_wave(reference, "gas", 1, "per_a", f"plan-{number}", AT + timedelta(minutes=number))
    wave = fold_wave(entries)
    async with transaction(pool) as connection:
        await open_wave(connection, entries, wave, AT)
    return wave


def made(wave: Wave, command: Any, name: str = "done") -> tuple[tuple[WaveEntry, ...], Wave]:
    submission = c.WaveSubmission(id=name, actor="per_a", command=command)
    entries = decide_wave(wave, submission, WaveCircumstances(AT))
    return entries, fold_wave(entries, wave)


async def rows(pool: Pool) -> list[list[str]]:
    return [[str(row) for row in await pool.fetch(f"SELECT * FROM {name} ORDER BY 1, 2")] for name in TOUCHED]


TOUCHED = ("wave", "wave_ledger", "outbox")


async def test_what_was_appended_is_read_back_and_the_read_model_follows(pool: Pool) -> None:
    waves, wave = Waves(pool), await opened(pool)
    entries, after = made(wave, SAMPLED)
    assert await waves.append(wave, entries, after) == Appended()
    assert (await waves.entries(wave.reference))[1:] == entries
    assert await waves.find(wave.reference) == after
    kept = await pool.fetchrow("SELECT status, is_open, needs_operator, sequence FROM wave")
    assert kept is not None
    assert tuple(kept) == ("sampled", True, False, after.sequence)


async def test_each_hash_covers_the_one_before_it_and_a_changed_entry_is_found(pool: Pool) -> None:
    waves, wave = Waves(pool), await opened(pool)
    await waves.append(wave, *made(wave, SAMPLED))
    chain = b""
    for row in await pool.fetch("SELECT payload, hash FROM wave_ledger ORDER BY sequence"):
        canonical = json.dumps(json.loads(row["payload"]), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert row["payload"] == canonical
        chain = hashlib.sha256(chain + row["payload"].encode()).digest()
        assert row["hash"] == chain
    assert await waves.broken_chains() == []
    with pytest.raises(asyncpg.RaiseError):
        await pool.execute("UPDATE wave_ledger SET actor = 'per_b'")
    await pool.execute("UPDATE wave SET head_hash = sha256('another'::bytea)")
    assert await waves.broken_chains() == [wave.reference]


async def test_who_is_behind_gets_the_tail_and_changes_nothing(pool: Pool) -> None:
    waves, wave = Waves(pool), await opened(pool)
    entries, after = made(wave, SAMPLED)
    await waves.append(wave, entries, after)
    before = await rows(pool)
    answer = await waves.append(wave, *made(wave, c.Cancel(reason=WHY), "cancel"))
    assert answer == Behind(entries)
    assert await rows(pool) == before


async def test_a_command_that_is_in_the_ledger_is_not_done_again(pool: Pool) -> None:
    waves, wave = Waves(pool), await opened(pool)
    entries, after = made(wave, SAMPLED)
    await waves.append(wave, entries, after)
    again, _ = made(after, c.Cancel(reason=WHY), "done")
    assert await waves.append(after, again, fold_wave(again, after)) == AlreadyRecorded({"done": after.sequence})


async def test_an_older_epoch_and_a_sequence_that_never_was_are_refused(pool: Pool) -> None:
    waves, wave = Waves(pool), await opened(pool)
    entries, after = made(wave, SAMPLED)
    assert await Unstarted(pool, Kind.WAVE).restart_all(AT) == 1
    with pytest.raises(SupersededError):
        await waves.append(wave, entries, after)
    with pytest.raises(DivergedError):
        async with transaction(pool) as connection:
            await append(connection, 7, entries, after.model_copy(update={"epoch": 2}))
    with pytest.raises(UnknownWave):
        await waves.entries("W-2026-999999")


async def test_of_many_writers_at_once_one_appends_and_the_others_are_behind(pool: Pool) -> None:
    waves, wave = Waves(pool), await opened(pool)
    outcomes = await asyncio.gather(*(waves.append(wave, *made(wave, SAMPLED, f"done-{n}")) for n in range(8)))
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Appended", *["Behind"] * 7]


async def test_waves_are_listed_the_newest_first_behind_any_of_them(pool: Pool) -> None:
    for number in range(1, 6):
        await opened(pool, number)
    waves = Waves(pool)
    first = await waves.page(None, None, 2)
    assert [wave.reference for wave in first] == ["W-2026-000005", "W-2026-000004"]
    rest = await waves.page("gas", (first[-1].planned_at, first[-1].reference), 10)
    assert [wave.reference for wave in rest] == ["W-2026-000003", "W-2026-000002", "W-2026-000001"]
    assert await waves.page("water", None, 10) == []
    assert await waves.page(None, None, 10, needs_operator=True) == []


async def test_a_turn_is_taken_once_and_what_lost_leaves_nothing(pool: Pool) -> None:
    async def plan_a_turn(reference: str) -> None:
        async with transaction(pool) as connection:
            entries = plan_wave(reference, "gas", 1, "per_a", f"plan-{reference}", AT)
            await open_wave(connection, entries, fold_wave(entries), AT)
            await take_turn(connection, "gas", AT, reference)

    await plan_a_turn("W-2026-000001")
    with pytest.raises(TurnTaken):
        await plan_a_turn("W-2026-000002")
    assert await Recurrences(pool).of_turn("gas", AT) == "W-2026-000001"
    assert await Waves(pool).find("W-2026-000002") is None


async def test_a_recurrence_is_kept_changed_and_ended(pool: Pool) -> None:
    kept = Recurrences(pool)
    assert await kept.find("gas") is None
    for recurrence in (Recurrence(every=Every.YEAR, month=9), Recurrence(every=Every.WEEK, day=7, launches=True)):
        await kept.set("gas", recurrence, "per_a", AT)
        assert await kept.find("gas") == (recurrence, "per_a")
    await kept.set("gas", None, "per_b", AT)
    assert await kept.find("gas") is None
    assert await kept.all() == {"gas": None}


FILL = """
    WITH made AS (
        INSERT INTO vault.subject (subject_id, created_at, key_id, wrapped_key)
        SELECT 'cus_' || md5($1 || '.' || n), $3, 'none', decode(repeat('00', 60), 'hex')
          FROM generate_series(1, $2::integer) n RETURNING subject_id)
    INSERT INTO customer (subject, account, random_number, district, customer_type, language, has_email, has_phone,
                          added_at, changed_at)
    SELECT subject_id, sha256(subject_id::bytea),
           abs(hashtextextended(subject_id, 7)::numeric) % 1000000007 / 1000000007,
           'district_' || abs(hashtext(subject_id)) % 5, 'household', 'en', true, false, $3, $3 FROM made"""


async def filled(pool: Pool, customers: int) -> None:
    async with transaction(pool) as connection:
        await connection.execute("SET LOCAL statement_timeout = 0")
        await connection.execute(FILL, str(customers), customers, AT, timeout=600)
        await connection.execute("ANALYZE customer", timeout=600)


async def blocks_and_rows(pool: Pool, attributes: tuple[str, ...]) -> tuple[int, int]:
    """What PostgreSQL reads for the next hundred units of a stratum: pages, and rows of the frame."""
    values = {"district": "district_1", "customer_type": "household"}
    arguments = [0.25, "", 1.0, 100, *(values[name] for name in attributes)]
    explained = json.loads(
        await pool.fetchval(
            f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {next_units_query(attributes)}", *arguments, timeout=60
        )
    )[0]["Plan"]
    scans = [node for node in _nodes(explained) if node.get("Relation Name") == "customer"]
    assert {node["Node Type"] for node in scans} <= {"Index Scan", "Index Only Scan"}, explained
    blocks = explained["Shared Hit Blocks"] + explained["Shared Read Blocks"]
    return blocks, sum(node["Actual Rows"] + node.get("Rows Removed by Filter", 0) for node in scans)


def _nodes(node: dict[str, Any]) -> list[dict[str, Any]]:
    return [node, *(each for part in node.get("Plans", []) for each in _nodes(part))]


async def cost_stays_flat(pool: Pool, small: int, large: int) -> None:
    """Ten times the frame: the same rows are read, and a page or two more on the way down the index."""
    ways = [(), ("district",), ("customer_type",), STRATIFIERS]
    await filled(pool, small)
    before = [await blocks_and_rows(pool, attributes) for attributes in ways]
    await filled(pool, large - small)
    after = [await blocks_and_rows(pool, attributes) for attributes in ways]
    for (blocks, read), (blocks_after, read_after) in zip(before, after, strict=True):
        assert (read, read_after) == (100, 100)
        assert blocks_after <= 1.2 * blocks + 4, (before, after)


async def test_drawing_reads_as_much_of_a_frame_that_is_ten_times_as_large(pool: Pool) -> None:
    await cost_stays_flat(pool, 3_000, 30_000)


@pytest.mark.long
async def test_drawing_reads_as_much_of_a_million_customers_as_of_a_hundred_thousand(pool: Pool) -> None:
    await cost_stays_flat(pool, 100_000, 1_000_000)


async def test_the_next_wave_draws_others_until_everybody_was_drawn(pool: Pool) -> None:
    await filled(pool, 50)
    design = SamplingDesign.model_validate({"method": "stratified", "size": 25, "strata": []})
    drawn: list[set[str]] = []
    for number in range(1, 4):
        wave = await opened(pool, number)
        await Frame(pool).draw(wave.reference, 1, design)
        found = await pool.fetch("SELECT customer FROM contact WHERE wave = $1 AND NOT is_reserve", wave.reference)
        drawn.append({row["customer"] for row in found})
    assert drawn[0].isdisjoint(drawn[1])
    assert drawn[0] | drawn[1] == {row["subject"] for row in await pool.fetch("SELECT subject FROM customer")}
    assert drawn[2] == drawn[0]
