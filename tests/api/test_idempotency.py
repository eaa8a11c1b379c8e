"""The same request is done once, however often it is repeated (draft-ietf-httpapi-idempotency-key-header-07)."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from temporalio.client import Client

from domain.access import Role
from storage.keys import MasterKeys
from tests.api.visitors import COMPLAINT, Api, Visitor, problem, visitors, wrong_fields
from tests.house import open_house

REPLAYED = "idempotency-replayed"


def same(first: httpx.Response, again: httpx.Response) -> bool:
    """Whether an answer is the first one's, to the byte, and says that it is a repetition."""
    kept = ("content-type", "etag", "location")
    return (
        (first.status_code, first.content) == (again.status_code, again.content)
        and {name: first.headers.get(name) for name in kept} == {name: again.headers.get(name) for name in kept}
        and (REPLAYED not in first.headers and again.headers.get(REPLAYED) == "true")
    )


async def test_a_repeated_intake_gets_the_same_bytes(api: Api) -> None:
    form = COMPLAINT | {"narrative": "燃气灶 “打不着” & <火>", "customer": {"name": "李华"}}
    first = await api["hotline"].post("/v1/complaints", form, key="one")
    again = await api["hotline"].post("/v1/complaints", form, key="one")
    assert first.status_code == 201
    assert same(first, again)


async def test_fifty_repetitions_at_once_make_one_case(api: Api) -> None:
    pool = api.house.parts.pool
    before = await pool.fetchval("SELECT count(*) FROM case_record")
    answers = await asyncio.gather(*(api["hotline"].post("/v1/complaints", COMPLAINT, key="fifty") for _ in range(50)))
    assert {(answer.status_code, answer.content) for answer in answers} == {(201, answers[0].content)}
    assert Counter(answer.headers.get(REPLAYED) for answer in answers) == {None: 1, "true": 49}
    assert await pool.fetchval("SELECT count(*) FROM case_record") == before + 1


async def test_a_repeated_command_gets_the_same_bytes_and_is_done_once(api: Api) -> None:
    reference = await api["hotline"].take()
    body = {"text": "客户来电询问进度。"}
    first = await api["handler"].command(reference, "note", body, key="note")
    await api["handler"].do(reference, "note", text="In between.")
    again = await api["handler"].command(reference, "note", body, key="note")
    assert first.headers["etag"] == f'"{first.json()["sequence"]}"'
    assert same(first, again)
    assert (await api.house.facts(reference)).count("complaint.noted") == 2


async def test_a_repetition_is_answered_although_the_case_has_moved_on(api: Api) -> None:
    """It is the same request: neither the guard nor the tag that it once passed is asked again."""
    reference = await api["hotline"].take()
    tag = {"If-Match": (await api["handler"].get(f"/v1/complaints/{reference}")).headers["etag"]}
    first = await api["handler"].command(reference, "assess", {"decision": "valid"}, key="a", headers=tag)
    again = await api["handler"].command(reference, "assess", {"decision": "valid"}, key="a", headers=tag)
    assert same(first, again)
    problem(await api["handler"].command(reference, "assess", {"decision": "valid"}, key="b"), 409, "not_lawful_now")


@pytest.mark.parametrize("path", ["", "command"])
async def test_the_same_key_with_another_body_is_refused(api: Api, path: str) -> None:
    reference = await api["hotline"].take()
    path = "/v1/complaints" if not path else f"/v1/complaints/{reference}/commands/note"
    bodies = [COMPLAINT, COMPLAINT | {"severity": 5}] if path == "/v1/complaints" else [{"text": "a"}, {"text": "b"}]
    assert (await api["hotline"].post(path, bodies[0], key=f"other {path}")).is_success
    problem(await api["hotline"].post(path, bodies[1], key=f"other {path}"), 422, "key_reused")


async def test_the_keys_of_two_people_never_meet(api: Api) -> None:
    other = await api.enrol("another hotline", Role.HOTLINE)
    mine = await api["hotline"].post("/v1/complaints", COMPLAINT, key="mine")
    theirs = await other.post("/v1/complaints", COMPLAINT | {"severity": 1}, key="mine")
    assert (mine.status_code, theirs.status_code) == (201, 201)
    assert mine.json()["reference"] != theirs.json()["reference"]


async def test_the_same_key_on_another_case_or_command_is_another_request(api: Api) -> None:
    one, two = await api["hotline"].take(), await api["hotline"].take()
    for reference, command, body in (
        (one, "note", {"text": "x"}),
        (two, "note", {"text": "x"}),
        (one, "reopen", {"reason": "x"}),
    ):
        answer = await api["hotline"].command(reference, command, body, key="again")
        assert REPLAYED not in answer.headers
    assert [(await api.house.facts(reference))[-1] for reference in (one, two)] == ["complaint.noted"] * 2


async def test_a_refused_request_sets_its_key_free(api: Api) -> None:
    reference = await api["hotline"].take()
    problem(await api["handler"].command(reference, "claim", key="early"), 409, "not_lawful_now")
    await api["handler"].do(reference, "assess", decision="valid")
    claimed = await api["handler"].command(reference, "claim", key="early")
    assert (claimed.status_code, REPLAYED in claimed.headers) == (200, False)
    assert wrong_fields(await api["hotline"].post("/v1/complaints", {"channel": "phone"}, key="late")) == ["/narrative"]
    assert (await api["hotline"].post("/v1/complaints", COMPLAINT, key="late")).status_code == 201


async def test_the_same_message_from_the_same_source_is_the_same_case(api: Api) -> None:
    form = COMPLAINT | {"source_ref": "call-17"}
    first = await api["hotline"].post("/v1/complaints", form)
    again = await api["hotline"].post("/v1/complaints", form | {"narrative": "Said again."})
    elsewhere = await api["hotline"].post("/v1/complaints", form | {"channel": "visit"})
    assert [answer.status_code for answer in (first, again, elsewhere)] == [201, 200, 201]
    assert first.json()["reference"] == again.json()["reference"] != elsewhere.json()["reference"]
    assert again.headers["location"] == first.headers["location"]


async def test_the_same_message_sent_twenty_times_at_once_makes_one_case(api: Api) -> None:
    form = COMPLAINT | {"source_ref": "call-18", "customer": {"id": "GAS-18"}}
    answers = await asyncio.gather(*(api["hotline"].post("/v1/complaints", form) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] * 19 + [201]
    assert len({answer.json()["reference"] for answer in answers}) == 1


async def test_two_complaints_of_one_account_at_once_are_of_one_customer(api: Api) -> None:
    form = COMPLAINT | {"customer": {"id": "GAS-77"}}
    answers = await asyncio.gather(*(api["hotline"].post("/v1/complaints", form) for _ in range(8)))
    cases = [await api.house.record(answer.json()["reference"]) for answer in answers]
    assert len({case.reference for case in cases}) == 8
    assert len({case.intake.customer for case in cases}) == 1


@pytest.mark.parametrize("key", ["", "x" * 256])
async def test_a_key_has_between_one_and_255_characters(api: Api, key: str) -> None:
    assert wrong_fields(await api["hotline"].post("/v1/complaints", COMPLAINT, key=key)) == ["header Idempotency-Key"]
    assert (await api["hotline"].post("/v1/complaints", COMPLAINT, key="x" * 255)).status_code == 201


async def test_enrolling_is_repeatable_and_its_token_is_kept_sealed(api: Api) -> None:
    form = {"name": "Kim", "roles": ["handler"]}
    first = await api["admin"].post("/v1/staff", form, key="kim")
    again = await api["admin"].post("/v1/staff", form, key="kim")
    assert first.status_code == 201
    assert same(first, again)
    token = first.json()["token"]
    assert (await api.client.get("/v1/me", headers={"Authorization": f"Bearer {token}"})).json()["name"] == "Kim"
    kept = await api.house.parts.pool.fetch("SELECT i::text FROM idempotency i")
    assert not [row for row in kept if token in row["i"]]
    problem(await api["admin"].post("/v1/staff", form | {"team": "north"}, key="kim"), 422, "key_reused")


@pytest.fixture
async def sleepy(module_database_url: str, temporal_client: Client, master_keys: MasterKeys) -> AsyncIterator[Api]:
    """The API of a house in which no worker runs: a command waits until its time is over."""
    async with open_house(module_database_url, temporal_client, master_keys) as house, visitors(house) as api:
        yield api


async def test_while_the_first_request_runs_a_repetition_is_told_so(sleepy: Api) -> None:
    reference = await sleepy["hotline"].take()
    first = asyncio.create_task(note(sleepy["hotline"], reference, {"text": "x"}))
    await claimed(sleepy)
    second = await note(sleepy["hotline"], reference, {"text": "x"})
    problem(second, 409, "still_running")
    assert second.headers["retry-after"] == "1"
    problem(await note(sleepy["hotline"], reference, {"text": "y"}), 422, "key_reused")
    first.cancel()


async def note(visitor: Visitor, reference: str, body: dict[str, Any]) -> httpx.Response:
    return await visitor.command(reference, "note", body, key="sleepy")


async def claimed(api: Api) -> None:
    async with asyncio.timeout(5):
        while not await api.house.parts.pool.fetchval("SELECT count(*) FROM idempotency WHERE status IS NULL"):
            await asyncio.sleep(0.01)


async def test_a_storm_of_repetitions_of_every_kind_does_each_request_once(api: Api) -> None:
    hotline = api["hotline"]
    references = [await hotline.take() for _ in range(4)]
    requests = [
        (f"/v1/complaints/{reference}/commands/note", {"text": f"{reference} {number}"}, f"storm-{number}")
        for reference in references
        for number in range(5)
    ] + [("/v1/complaints", COMPLAINT | {"demand": f"storm {number}"}, f"storm-{number}") for number in range(20)]

    async def insist(path: str, body: Any, key: str) -> tuple[str, bytes]:
        while True:
            answer = await hotline.post(path, body, key=key)
            if answer.status_code not in {409, 503}:
                return f"{path} {json.dumps(body)}", answer.content

    answers = await asyncio.gather(*(insist(*request) for request in requests for _ in range(5)))
    assert len(set(answers)) == len(requests) == 40
    for reference in references:
        assert (await api.house.facts(reference)).count("complaint.noted") == 5
