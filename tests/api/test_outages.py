"""What the API does while Temporal or PostgreSQL is away, and that nothing is lost or done twice behind it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from io import StringIO

import asyncpg
import httpx
import pytest
from temporalio.client import Client

from runtime.assembly import plug_together
from runtime.converter import HEADER_CODEC, data_converter
from starter.services import services
from storage.keys import MasterKeys
from storage.pool import Pool
from tests.api.visitors import COMPLAINT, Api, Visitor, calling, problem, visitors
from tests.house import House, open_house
from tests.mail_server import MailServer

NOBODY_LISTENS = "127.0.0.1:1"


@pytest.fixture
async def away(module_database_url: str, master_keys: MasterKeys) -> AsyncIterator[Api]:
    """The API of a house whose Temporal was never there."""
    client = await Client.connect(
        NOBODY_LISTENS, lazy=True, data_converter=data_converter(master_keys), header_codec_behavior=HEADER_CODEC
    )
    async with open_house(module_database_url, client, master_keys) as house, visitors(house) as api:
        yield api


async def test_without_temporal_complaints_are_taken_in_and_started_when_it_is_back(away: Api, api: Api) -> None:
    reference = await away["hotline"].take()
    ready = (await away.client.get("/health/ready")).json()
    assert (ready["status"], ready["postgresql"], ready["temporal"]) == ("degraded", "up", "down")
    assert ready["wedged_workflows"] is None
    assert ready["oldest_unstarted_intake_seconds"] >= 0
    assert (await away["hotline"].read(reference))["source"] == "record"
    await api.house.parts.pool.execute("UPDATE unstarted_case SET not_before = since")
    assert await api.house.parts.launcher.start_those_left() >= 1
    assert (await api["supervisor"].until(reference, source="live"))["status"] == "received"
    ready = (await api.client.get("/health/ready")).json()
    assert ready == {
        "status": "ready",
        "postgresql": "up",
        "temporal": "up",
        "oldest_unstarted_intake_seconds": None,
        "wedged_workflows": 0,
    }


async def test_a_command_of_unknown_outcome_is_done_once_when_it_is_repeated(away: Api, api: Api) -> None:
    reference = await away["hotline"].take()
    person = away["handler"].person
    here = Visitor(person, api.client, away["handler"].token)
    body = {"text": "He called again."}
    for _ in range(2):
        answer = await away["handler"].command(reference, "note", body, key="once")
        problem(answer, 503, "outcome_unknown")
        assert answer.headers["retry-after"] == "5"
    problem(await here.command(reference, "note", {"text": "Another."}, key="once"), 422, "key_reused")
    done = await here.command(reference, "note", body, key="once")
    assert done.status_code == 200
    again = await here.command(reference, "note", body, key="once")
    assert (again.content, again.headers["idempotency-replayed"]) == (done.content, "true")
    assert (await api.house.facts(reference)).count("complaint.noted") == 1
    story = (await here.get(f"/v1/complaints/{reference}/story")).json()
    assert list(story["texts"].values()) == ["He called again."]


async def test_what_was_recorded_although_the_answer_was_lost_keeps_its_texts(api: Api) -> None:
    """The command reaches the process, the answer does not come back: its texts must not be forgotten."""
    hotline, reference = api["hotline"], await api["hotline"].take()
    first = await hotline.command(reference, "note", {"text": "Kept."}, key="lost")
    assert first.status_code == 200
    await lose_the_answers(api)
    again = await hotline.command(reference, "note", {"text": "Kept."}, key="lost")
    assert (again.status_code, again.json()["recorded_at_sequence"]) == (200, first.json()["recorded_at_sequence"])
    assert (await api.house.facts(reference)).count("complaint.noted") == 1
    story = (await hotline.get(f"/v1/complaints/{reference}/story")).json()
    assert list(story["texts"].values()) == ["Kept."]


async def test_what_was_recorded_is_not_held_against_the_tag_and_the_wishes_that_came_behind_it(api: Api) -> None:
    """Its own record has moved the case, and the customer has opted out since; neither undoes what was done."""
    handler, reference = api["handler"], await api["hotline"].take(customer={"email": "li.hua@example.com"})
    seen = {"If-Match": (await handler.get(f"/v1/complaints/{reference}")).headers["etag"]}
    update = {"letter": "We have ordered the valve.", "way": "email"}
    first = await handler.command(reference, "update_customer", update, key="update", headers=seen)
    assert first.status_code == 200, first.text
    await lose_the_answers(api)
    limits = await handler.put(f"/v1/complaints/{reference}/contact", {"opted_out": ["email"]})
    assert limits.status_code == 200
    again = await handler.command(reference, "update_customer", update, key="update", headers=seen)
    assert (again.status_code, again.json()["recorded_at_sequence"]) == (200, first.json()["recorded_at_sequence"])
    story = (await handler.get(f"/v1/complaints/{reference}/story")).json()
    assert list(story["texts"].values()) == ["We have ordered the valve."]


async def lose_the_answers(api: Api) -> None:
    """As if every request had broken off behind its record, an hour ago."""
    await api.house.parts.pool.execute(
        """UPDATE idempotency SET status = NULL, answer = NULL, headers = NULL,
                  started_at = started_at - interval '1 hour'"""
    )


async def test_a_bulk_that_was_asked_for_while_temporal_is_away_is_done_later(away: Api, api: Api) -> None:
    reference = await parked(api)
    step = f"{reference}.acknowledgement.1"
    operator = away["operator"]
    asked = await operator.post("/v1/steps/bulk/skip", {"ids": [step], "reason": "x", "per_second": 50}, key="bulk")
    assert asked.status_code == 202
    batch = asked.json()["id"]
    assert (await operator.get(f"/v1/steps/batches/{batch}")).json()["items"][0]["outcome"] == "waiting"
    for unfinished in await api.house.services.batch_records.unfinished():  # what the chore does
        await api.house.parts.launcher.start_batch(unfinished)
    async with asyncio.timeout(20):
        while not (await operator.get(f"/v1/steps/batches/{batch}")).json()["is_finished"]:
            await asyncio.sleep(0.02)
    again = await operator.post("/v1/steps/bulk/skip", {"ids": [step], "reason": "x", "per_second": 50}, key="bulk")
    assert (again.content, again.headers["idempotency-replayed"]) == (asked.content, "true")
    assert (await api.house.facts(reference)).count("step.skipped") == 1


async def parked(api: Api) -> str:
    """A case whose notice cannot be sent."""
    reference = await api["hotline"].take(channel="web", customer={"email": "gone@example.org"})
    async with asyncio.timeout(20):
        while not (await api.house.record(reference)).parked:
            await asyncio.sleep(0.02)
    return reference


@pytest.fixture(scope="module", autouse=True)
def nobody_of_that_name(post: MailServer) -> None:
    post.refuse("550 5.1.1 no such mailbox", "gone@example.org")


@asynccontextmanager
async def without_store(api: Api) -> AsyncIterator[dict[str, Visitor]]:
    """The same house over a pool whose PostgreSQL does not answer."""
    parts = api.house.parts
    pool: Pool = await asyncpg.create_pool(f"postgresql://nobody@{NOBODY_LISTENS}/nothing", min_size=0, max_size=2)
    dead = services(plug_together(parts.settings, parts.keys, pool, parts.client))
    async with calling(dead) as (_, client):
        yield {name: replace(visitor, client=client) for name, visitor in api.visitors.items()}
    await pool.close()


async def test_without_the_store_everything_is_a_503_that_may_be_tried_again(api: Api) -> None:
    async with without_store(api) as visitors:
        answers = [
            await visitors["hotline"].post("/v1/complaints", COMPLAINT, key="k"),
            await visitors["hotline"].get("/v1/complaints"),
            await visitors["hotline"].get("/v1/complaints/C-2026-000001"),
            await visitors["handler"].command("C-2026-000001", "note", {"text": "x"}),
            await visitors["operator"].post("/v1/steps/bulk/retry"),
            await visitors["admin"].get("/v1/staff"),
        ]
        for answer in answers:
            problem(answer, 503, "store_away")
            assert int(answer.headers["retry-after"]) > 0
        client = visitors["hotline"].client
        ready = await client.get("/health/ready")
        assert (ready.status_code, ready.json()["status"], ready.json()["postgresql"]) == (503, "down", "down")
        assert int(ready.headers["retry-after"]) > 0
        assert (await client.get("/health/live")).json() == {"status": "live"}
        assert (await client.get("/metrics")).status_code == 200


async def test_connections_that_are_cut_are_never_a_defect(api: Api, house: House) -> None:
    """Whatever a cut meets, a request is done or may be tried again; with its key it is done once."""
    keys = [f"storm-{number}" for number in range(60)]
    counts = {"answered": 0}

    async def insist(key: str) -> httpx.Response:
        while True:
            answer = await api["hotline"].post("/v1/complaints", COMPLAINT, key=key)
            assert answer.status_code in {201, 503}, answer.text
            counts["answered"] += 1
            if answer.status_code == 201:
                return answer

    async def cut(url: str) -> None:
        knife = await asyncpg.connect(url)
        for _ in range(30):
            await knife.execute(
                """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                    WHERE datname = current_database() AND pid <> pg_backend_pid()"""
            )
            await asyncio.sleep(0.02)
        await knife.close()

    cutting = asyncio.create_task(cut(house.parts.settings.database_url))
    answers = await asyncio.gather(*(insist(key) for key in keys))
    await cutting
    assert counts["answered"] > len(keys)
    references = {answer.json()["reference"] for answer in answers}
    assert len(references) == len(keys)
    async with asyncio.timeout(10):
        while (await api.client.get("/health/ready")).status_code != 200:
            await asyncio.sleep(0.1)
    kept = await house.parts.pool.fetchval(
        "SELECT count(*) FROM case_record WHERE reference = ANY($1)", sorted(references)
    )
    assert kept == len(keys)


async def test_an_intake_that_fails_in_the_middle_stores_nothing_and_can_be_repeated(
    api: Api, house: House, logs: StringIO
) -> None:
    pool = house.parts.pool
    await pool.execute(
        """CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'out of order'; END $$;
           CREATE TRIGGER fail BEFORE UPDATE ON idempotency FOR EACH ROW EXECUTE FUNCTION fail()"""
    )
    before = await pool.fetchval("SELECT count(*) FROM case_record")
    try:
        answer = await api["hotline"].post("/v1/complaints", COMPLAINT, key="fails")
        assert "out of order" not in str(problem(answer, 500, "defect"))
        logged = [line for line in logs.getvalue().splitlines() if answer.headers["x-request-id"] in line]
        assert any("out of order" in line for line in logged)
    finally:
        await pool.execute("DROP FUNCTION fail CASCADE")
    assert await pool.fetchval("SELECT count(*) FROM case_record") == before
    assert (await api["hotline"].post("/v1/complaints", COMPLAINT, key="fails")).status_code == 201


async def test_the_figures_count_requests_by_the_template_of_their_route(api: Api) -> None:
    reference = await api["hotline"].take()
    await api["hotline"].read(reference)
    figures = (await api.client.get("/metrics")).text
    assert 'amends_http_requests_total{method="GET",route="/v1/complaints/{reference}",status="200"}' in figures
    assert reference not in figures
    assert "amends_steps_parked" in figures
    assert "amends_outbox_depth" in figures
