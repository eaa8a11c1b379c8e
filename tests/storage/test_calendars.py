"""Stored calendars on real PostgreSQL: versions that never change, and the clocks that run in them."""

import asyncio
import json
from datetime import date, timedelta
from typing import Any

import asyncpg
import pytest

from domain.calendar import Calendar, DayKind, read_calendar
from domain.complaints.evolve import fold
from domain.complaints.terms import ClockState
from storage import calendars as stored_calendars
from storage.calendars import CalendarChanged, Calendars, CalendarVersion
from storage.intakes import open_case
from storage.pool import Pool, transaction
from tests.storage.sample_cases import AT, first_entries
from tests.storage.test_query_plans import nodes

NAME = {"zh": "盘点", "en": "stocktaking"}
DOCUMENT: dict[str, Any] = {
    "id": "office",
    "version": 1,
    "title": "Office",
    "zone": "Asia/Shanghai",
    "week": {"monday": [{"opens": "09:00", "closes": "12:00"}, {"opens": "13:30", "closes": "24:00"}]},
    "known_from": "2026-01-01",
    "horizon": "2026-12-31",
    "closed": [{"day": "2026-03-09", "name": NAME}],
    "open_days": [{"day": "2026-03-14", "name": NAME, "like": "monday"}],
    "changed_days": [{"day": "2026-03-16", "name": NAME, "windows": [{"opens": "09:00", "closes": "10:00"}]}],
}


def office(**changes: Any) -> Calendar:
    return read_calendar(DOCUMENT | changes)


@pytest.fixture
def calendars(pool: Pool) -> Calendars:
    return Calendars(pool)


async def add(pool: Pool, calendar: Calendar, by: str = "per_admin0001") -> CalendarVersion:
    async with transaction(pool) as connection:
        return await Calendars(pool).add(connection, calendar, by=by, reason="as agreed", at=AT)


async def test_a_version_is_read_as_it_was_stored(pool: Pool, calendars: Calendars) -> None:
    await add(pool, office())
    found = await calendars.version("office", 1)
    assert found == CalendarVersion(office(), AT, "per_admin0001", "as agreed")
    assert found.calendar.plan(date(2026, 3, 14)).kind is DayKind.OPEN
    assert await calendars.version("office", 2) is None
    assert await calendars.newest("factory") is None


async def test_a_new_version_is_the_newest_and_the_old_one_stays(pool: Pool, calendars: Calendars) -> None:
    await add(pool, office())
    assert (await calendars.newest("office")).calendar == office()  # type: ignore[union-attr]
    await add(pool, office(version=2, title="New office"))
    assert (await calendars.newest("office")).calendar.title == "New office"  # type: ignore[union-attr]
    assert (await calendars.version("office", 1)).calendar.title == "Office"  # type: ignore[union-attr]


async def test_a_document_that_says_nothing_new_makes_no_version(pool: Pool, calendars: Calendars) -> None:
    first = await add(pool, office())
    assert await add(pool, office(version=2), by="per_admin0002") == first
    assert await calendars.version("office", 2) is None


@pytest.mark.parametrize("version", [1, 3])
async def test_only_the_next_version_is_taken(pool: Pool, calendars: Calendars, version: int) -> None:
    await add(pool, office())
    with pytest.raises(CalendarChanged):
        await add(pool, office(version=version, title="New office"))
    assert (await calendars.newest("office")).calendar == office()  # type: ignore[union-attr]


async def test_of_two_who_replace_the_same_version_at_once_one_is_told(pool: Pool, calendars: Calendars) -> None:
    await add(pool, office())
    both = (office(version=2, title=title) for title in ("North", "South"))
    outcomes = await asyncio.gather(*(add(pool, calendar) for calendar in both), return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["CalendarChanged", "CalendarVersion"]
    (won,) = (outcome for outcome in outcomes if isinstance(outcome, CalendarVersion))
    assert await calendars.newest("office") == won


async def test_a_version_that_was_rolled_back_was_never_there(pool: Pool, calendars: Calendars) -> None:
    async def fail() -> None:
        async with transaction(pool) as connection:
            await calendars.add(connection, office(), by="per_admin0001", reason="by mistake", at=AT)
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    assert await calendars.newest("office") is None
    await add(pool, office(title="Another"))
    assert (await calendars.newest("office")).calendar.title == "Another"  # type: ignore[union-attr]


@pytest.mark.parametrize("statement", ["UPDATE calendar SET reason = ''", "DELETE FROM calendar", "TRUNCATE calendar"])
async def test_no_version_can_be_changed_or_taken_away(pool: Pool, statement: str) -> None:
    await add(pool, office())
    with pytest.raises(asyncpg.RaiseError, match="calendar is append-only"):
        await pool.execute(statement)


async def test_a_version_is_read_once_by_a_process_until_others_were_used_since(
    pool: Pool, calendars: Calendars, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_calendars, "MOST_KEPT", 2)
    for version in (1, 2, 3):
        await add(pool, office(version=version, title=f"Office {version}"))
    first, second = await calendars.version("office", 1), await calendars.version("office", 2)
    assert await calendars.version("office", 1) is first
    await calendars.newest("office")  # the third: the second was used longest ago
    assert await calendars.version("office", 1) is first
    again = await calendars.version("office", 2)
    assert again == second
    assert again is not second


async def test_calendars_are_listed_by_their_newest_versions(pool: Pool, calendars: Calendars) -> None:
    await add(pool, office())
    await add(pool, office(version=2, title="New office"))
    await add(pool, office(id="office-north"))
    await add(pool, office(id="office-south"))
    page = await calendars.page("oak", 2)
    assert [(each.calendar.id, each.calendar.version) for each in page] == [("office", 2), ("office-north", 1)]
    assert [each.calendar.id for each in await calendars.page("office-north", 2)] == ["office-south"]


async def record(pool: Pool, reference: str, *clocks: tuple[str, int, ClockState]) -> None:
    """A case with clocks, each in a version of a calendar, due so many days on and in a state."""
    entries = first_entries(reference)
    case = fold(entries)
    changed = (
        case.clocks[-1].model_copy(
            update={"calendar": pin, "due_at": AT + timedelta(days=days), "state": state, "attempt": attempt}
        )
        for attempt, (pin, days, state) in enumerate(clocks, 1)
    )
    async with transaction(pool) as connection:
        await open_case(connection, entries, case.changed(clocks=tuple(changed)), AT)


async def test_the_running_clocks_of_a_calendar_are_found_in_the_order_of_their_due_times(
    pool: Pool, calendars: Calendars, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_calendars, "CASES_AT_ONCE", 2)
    running, met = ClockState.RUNNING, ClockState.MET
    await record(pool, "C-2026-000003", ("office@1", 3, running), ("office@2", 4, running))
    await record(pool, "C-2026-000001", ("office@2", 1, running))
    await record(pool, "C-2026-000002", ("office@1", 1, running), ("office@1", 1, met))
    await record(pool, "C-2026-000004", ("office-north@1", 2, running))
    await record(pool, "C-2026-000005", ("office@1", 2, met), ("every-day@1", 2, running))
    pages = [page async for page in calendars.running_clocks("office")]
    assert [[(reference, clock.attempt) for reference, clock in page] for page in pages] == [
        [("C-2026-000001", 1), ("C-2026-000002", 1)],
        [],
        [("C-2026-000003", 1), ("C-2026-000003", 2)],
    ]
    assert pages[2][1][1].due_at == AT + timedelta(days=4)


async def test_looking_for_running_clocks_reads_no_more_cases_than_a_page_has(pool: Pool) -> None:
    await pool.execute(
        """INSERT INTO case_record (reference, epoch, sequence, head_hash, customer, status, channel, severity, policy,
                                    taken_by, received_at, next_due, is_open, is_breached, needs_operator, changed_at,
                                    state)
           SELECT 'C-' || n, 1, 1, '', 'cus', 'received', 'web', 3, 'default@1', 'per', $1,
                  CASE WHEN n % 2 = 0 THEN $1::timestamptz + n * interval '1 minute' END,
                  true, false, false, $1, '{"clocks": [{"state": "running", "calendar": "office@1"}]}'
             FROM generate_series(1, 6000) n""",
        AT,
    )
    await pool.execute("ANALYZE case_record")
    async with transaction(pool) as connection:
        await connection.execute("SET LOCAL enable_bitmapscan = off")  # which is cheaper while the table is small
        explained = await connection.fetchval(
            f"EXPLAIN (ANALYZE, FORMAT JSON) {stored_calendars.RUNNING_CLOCKS}",
            "office",
            AT + timedelta(minutes=1_000),
            "C-1000",
            1_000,
        )
    (found,) = json.loads(explained)
    assert {node["Node Type"] for node in nodes(found["Plan"])} == {"Limit", "Index Scan"}
    assert {node["Actual Rows"] for node in nodes(found["Plan"])} == {1_000}
