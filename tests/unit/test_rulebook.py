"""Policies by their pins, calendars as they are stored, and how a database comes by them; on real PostgreSQL."""

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

import pytest

from domain.calendar import Calendar
from domain.complaints import shipped
from runtime.preparation import prepare, put_in_calendars
from runtime.rulebook import Rulebook, UnknownCalendar, UnknownPolicy
from starter.embedded import EmbeddedPostgres
from storage.calendars import Calendars
from storage.pool import Pool, open_pool, transaction
from tests.conftest import execute, url_of_database

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
DEFAULT = next(policy for policy in shipped.policies() if policy.id == "plain")
SHIPPED = ["au", "cn", "england", "every-day", "us"]


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    pool = await open_pool(database_url, size=4)
    yield pool
    await pool.close()


@pytest.fixture
def rulebook(pool: Pool) -> Rulebook:
    return Rulebook(pool)


async def replace(pool: Pool, calendar_id: str, *, by: str, **changes: object) -> Calendar:
    newest = await Calendars(pool).newest(calendar_id)
    assert newest is not None
    changed = newest.calendar.model_copy(update={"version": newest.calendar.version + 1, **changes})
    async with transaction(pool) as connection:
        await Calendars(pool).add(connection, changed, by=by, reason="as agreed", at=AT)
    return changed


async def test_a_policy_is_found_by_its_pin_and_by_the_day_on_which_it_is_in_force(rulebook: Rulebook) -> None:
    assert await rulebook.policy("plain@1") == DEFAULT
    assert await rulebook.in_force("plain", date(2020, 1, 1)) == DEFAULT
    with pytest.raises(UnknownPolicy, match="plain@9"):
        await rulebook.policy("plain@9")
    with pytest.raises(UnknownPolicy, match="plain"):
        await rulebook.in_force("plain", date(2019, 12, 31))


async def test_clocks_start_in_the_newest_version_of_their_calendar(pool: Pool, rulebook: Rulebook) -> None:
    before = await rulebook.calendar(DEFAULT)
    assert (before.id, before.version, before.zone) == ("every-day", 1, "Asia/Shanghai")
    moved = await replace(pool, "every-day", by="per_admin0001", zone="Europe/London")
    assert await rulebook.calendar(DEFAULT) == moved
    assert (await rulebook.calendar(DEFAULT)).version == 2


async def test_a_policy_whose_calendar_is_not_there_is_named(rulebook: Rulebook) -> None:
    lost = DEFAULT.model_copy(update={"calendar": "harbour"})
    with pytest.raises(UnknownCalendar, match="plain@1 counts in the calendar harbour, which is not there"):
        await rulebook.calendar(lost)


async def test_a_horizon_that_comes_near_is_written_to_the_log(
    pool: Pool, rulebook: Rulebook, caplog: pytest.LogCaptureFixture
) -> None:
    assert await rulebook.warn_of_horizons(AT) == 0
    await replace(pool, "every-day", by="per_admin0001", horizon=AT.date() + timedelta(days=30))
    with caplog.at_level(logging.WARNING):
        assert await rulebook.warn_of_horizons(AT) == 1
    (told,) = caplog.records
    assert (told.calendar, told.horizon) == ("every-day@2", "2026-04-01")  # type: ignore[attr-defined]


async def test_preparing_a_database_again_changes_nothing(pool: Pool, database_url: str) -> None:
    assert await prepare(database_url, "Asia/Shanghai", AT) == []
    stored = await Calendars(pool).page("", 10)
    assert [(each.calendar.id, each.calendar.version, each.made_by) for each in stored] == [
        (calendar_id, 1, "system") for calendar_id in SHIPPED
    ]


async def test_an_empty_database_is_prepared_by_several_processes_at_once(postgres_server: EmbeddedPostgres) -> None:
    await execute(postgres_server.url, "CREATE DATABASE to_be_prepared")
    empty = url_of_database(postgres_server.url, "to_be_prepared")
    told = await asyncio.gather(*(prepare(empty, "Asia/Shanghai", AT) for _ in range(3)))
    done = sorted(line for lines in told for line in lines)
    assert [line for line in done if line.startswith("applied 0004")] == ["applied 0004_calendars"]
    assert [line.split(",")[0] for line in done if line.startswith("put in")] == [
        f"put in the calendar {calendar_id}@1" for calendar_id in SHIPPED
    ]
    await execute(postgres_server.url, "DROP DATABASE to_be_prepared WITH (FORCE)")


async def test_what_a_release_knows_more_becomes_the_next_version_of_its_own_calendars(pool: Pool) -> None:
    assert [each.id for each in await put_in_calendars(pool, "Europe/London", AT)] == ["every-day"]
    every_day = await Calendars(pool).newest("every-day")
    assert every_day is not None
    assert (every_day.calendar.version, every_day.calendar.zone) == (2, "Europe/London")
    assert await put_in_calendars(pool, "Europe/London", AT) == []


async def test_a_calendar_that_people_made_their_own_is_left_to_them(pool: Pool) -> None:
    await replace(pool, "every-day", by="per_admin0001", title="Round the clock")
    assert await put_in_calendars(pool, "Europe/London", AT) == []


async def test_an_older_release_takes_nothing_away(pool: Pool) -> None:
    newest = await Calendars(pool).newest("cn")
    assert newest is not None
    await replace(pool, "cn", by="system", horizon=newest.calendar.horizon + timedelta(days=365))
    assert await put_in_calendars(pool, "Asia/Shanghai", AT) == []
