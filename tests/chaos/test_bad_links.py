"""R5, R6, R7: a bad network, answers that are lost behind the commit, a sick database. People work on meanwhile."""

import asyncio
import random
from collections import Counter
from itertools import product
from pathlib import Path

import asyncpg
import httpx
import pytest

from tests.chaos.business import Business, brisk_paths
from tests.chaos.conftest import SEED, Say
from tests.chaos.laws import contradictions
from tests.chaos.proxy import TOXICS, Toxic
from tests.chaos.report import figures
from tests.chaos.rig import LINKS, Rig
from tests.chaos.sick_store import FILE, SHARE

pytestmark = pytest.mark.slow

CASES = 6
MOST_CONNECTIONS = 2 * 10 + 3
"""Two pools of ten, and the visitors of the tests."""
LOST_ANSWERS = Toxic("lost answers", loses_answers=0.05)
LOST_COMMITS = Toxic("lost commits", loses_commits=0.3)
STORE_LINKS = LINKS[:2]

TERMINATE = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid()"""


class Length:
    """How long each fault lasts and how much business there is."""

    def __init__(self, request: pytest.FixtureRequest) -> None:
        self.is_long: bool = request.param == "long"
        self.suffix = ", long" if self.is_long else ""
        self.fault_seconds = 6.0 if self.is_long else 0.5
        self.cases = 60 if self.is_long else CASES
        self.storm_seconds = 60.0 if self.is_long else 4.0


@pytest.fixture(params=["gate", pytest.param("long", marks=pytest.mark.long)])
def length(request: pytest.FixtureRequest) -> Length:
    return Length(request)


async def test_a_bad_network_between_any_two_parts_loses_and_doubles_nothing(
    rig: Rig, business: Business, length: Length, say: Say
) -> None:
    async def spoil() -> None:
        for toxic, link in product(TOXICS, LINKS):
            async with rig.spoiled(link, toxic):
                await asyncio.sleep(length.fault_seconds)

    await work_while(spoil(), business, length.cases, len(TOXICS) * len(LINKS) * length.fault_seconds)
    await check(
        f"R5 network{length.suffix}", rig, business, say, toxics=[toxic.name for toxic in TOXICS], links=len(LINKS)
    )
    async with asyncio.timeout(30):
        while await connections(rig) > MOST_CONNECTIONS:
            await asyncio.sleep(0.5)


async def test_what_was_committed_although_nobody_heard_of_it_is_done_once(
    rig: Rig, business: Business, length: Length, say: Say
) -> None:
    passed = sum(rig.links[link].passed for link in STORE_LINKS)
    broken = sum(rig.links[link].broken for link in STORE_LINKS)

    async def lose() -> None:
        for toxic, link in product((LOST_ANSWERS, LOST_COMMITS), STORE_LINKS):
            async with rig.spoiled(link, toxic):
                await asyncio.sleep(length.storm_seconds / 2)

    await work_while(lose(), business, length.cases, 2 * length.storm_seconds)
    lost = sum(rig.links[link].broken for link in STORE_LINKS) - broken
    volume = sum(rig.links[link].passed for link in STORE_LINKS) - passed
    await check(f"R6 unknown commit{length.suffix}", rig, business, say, answers_lost=lost, bytes=volume)
    assert lost > 0


async def test_a_storm_of_ended_backends_is_never_a_defect(
    rig: Rig, business: Business, length: Length, say: Say
) -> None:
    ended = Counter[str]()

    async def storm() -> None:
        chance, until = random.Random(SEED), asyncio.get_running_loop().time() + length.storm_seconds
        connection = await asyncpg.connect(rig.database_url)
        async with rig.hurt("postgres"):
            while asyncio.get_running_loop().time() < until:
                ended["backends"] += len(await connection.fetch(TERMINATE))
                await asyncio.sleep(chance.uniform(0.05, 0.4))
        await connection.close()

    await work_while(storm(), business, length.cases, length.storm_seconds)
    await check(f"R7 ended backends{length.suffix}", rig, business, say, **ended)


async def test_a_database_that_only_reads_is_a_503_and_heals(
    rig: Rig, business: Business, length: Length, say: Say
) -> None:
    async def only_read() -> None:
        async with rig.hurt("postgres"):
            await set_for_all(rig, "on")
            await asyncio.sleep(length.storm_seconds)
            await set_for_all(rig, "off")

    answers = business.diary.answers[503]
    await work_while(only_read(), business, length.cases, length.storm_seconds)
    await check(f"R7 read-only{length.suffix}", rig, business, say)
    assert business.diary.answers[503] > answers


async def test_statements_that_fail_at_random_are_never_a_defect_and_nothing_is_done_twice(
    rig: Rig, business: Business, length: Length, tmp_path: Path, say: Say
) -> None:
    """Deadlocks, time-outs and lost connections, before a statement or after it was done."""
    failed, share = tmp_path / "failed", 0.05 if length.is_long else 0.03
    for part in ("api", "worker"):
        assert await rig.stop(part) == 0
        await rig.start(part, **{FILE: str(failed), SHARE: str(share)})

    async def be_sick() -> None:
        async with rig.hurt("postgres"):
            failed.touch()
            await asyncio.sleep(length.storm_seconds)
            kinds.update(failed.read_text().splitlines())
            failed.unlink()

    kinds = Counter[str]()
    await work_while(be_sick(), business, length.cases, length.storm_seconds)
    for part in ("api", "worker"):
        assert await rig.stop(part) == 0
        await rig.start(part)
    await check(f"R6, R7 failing statements{length.suffix}", rig, business, say, statements_failed=dict(kinds))
    assert kinds


async def test_statements_that_wait_too_long_and_a_pool_without_connections_are_503(
    rig: Rig, business: Business, say: Say
) -> None:
    """Somebody holds the table: thirty requests want ten connections."""
    locker = await asyncpg.connect(rig.database_url)
    headers = {"Authorization": f"Bearer {business.staff.supervisors[0].token}"}
    async with httpx.AsyncClient(base_url=rig.url, timeout=60, headers=headers) as client, rig.hurt("postgres"):
        async with locker.transaction():
            await locker.execute("LOCK TABLE case_record IN ACCESS EXCLUSIVE MODE")
            answers = await asyncio.gather(*(client.get("/v1/complaints") for _ in range(30)))
        assert {answer.status_code for answer in answers} == {503}
        assert all(int(answer.headers["retry-after"]) > 0 for answer in answers)
        assert (await client.get("/v1/complaints")).status_code == 200
    await locker.close()
    await check("R7 waiting statements", rig, business, say, refused=len(answers))


async def work_while(trouble: object, business: Business, cases: int, over_seconds: float) -> None:
    """People work while something is wrong, and until all of them are done."""
    async with asyncio.TaskGroup() as group:
        group.create_task(business.run(brisk_paths(cases, random.Random(SEED)), over_seconds))
        group.create_task(trouble)  # type: ignore[arg-type]


async def check(name: str, rig: Rig, business: Business, say: Say, **more: object) -> None:
    evidence = await rig.look(business)
    findings = contradictions(evidence)
    say(figures(name, SEED, evidence, findings, **more))
    assert not findings, rig.folder


async def connections(rig: Rig) -> int:
    connection = await asyncpg.connect(rig.database_url)
    try:
        return int(
            await connection.fetchval("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        )
    finally:
        await connection.close()


async def set_for_all(rig: Rig, only_reads: str) -> None:
    """As in the middle of a failover: sessions end, and new ones may only read."""
    connection = await asyncpg.connect(rig.database_url)
    try:
        await connection.execute("SET default_transaction_read_only = off")
        name = await connection.fetchval("SELECT quote_ident(current_database())")
        await connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = {only_reads}")
        await connection.execute(TERMINATE)
    finally:
        await connection.close()
