"""One command for many cases by HTTP: looked at first, then done as a batch with an outcome for each."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from temporalio.client import Client

from runtime.assembly import chores
from runtime.converter import HEADER_CODEC, data_converter
from storage.keys import MasterKeys
from tests.api.visitors import Api, problem, visitors, wrong_fields
from tests.house import open_house


async def bulk(api: Api, command: str, by: str = "supervisor", **body: Any) -> dict[str, Any]:
    """What the request for a batch is answered."""
    answer = await api[by].post(f"/v1/complaints/bulk/{command}", {"per_second": 50} | body)
    assert answer.status_code == 202, answer.text
    batch: dict[str, Any] = answer.json()
    return batch


async def finished(api: Api, batch: str, by: str = "supervisor") -> dict[str, Any]:
    async with asyncio.timeout(30):
        while True:
            progress: dict[str, Any] = (await api[by].get(f"/v1/batches/{batch}", limit=200)).json()
            if progress["is_finished"]:
                return progress
            await asyncio.sleep(0.05)


def outcomes(batch: dict[str, Any]) -> dict[str, tuple[str, str | None]]:
    return {item["reference"]: (item["outcome"], item["code"]) for item in batch["items"]}


async def test_a_look_says_what_would_happen_and_does_nothing(api: Api) -> None:
    fresh, assessed = await api["hotline"].take(), await api["hotline"].take()
    await api["handler"].do(assessed, "assess", decision="valid")
    seen = await bulk(api, "assess", references=[fresh, assessed], body={"decision": "valid"}, dry_run=True)
    assert (seen["id"], seen["outcomes"]) == (None, {"would be done": 1, "would be refused": 1})
    assert outcomes(seen) == {fresh: ("would be done", None), assessed: ("would be refused", "not_lawful_now")}
    assert (await api["handler"].read(fresh))["status"] == "received"


async def test_a_batch_has_an_outcome_for_each_case(api: Api) -> None:
    references = [await api["hotline"].take() for _ in range(4)]
    await api["hotline"].do(references[0], "withdraw", reason="x", confirmed_by="phone")
    asked = await bulk(
        api,
        "assess",
        references=[*references, references[1]],
        body={"decision": "invalid", "ground": "unfounded", "evidence": "All were looked at."},
    )
    assert (asked["cases"], asked["is_finished"]) == (4, False)
    done = await finished(api, asked["id"])
    assert outcomes(done) == {
        references[0]: ("refused", "not_lawful_now"),
        **dict.fromkeys(references[1:], ("done", None)),
    }
    story = (await api["supervisor"].get(f"/v1/complaints/{references[1]}/story")).json()
    assert list(story["texts"].values()) == ["All were looked at."]


async def test_a_filter_picks_the_cases_that_the_asker_sees(api: Api) -> None:
    references = {await api["hotline"].take(category="safety") for _ in range(3)}
    seen = await bulk(api, "note", "hotline", filter={"category": "safety"}, body={"text": "x"}, dry_run=True)
    assert set(outcomes(seen)) == references
    nothing = await bulk(api, "note", "handler", filter={"handler": "me"}, body={"text": "x"})
    assert (nothing["cases"], nothing["is_finished"]) == (0, True)
    foreign = await api["supervisor"].take()
    hidden = await api["hotline"].post("/v1/complaints/bulk/note", {"references": [foreign], "body": {"text": "x"}})
    problem(hidden, 404, "not_found")


async def test_a_repeated_request_is_the_same_batch(api: Api) -> None:
    reference = await api["hotline"].take()
    body = {"references": [reference], "body": {"text": "Once."}}
    first = await api["supervisor"].post("/v1/complaints/bulk/note", body, key="bulk")
    again = await api["supervisor"].post("/v1/complaints/bulk/note", body, key="bulk")
    assert (again.content, again.headers["idempotency-replayed"]) == (first.content, "true")
    await finished(api, first.json()["id"])
    assert (await api.house.facts(reference)).count("complaint.noted") == 1


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"body": {"text": "x"}}, ["/references"]),
        ({"references": ["C-2026-000001"], "filter": {}, "body": {"text": "x"}}, ["/references"]),
        ({"references": ["x", "C-2026-000001\u0000"], "body": {"text": "x"}}, ["/references/0", "/references/1"]),
        ({"references": ["C-2026-000001"] * 501, "body": {"text": "x"}}, ["/references"]),
        ({"filter": {"status": "lost", "customers": []}}, ["/filter/customers", "/filter/status"]),
        ({"filter": {"team": "a\u0000b", "received_from": "2026-03-01"}}, ["/filter/received_from", "/filter/team"]),
        ({"filter": {}, "per_second": 51}, ["/per_second"]),
        ({"filter": {}, "per_second": 0}, ["/per_second"]),
        ({"filter": {}, "dry": True}, ["/dry"]),
    ],
)
async def test_a_wrong_field_of_a_batch_is_named(api: Api, body: dict[str, Any], expected: list[str]) -> None:
    assert wrong_fields(await api["supervisor"].post("/v1/complaints/bulk/note", body)) == expected


async def test_a_wrong_field_of_the_command_is_named_where_it_stands(api: Api) -> None:
    reference = await api["hotline"].take()
    body = {
        "references": [reference],
        "body": {"way": "pigeon", "letter": "x", "outcome": "upheld", "cause": "process"},
    }
    for dry_run in (True, False):
        answer = await api["supervisor"].post("/v1/complaints/bulk/respond", body | {"dry_run": dry_run})
        assert wrong_fields(answer) == ["/body/way"]


async def test_a_batch_is_shown_to_who_asked_for_it_and_to_supervisors(api: Api) -> None:
    reference = await api["hotline"].take()
    asked = await bulk(api, "note", "hotline", references=[reference], body={"text": "x"})
    assert (await finished(api, asked["id"]))["outcomes"] == {"done": 1}
    problem(await api["handler"].get(f"/v1/batches/{asked['id']}"), 404, "not_found")
    problem(await api["supervisor"].get("/v1/batches/nothing"), 404, "not_found")
    problem(await api["supervisor"].get("/v1/batches/%00"), 404, "not_found")


async def test_the_items_of_a_batch_are_read_page_by_page(api: Api) -> None:
    references = [await api["hotline"].take() for _ in range(5)]
    asked = await bulk(api, "note", references=references, body={"text": "x"})
    await finished(api, asked["id"])
    pages = await api["supervisor"].pages(f"/v1/batches/{asked['id']}", limit=2)
    assert [[item["reference"] for item in page] for page in pages] == [references[:2], references[2:4], references[4:]]


@pytest.fixture
async def away(module_database_url: str, master_keys: MasterKeys) -> AsyncIterator[Api]:
    client = await Client.connect(
        "127.0.0.1:1", lazy=True, data_converter=data_converter(master_keys), header_codec_behavior=HEADER_CODEC
    )
    async with open_house(module_database_url, client, master_keys) as house, visitors(house) as api:
        yield api


async def test_a_batch_that_was_taken_in_without_temporal_is_started_later(away: Api, api: Api) -> None:
    reference = await away["hotline"].take()
    asked = await bulk(away, "note", references=[reference], body={"text": "Later."})
    start = next(chore for chore in chores(api.house.parts) if chore.name == "start batches that were left")
    await start.do()
    assert (await finished(api, asked["id"]))["outcomes"] == {"done": 1}
    assert (await api.house.facts(reference)).count("complaint.noted") == 1
