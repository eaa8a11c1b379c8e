"""Webhooks from the API to a real endpoint: what happens to cases arrives there, signed, in order, and nothing else."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.access import Role
from runtime.assembly import tell_all, webhook_post
from runtime.housekeeping import Chore, keep_house
from runtime.webhooks import WebhookPost
from tests.api.visitors import Api, problem, wrong_fields
from tests.endpoints import Endpoints, Told, endpoints
from tests.house import House


@pytest.fixture(scope="module")
async def served() -> AsyncIterator[Endpoints]:
    async with endpoints() as served:
        yield served


@pytest.fixture(scope="module")
async def postman(house: House) -> AsyncIterator[WebhookPost]:
    """What the worker does as a chore, for as long as the tests of this file run."""
    post = webhook_post(house.parts)
    often = timedelta(seconds=0.05)
    chores = [
        Chore("tell what happened", often, lambda: tell_all(house.parts.pool)),
        Chore("tell webhooks", often, post.open_lanes),
    ]
    walking = asyncio.create_task(keep_house(chores))
    yield post
    walking.cancel()
    await post.close()


async def added(api: Api, url: str, *types: str) -> dict[str, Any]:
    answer = await api["admin"].post("/v1/webhooks", {"url": url, "types": types})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def deliveries(api: Api, hook: str, **params: Any) -> list[dict[str, Any]]:
    pages = await api["operator"].pages(f"/v1/webhooks/{hook}/deliveries", **params)
    return [delivery for page in pages for delivery in page]


async def until(condition: Callable[[], Any]) -> Any:
    async with asyncio.timeout(60):
        while not (found := await condition()):
            await asyncio.sleep(0.05)
    return found


@pytest.mark.usefixtures("postman")
async def test_what_happens_to_a_case_is_told_in_order_signed_and_without_personal_data(
    api: Api, served: Endpoints
) -> None:
    hook = await added(api, f"{served.url}/in-order")
    reference = await api["hotline"].take(
        narrative="CANARY", customer={"name": "CANARY", "email": "canary@example.org"}
    )
    await api["handler"].do(reference, "assess", decision="valid", evidence="CANARY")
    await api["handler"].do(reference, "claim")
    facts = await until(lambda: complete(api, reference, 4))

    def of_the_case() -> list[Told]:
        return [one for one in served.at("/in-order") if one.id.startswith(reference)]

    async def arrived() -> bool:
        return len(of_the_case()) >= len(facts)

    await until(arrived)
    bodies = [one.verified(hook["secret"]) for one in of_the_case()]
    assert [body["type"] for body in bodies] == await api.house.facts(reference)
    assert [body["data"]["sequence"] for body in bodies] == list(range(1, len(bodies) + 1))
    assert [one.id for one in of_the_case()] == [body["id"] for body in bodies]
    assert {body["source"] for body in bodies} == {f"{api.house.parts.settings.public_url}/v1/complaints/{reference}"}
    sent = json.dumps([(one.headers, one.body.decode()) for one in served.told]).lower()
    assert "canary" not in sent


async def complete(api: Api, reference: str, count: int) -> list[str]:
    facts = await api.house.facts(reference)
    return facts if len(facts) >= count else []


@pytest.mark.usefixtures("postman")
async def test_a_test_event_shows_how_an_endpoint_answers(api: Api, served: Endpoints) -> None:
    hook = await added(api, f"{served.url}/ping", "complaint.closed")
    sent = await api["operator"].post(f"/v1/webhooks/{hook['id']}/ping")
    assert (sent.status_code, sent.json()["type"]) == (202, "webhook.ping")
    [told] = await served.until("/ping", 1)
    assert told.verified(hook["secret"])["type"] == "webhook.ping"

    async def settled() -> list[dict[str, Any]]:
        return await deliveries(api, hook["id"], state="delivered")

    [delivered] = await until(settled)
    assert (delivered["answer"], delivered["attempts"]) == (204, 1)


@pytest.mark.usefixtures("postman")
async def test_a_failure_is_tried_again_and_then_told_as_delivered(api: Api, served: Endpoints) -> None:
    served.answers["/flaky"] = lambda _: 503 if len(served.at("/flaky")) == 1 else 204
    hook = await added(api, f"{served.url}/flaky", "complaint.closed")
    await api["operator"].post(f"/v1/webhooks/{hook['id']}/ping")
    first, second = await served.until("/flaky", 2)
    assert first.id == second.id
    assert first.body == second.body

    async def settled() -> list[dict[str, Any]]:
        return await deliveries(api, hook["id"], state="delivered")

    [delivered] = await until(settled)
    assert (delivered["attempts"], delivered["error"]) == (2, None)


@pytest.mark.usefixtures("postman")
async def test_a_slow_endpoint_holds_up_nobody_else(api: Api, served: Endpoints) -> None:
    served.open_doors["/slow"] = asyncio.Event()
    await added(api, f"{served.url}/slow")
    await added(api, f"{served.url}/fast")
    references = [await api["hotline"].take() for _ in range(20)]
    await served.until("/slow", 1)

    async def all_told() -> bool:
        return set(references) <= {one.id.partition("/")[0] for one in served.at("/fast")}

    assert await until(all_told)
    assert not served.open_doors["/slow"].is_set()
    served.open_doors["/slow"].set()


@pytest.mark.usefixtures("postman")
async def test_an_endpoint_that_says_it_is_gone_is_switched_off(api: Api, served: Endpoints) -> None:
    served.answers["/gone"] = lambda _: 410
    hook = await added(api, f"{served.url}/gone", "complaint.closed")
    await api["operator"].post(f"/v1/webhooks/{hook['id']}/ping")

    async def off() -> bool:
        read = (await api["admin"].get(f"/v1/webhooks/{hook['id']}")).json()
        return bool(read["state"] == "disabled" and "410" in read["disabled_why"])

    assert await until(off)
    changed = await api["admin"].send("PATCH", f"/v1/webhooks/{hook['id']}", json={"state": "active"})
    assert (changed.json()["state"], changed.json()["disabled_why"]) == ("active", None)


@pytest.mark.usefixtures("postman")
async def test_after_a_rotation_the_old_and_the_new_secret_verify(api: Api, served: Endpoints) -> None:
    hook = await added(api, f"{served.url}/rotated", "complaint.closed")
    rotated = await api["admin"].post(f"/v1/webhooks/{hook['id']}/secrets")
    assert rotated.status_code == 201
    await api["operator"].post(f"/v1/webhooks/{hook['id']}/ping")
    [told] = await served.until("/rotated", 1)
    assert told.verified(hook["secret"]) == told.verified(rotated.json()["secret"])


@pytest.mark.usefixtures("postman")
async def test_a_window_is_told_again_under_the_same_ids(api: Api, served: Endpoints) -> None:
    begin = datetime.now(UTC)
    reference = await api["hotline"].take()

    async def told_before() -> bool:
        return not await api.house.parts.pool.fetchval("SELECT count(*) FROM outbox WHERE reference = $1", reference)

    await until(told_before)
    hook = await added(api, f"{served.url}/replayed", "complaint.received")
    window = {"begin": begin.isoformat(), "end": (datetime.now(UTC) + timedelta(seconds=5)).isoformat()}
    path = f"/v1/webhooks/{hook['id']}/replay"
    first = await api["operator"].post(path, window, key="again")
    repeated = await api["operator"].post(path, window, key="again")
    assert (first.status_code, first.json()["events"] >= 1) == (202, True)
    assert repeated.headers["Idempotency-Replayed"] == "true"

    async def told() -> list[Told]:
        return [one for one in served.at("/replayed") if one.id == f"{reference}/1"]

    await until(told)
    assert {one.verified(hook["secret"])["type"] for one in served.at("/replayed")} == {"complaint.received"}
    assert len(await deliveries(api, hook["id"])) == first.json()["events"]


async def test_a_secret_is_shown_once_and_again_only_to_a_repetition_of_the_request(
    api: Api, served: Endpoints
) -> None:
    body = {"url": f"{served.url}/once", "types": ["complaint.closed"]}
    first, again = [await api["admin"].post("/v1/webhooks", body, key="hook-once") for _ in range(2)]
    assert first.json() == again.json()
    listed = next(w for w in (await api["admin"].get("/v1/webhooks")).json()["items"] if w["id"] == first.json()["id"])
    assert "secret" not in listed
    kept = await api.house.parts.pool.fetchval("SELECT string_agg(answer, ' ') FROM idempotency")
    assert first.json()["secret"] not in kept


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, ["/url"]),
        ({"url": "not a url"}, ["/url"]),
        ({"url": "ftp://example.org"}, ["/url"]),
        ({"url": "http://user@example.org/"}, ["/url"]),
        ({"url": "http://example.org/", "types": ["Complaint Closed"]}, ["/types/0"]),
        ({"url": "http://example.org/", "types": ["*"]}, ["/types/0"]),
        ({"url": "http://example.org/", "secret": "mine"}, ["/secret"]),
    ],
)
async def test_a_wrong_field_is_named(api: Api, body: Any, pointers: list[str]) -> None:
    assert wrong_fields(await api["admin"].post("/v1/webhooks", body)) == pointers


async def test_a_window_is_a_window_of_a_month_at_most(api: Api, served: Endpoints) -> None:
    hook = await added(api, f"{served.url}/window", "complaint.closed")
    path = f"/v1/webhooks/{hook['id']}/replay"
    for end in ("2026-03-01T00:00:00Z", "2026-02-28T00:00:00Z", "2026-04-02T00:00:00Z"):
        answer = await api["operator"].post(path, {"begin": "2026-03-01T00:00:00Z", "end": end})
        assert wrong_fields(answer) == [""]


async def test_what_is_not_there_is_told_alike(api: Api) -> None:
    for method, path in (
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "/secrets"),
        ("POST", "/ping"),
        ("GET", "/deliveries"),
    ):
        for hook in ("whk_nothing", "'--"):
            both = await api.enrol("webhook keeper", Role.ADMIN, Role.OPERATOR)
            problem(await both.send(method, f"/v1/webhooks/{hook}{path}", json={}), 404, "not_found")


async def test_a_removed_webhook_is_told_nothing_more(api: Api, served: Endpoints) -> None:
    hook = await added(api, f"{served.url}/removed")
    answer = await api["admin"].send("DELETE", f"/v1/webhooks/{hook['id']}")
    assert answer.json() == {"id": hook["id"]}
    count = await api.house.parts.pool.fetchval("SELECT count(*) FROM webhook_delivery WHERE webhook = $1", hook["id"])
    assert count == 0
