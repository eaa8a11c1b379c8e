"""A person's data: told whole, erased for good where that is lawful, and held where the law says so."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from domain.complaints.policy import Retention
from tests.api.visitors import Api, problem, wrong_fields

ANN = {"id": "K-77", "name": "Ann Erasable", "email": "ann.erasable@example.org", "phone": "010 6552 1234"}
PATH = "/v1/customers/{}/personal-data"


async def closed(api: Api, **fields: Any) -> tuple[str, str]:
    """A case that has ended, with a file; its number and the customer."""
    reference = await api["hotline"].take(customer={"name": "Ann Erasable"}, narrative="CANARY story", **fields)
    await api["hotline"].send(
        "POST", f"/v1/complaints/{reference}/attachments", files={"file": ("CANARY.txt", b"CANARY file", "text/plain")}
    )
    await api["hotline"].do(reference, "withdraw", reason="CANARY withdrawn", confirmed_by="phone")
    return reference, (await api.house.record(reference)).intake.customer


async def erase(api: Api, customer: str, **query: Any) -> httpx.Response:
    return await api["privacy"].send("DELETE", PATH.format(customer), params=query)


def files_of(api: Api) -> list[Path]:
    return [path for path in api.house.parts.settings.files_dir.rglob("*") if path.is_file()]


async def test_a_person_is_found_by_what_is_known_and_told_everything(api: Api) -> None:
    reference = await api["hotline"].take(customer=ANN, narrative="It is cold.", demand="Come.")
    await api["hotline"].do(reference, "note", text="She called again.")
    await api["hotline"].do(reference, "correct", field="name", text="Ann Corrected", reason="misspelt")
    await api["handler"].get(f"/v1/complaints/{reference}/story")
    for known in ({"phone": "+861065521234"}, {"email": ANN["email"]}, {"account": "k77"}, {"reference": reference}):
        (found,) = (await api["privacy"].post("/v1/customers/find", known)).json()["items"]
        assert found["cases"] == 1
    told = (await api["privacy"].get(PATH.format(found["customer"]))).json()
    assert told["identities"][0]["identity"]["name"] == "Ann Erasable"
    assert {text["text"] for text in told["texts"]} >= {"It is cold.", "Come.", "She called again.", "misspelt"}
    assert [(case["reference"], case["status"]) for case in told["cases"]] == [(reference, "received")]
    assert next(line["act"] for line in told["log"]) == "exported"
    assert api["handler"].person.id in {line["by"] for line in told["log"] if line["act"] == "read"}


async def test_one_thing_is_looked_for_at_a_time_and_a_wrong_one_is_named(api: Api) -> None:
    assert wrong_fields(await api["privacy"].post("/v1/customers/find", {})) == [""]
    assert wrong_fields(await api["privacy"].post("/v1/customers/find", {"phone": "x"})) == ["/phone"]
    problem(await api["privacy"].post("/v1/customers/find", {"reference": "C-2026-999999"}), 404, "not_found")


async def test_an_erased_person_is_unreadable_at_once_and_the_handling_can_still_be_proved(api: Api) -> None:
    reference, customer = await closed(api)
    (file,) = (await api["supervisor"].read(reference))["files"]
    answer = await erase(api, customer)
    assert answer.status_code == 200, answer.text
    stone = answer.json()
    assert (stone["customer"], stone["by"], stone["ground"]) == (customer, api["privacy"].person.id, "request")
    problem(await api["supervisor"].get(f"/v1/complaints/{reference}/story"), 410, "erased")
    problem(await api["supervisor"].get(f"/v1/complaints/{reference}/attachments/{file}"), 410, "erased")
    problem(await api["privacy"].get(PATH.format(customer)), 410, "erased")
    problem(await api["hotline"].command(reference, "note", {"text": "x"}), 410, "erased")
    problem(await api["hotline"].command(reference, "reopen", {"reason": "x"}), 410, "erased")
    assert (await api["supervisor"].read(reference))["status"] == "withdrawn"
    assert len((await api["supervisor"].get(f"/v1/complaints/{reference}/timeline")).json()["items"]) >= 3
    assert not [path for path in files_of(api) if path.name == file]
    assert stone in [each for page in await api["auditor"].pages("/v1/erasures") for each in page]
    log = (await api["auditor"].get("/v1/personal-data/log", subject=customer)).json()["items"]
    assert "erased" in {line["act"] for line in log}


async def test_erasing_again_answers_the_same(api: Api) -> None:
    _, customer = await closed(api)
    first, second = await erase(api, customer), await erase(api, customer)
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json() == second.json()


async def test_an_erased_customer_is_not_found_and_comes_back_as_somebody_new(api: Api) -> None:
    reference = await api["hotline"].take(customer={"id": "K-900", "phone": "010 6552 9001"})
    await api["hotline"].do(reference, "withdraw", reason="x", confirmed_by="phone")
    customer = (await api.house.record(reference)).intake.customer
    await erase(api, customer)
    assert (await api["privacy"].post("/v1/customers/find", {"phone": "010 6552 9001"})).json() == {"items": []}
    again = await api["hotline"].take(customer={"id": "K-900"})
    assert (await api.house.record(again)).intake.customer != customer


async def test_it_is_refused_with_the_reason_while_a_case_is_open(api: Api) -> None:
    reference = await api["hotline"].take()
    customer = (await api.house.record(reference)).intake.customer
    refused = problem(await erase(api, customer), 409, "case_open")
    assert reference in refused["detail"]
    assert (await api["supervisor"].get(f"/v1/complaints/{reference}/story")).status_code == 200


async def test_a_deferred_one_is_done_when_the_case_has_ended(api: Api) -> None:
    reference = await api["hotline"].take()
    customer = (await api.house.record(reference)).intake.customer
    waits = await erase(api, customer, defer=True)
    assert (waits.status_code, waits.json()["state"]) == (202, "waiting")
    assert reference in waits.json()["because"][0]
    assert customer in {w["customer"] for p in await api["privacy"].pages("/v1/erasures/waiting") for w in p}
    await api.house.parts.eraser.sweep(datetime.now(UTC))
    assert (await api["supervisor"].get(f"/v1/complaints/{reference}/story")).status_code == 200
    await api["hotline"].do(reference, "withdraw", reason="x", confirmed_by="phone")
    await api.house.parts.eraser.sweep(datetime.now(UTC))
    problem(await api["supervisor"].get(f"/v1/complaints/{reference}/story"), 410, "erased")
    assert (await erase(api, customer)).json()["ground"] == "request"


async def test_a_legal_hold_is_seen_on_the_case_and_keeps_everything(api: Api) -> None:
    reference, customer = await closed(api)
    assert (await api["supervisor"].read(reference))["legal_hold"] is None
    held = await api["privacy"].post(f"/v1/complaints/{reference}/legal-hold", {"reason": "Court, CANARY."}, key="h1")
    assert held.status_code == 200, held.text
    again = await api["privacy"].post(f"/v1/complaints/{reference}/legal-hold", {"reason": "Court, CANARY."}, key="h1")
    assert again.json() == held.json()
    mark = (await api["supervisor"].read(reference))["legal_hold"]
    assert mark["set_by"] == api["privacy"].person.id
    problem(await api["privacy"].post(f"/v1/complaints/{reference}/legal-hold", {"reason": "x"}), 409, "held_already")
    problem(await erase(api, customer), 409, "legal_hold")
    await api.house.parts.eraser.sweep(datetime.now(UTC) + timedelta(days=9_000))
    assert (await api["supervisor"].get(f"/v1/complaints/{reference}/story")).status_code == 200
    listed = [each for page in await api["privacy"].pages("/v1/legal-holds", limit=1) for each in page]
    assert "Court, CANARY." in {each["reason"] for each in listed}
    lifted = await api["privacy"].post(f"/v1/complaints/{reference}/legal-hold/lift", {"reason": "Settled."})
    assert lifted.json() == {"reference": reference, "lifted": True}
    problem(await api["privacy"].post(f"/v1/complaints/{reference}/legal-hold/lift", {"reason": "x"}), 409, "not_held")
    assert (await erase(api, customer)).status_code == 200


async def test_what_its_policy_keeps_is_not_erased_before(api: Api) -> None:
    reference, customer = await closed(api, policy="uk-fca-disp")
    refused = problem(await erase(api, customer), 409, "retained")
    kept_until = datetime.now(UTC) + timedelta(days=1_096)
    assert (
        str(kept_until.date()) in refused["detail"] or str(kept_until.date() - timedelta(days=1)) in refused["detail"]
    )
    await api.house.parts.eraser.sweep(datetime.now(UTC) + timedelta(days=1_000))
    assert (await api["supervisor"].get(f"/v1/complaints/{reference}/story")).status_code == 200


async def test_files_texts_and_identity_go_each_in_its_time_and_not_before(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference, customer = await closed(api)
    ended, eraser = datetime.now(UTC), api.house.parts.eraser
    policy = await api.house.parts.rulebook.policy((await api.house.record(reference)).policy)
    rules = Retention(files_days=7, texts_days=30, identity_days=90)
    shorter = policy.model_copy(update={"retention": rules})
    monkeypatch.setitem(api.house.parts.rulebook._by_pin, policy.pin, shorter)
    (file,) = (await api["supervisor"].read(reference))["files"]

    async def story() -> dict[str, Any]:
        return (await api["supervisor"].get(f"/v1/complaints/{reference}/story")).json()

    async def days_later(days: float) -> None:
        while await eraser.sweep(ended + timedelta(days=days)):
            pass

    await days_later(6.9)
    assert (await api["supervisor"].get(f"/v1/complaints/{reference}/attachments/{file}")).status_code == 200
    foreseen = (await api["privacy"].get("/v1/retention/preview", at=(ended + timedelta(days=31)).isoformat())).json()
    assert {"reference": reference, "customer": customer, "goes": ["files", "texts"], "stays": [], "because": None} in (
        foreseen["items"]
    )
    await days_later(7.1)
    problem(await api["supervisor"].get(f"/v1/complaints/{reference}/attachments/{file}"), 410, "erased")
    assert (await story())["narrative"] == "CANARY story"
    await days_later(30.1)
    assert (await story())["narrative"] is None
    assert (await story())["texts"] == {}
    assert (await story())["customer"]["name"] == "Ann Erasable"
    await days_later(90.1)
    assert (await story())["code"] == "erased"
    assert (await erase(api, customer)).json()["ground"] == "retention"
    acts = [
        line["act"] for line in (await api["auditor"].get("/v1/personal-data/log", subject=customer)).json()["items"]
    ]
    assert acts.count("forgotten") == 2


async def test_one_open_case_of_the_same_person_keeps_the_identity(api: Api) -> None:
    first = await api["hotline"].take(customer={"id": "K-500", "name": "Two Cases"})
    await api["hotline"].take(customer={"id": "K-500"})
    await api["hotline"].do(first, "withdraw", reason="x", confirmed_by="phone")
    await api.house.parts.eraser.sweep(datetime.now(UTC) + timedelta(days=9_000))
    story = (await api["supervisor"].get(f"/v1/complaints/{first}/story")).json()
    assert story["customer"]["name"] == "Two Cases"


@pytest.mark.parametrize("customer", ["cus_" + "0" * 32, "Ann", "K-77", "cus_1", "..", "cus_" + "g" * 32])
async def test_unknown_and_malformed_customers_are_alike(api: Api, customer: str) -> None:
    answers = [await api["privacy"].get(PATH.format(customer)), await erase(api, customer)]
    told = {json.dumps(problem(answer, 404, "not_found")) for answer in answers if customer != ".."}
    assert len(told) <= 1
