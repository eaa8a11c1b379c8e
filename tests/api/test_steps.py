"""Parked steps by HTTP: operators see what failed, retry, amend or skip it, one by one and in bulk, and see no case."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.api.visitors import Api, problem, wrong_fields
from tests.mail_server import MailServer

GONE = "gone@example.org"


@pytest.fixture(autouse=True)
async def outage(post: MailServer) -> None:
    """Mail to one address is refused, until `over` is called."""
    post.refuse("550 5.1.1 no such mailbox", GONE)


async def parked(api: Api, count: int = 1) -> list[str]:
    """The ids of new parked steps."""
    references = [await api["hotline"].take(channel="web", customer={"email": GONE}) for _ in range(count)]
    for reference in references:
        async with asyncio.timeout(20):
            while not (await api.house.record(reference)).parked:
                await asyncio.sleep(0.02)
    return [f"{reference}.acknowledgement.1" for reference in references]


async def test_a_parked_step_is_listed_with_its_error_and_without_its_case(api: Api) -> None:
    (step,) = await parked(api)
    listed = [item for page in await api["operator"].pages("/v1/steps", limit=3) for item in page]
    found = next(item for item in listed if item["id"] == step)
    assert {name: found[name] for name in ("kind", "state", "way", "error", "rounds")} == {
        "kind": "acknowledgement",
        "state": "parked",
        "way": "email",
        "error": "mail_recipient_refused",
        "rounds": 1,
    }
    assert GONE not in str(listed)
    assert (await api["operator"].get("/v1/steps", kind="response_letter")).json()["items"] == []
    assert {item["kind"] for item in (await api["operator"].get("/v1/steps", kind="acknowledgement")).json()["items"]}
    problem(await api["operator"].get(f"/v1/complaints/{found['reference']}"), 403, "forbidden")


async def test_a_retried_step_takes_effect_once_the_other_side_is_back(api: Api, post: MailServer) -> None:
    (step,) = await parked(api)
    reference = step.partition(".")[0]
    post.behave()
    answer = await api["operator"].post(f"/v1/steps/{step}/retry", {"reason": "The mailbox is there."}, key="retry")
    assert (answer.status_code, answer.json()) == (200, {"id": step, "outcome": "done", "code": None, "detail": None})
    await api["supervisor"].until(reference, sequence=5)
    again = await api["operator"].post(f"/v1/steps/{step}/retry", {"reason": "The mailbox is there."}, key="retry")
    assert (again.content, again.headers["idempotency-replayed"]) == (answer.content, "true")
    assert await api.house.facts(reference) == [
        "complaint.received",
        "step.failed",
        "step.retried",
        "step.done",
        "complaint.acknowledged",
    ]
    problem(await api["operator"].post(f"/v1/steps/{step}/retry"), 409, "step_not_parked")


async def test_a_skipped_step_is_given_up_with_a_reason(api: Api) -> None:
    (step,) = await parked(api)
    reference = step.partition(".")[0]
    assert wrong_fields(await api["operator"].post(f"/v1/steps/{step}/skip")) == ["/reason"]
    assert (await api["operator"].post(f"/v1/steps/{step}/skip", {"reason": "Told by phone."})).status_code == 200
    case = await api["supervisor"].read(reference)
    assert [(each["id"], each["state"]) for each in case["steps"]] == [(step, "skipped")]
    assert (await api["supervisor"].get(f"/v1/complaints/{reference}/story")).json()["texts"].values()


async def test_an_operator_gives_the_whole_process_up_while_a_step_is_parked(api: Api) -> None:
    (step,) = await parked(api)
    reference = step.partition(".")[0]
    assert wrong_fields(await api["operator"].post(f"/v1/steps/{step}/abort")) == ["/reason"]
    assert (await api["operator"].post(f"/v1/steps/{step}/abort", {"reason": "Moved away."})).status_code == 200
    assert (await api["supervisor"].read(reference))["ended_at"] is not None
    problem(await api["operator"].post(f"/v1/steps/{step}/abort", {"reason": "Again."}), 409, "not_lawful_now")


@pytest.mark.parametrize(
    "step",
    [
        "C-2026-999999.acknowledgement.1",
        "C-2026-999999",
        "nonsense",
        "C-2026-999999.%00.1",
        "C-2026-999999.Acknowledgement.1",
    ],
)
async def test_a_step_that_is_not_there_is_not_found(api: Api, step: str) -> None:
    for command in ("retry", "amend", "skip", "abort"):
        problem(
            await api["operator"].post(
                f"/v1/steps/{step}/{command}", {"reason": "x"} | ({"way": "email"} if command == "amend" else {})
            ),
            404,
            "not_found",
        )


async def test_a_step_that_its_case_does_not_have_is_not_found(api: Api) -> None:
    reference = (await parked(api))[0].partition(".")[0]
    problem(await api["operator"].post(f"/v1/steps/{reference}.response_letter.1/retry"), 404, "not_found")


async def finished(api: Api, batch: str) -> dict[str, Any]:
    """The batch as an operator sees it once each of its steps has its outcome."""
    async with asyncio.timeout(30):
        while not (found := (await api["operator"].get(f"/v1/steps/batches/{batch}")).json())["is_finished"]:
            await asyncio.sleep(0.05)
    return dict(found)


async def test_a_bulk_retry_has_an_outcome_for_each_step(api: Api, post: MailServer) -> None:
    steps = await parked(api, 3)
    await api["operator"].post(f"/v1/steps/{steps[0]}/skip", {"reason": "Told by phone."})
    post.behave()
    missing = "C-2026-999999.acknowledgement.1"
    body = {"ids": [*steps, missing, steps[1]], "per_second": 50, "reason": "The mail server is back."}
    answer = await api["operator"].post("/v1/steps/bulk/retry", body, key="bulk")
    assert (answer.status_code, answer.json()["steps"]) == (202, 4)
    batch = await finished(api, answer.json()["id"])
    assert [(item["id"], item["outcome"], item["code"]) for item in batch["items"]] == [
        (steps[0], "refused", "step_not_parked"),
        (steps[1], "done", None),
        (steps[2], "done", None),
        (missing, "refused", "not_found"),
    ]
    assert (batch["outcomes"], batch["asked_by"]) == ({"done": 2, "refused": 2}, api["operator"].person.id)
    refused = await api["operator"].get(f"/v1/steps/batches/{batch['id']}", outcome="refused", limit=1)
    assert [item["id"] for item in refused.json()["items"]] == [steps[0]]
    assert refused.json()["next_cursor"] == "1"
    again = await api["operator"].post("/v1/steps/bulk/retry", body, key="bulk")
    assert (again.content, again.headers["idempotency-replayed"]) == (answer.content, "true")
    for step in steps[1:]:
        await api["supervisor"].until(step.partition(".")[0], sequence=5)


async def test_the_reason_of_a_bulk_is_read_in_each_of_its_cases(api: Api, post: MailServer) -> None:
    steps = await parked(api, 2)
    post.behave()
    asked = await api["operator"].post(
        "/v1/steps/bulk/retry", {"ids": steps, "per_second": 50, "reason": "It is back."}
    )
    await finished(api, asked.json()["id"])
    for step in steps:
        story = await api["supervisor"].get(f"/v1/complaints/{step.partition('.')[0]}/story")
        assert list(story.json()["texts"].values()) == ["It is back."]


async def test_parked_steps_are_chosen_by_kind_error_and_time(api: Api) -> None:
    await parked(api, 2)
    operator = api["operator"]
    everything = (await operator.get("/v1/steps", limit=200)).json()["items"]
    times = sorted(item["changed_at"] for item in everything)
    for narrowed, expected in (
        ({"kind": "acknowledgement", "error": "mail_recipient_refused"}, len(times)),
        ({"kind": "response_letter"}, 0),
        ({"error": "mail_server_away"}, 0),
        ({"since": times[-1]}, times.count(times[-1])),
        ({"before": times[-1]}, len(times) - times.count(times[-1])),
    ):
        assert len((await operator.get("/v1/steps", limit=200, **narrowed)).json()["items"]) == expected
        looked = (await operator.post("/v1/steps/bulk/retry", {**narrowed, "dry_run": True})).json()
        assert (looked["id"], looked["steps"]) == (None, expected)
        assert looked["outcomes"] == {"would be done": expected, "would be refused": 0}
    assert (await operator.get("/v1/steps", limit=200)).json()["items"] == everything


async def test_all_parked_steps_are_retried_by_one_command(api: Api, post: MailServer) -> None:
    steps = await parked(api, 5)
    post.behave()
    asked = await api["operator"].post("/v1/steps/bulk/retry", {"reason": "The mail server is back.", "per_second": 50})
    batch = await finished(api, asked.json()["id"])
    assert set(batch["outcomes"]) == {"done"}
    for step in steps:
        await api["supervisor"].until(step.partition(".")[0], sequence=5)
    assert (await api["operator"].get("/v1/steps")).json() == {"items": [], "next_cursor": None}
    assert (await api["operator"].get("/v1/steps/causes")).json() == {"items": []}


async def test_all_parked_steps_are_given_up_at_once(api: Api) -> None:
    steps = await parked(api, 3)
    assert wrong_fields(await api["operator"].post("/v1/steps/bulk/skip", {"ids": steps})) == ["/reason"]
    asked = await api["operator"].post(
        "/v1/steps/bulk/skip", {"ids": steps, "reason": "All were called.", "per_second": 50}
    )
    assert (await finished(api, asked.json()["id"]))["outcomes"] == {"done": 3}


async def test_steps_are_grouped_by_their_cause(api: Api) -> None:
    steps = await parked(api, 2)
    [cause] = (await api["operator"].get("/v1/steps/causes")).json()["items"]
    assert (cause["kind"], cause["error"]) == ("acknowledgement", "mail_recipient_refused")
    times = [(await api["operator"].get(f"/v1/steps/{step}")).json()["events"][0]["at"] for step in steps]
    assert cause["steps"] >= 2
    assert cause["last_at"] == max(times)
    assert cause["first_at"] <= min(times)


async def test_a_step_tells_what_became_of_it_and_what_may_be_changed(api: Api) -> None:
    (step,) = await parked(api)
    operator = api["operator"]
    amended = await operator.post(
        f"/v1/steps/{step}/amend", {"not_before": AT_NEW_YEAR, "reason": "Over the holidays."}
    )
    problem(amended, 409, "too_far_ahead")
    later = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    assert (
        await operator.post(f"/v1/steps/{step}/amend", {"not_before": later, "reason": "Tonight."})
    ).status_code == 200
    read = (await operator.get(f"/v1/steps/{step}")).json()
    assert {name: read[name] for name in ("id", "kind", "state", "way", "error", "amendable")} == {
        "id": step,
        "kind": "acknowledgement",
        "state": "deferred",
        "way": "email",
        "error": None,
        "amendable": ["not_before", "template", "way"],
    }
    assert datetime.fromisoformat(read["not_before"]) == datetime.fromisoformat(later)
    failed, changed = read["events"]
    assert (failed["type"], failed["actor"], failed["error"], failed["attempts"]) == (
        *("step.failed", "system", "mail_recipient_refused"),
        1,
    )
    assert (changed["type"], changed["actor"], changed["changed"]) == (
        "step.amended",
        operator.person.id,
        ["not_before"],
    )
    assert "Tonight" not in str(read)
    assert (await operator.post(f"/v1/steps/{step}/skip", {"reason": "Told by phone."})).status_code == 200
    assert (await operator.get(f"/v1/steps/{step}")).json()["state"] == "skipped"
    problem(await api["hotline"].get(f"/v1/steps/{step}"), 403, "forbidden")
    problem(await operator.get("/v1/steps/C-2026-999999.acknowledgement.1"), 404, "not_found")
    problem(await operator.get("/v1/steps/nonsense"), 404, "not_found")


AT_NEW_YEAR = "2199-01-01T00:00:00Z"


async def test_an_amendment_says_what_it_changes_and_why(api: Api) -> None:
    (step,) = await parked(api)
    there = f"/v1/steps/{step}/amend"
    assert wrong_fields(await api["operator"].post(there)) == ["/reason"]
    assert wrong_fields(await api["operator"].post(there, {"reason": "x", "way": "pigeon", "to": "me"})) == [
        "/to",
        "/way",
    ]
    problem(await api["operator"].post(there, {"reason": "x"}), 422, "invalid")
    problem(await api["operator"].post(there, {"reason": "x", "way": "visit"}), 409, "way_not_carried")
    problem(await api["operator"].post(there, {"reason": "x", "way": "email"}), 409, "nothing_changes")


@pytest.mark.parametrize("batch", ["bat_" + "0" * 20, "nonsense", "bat_%00"])
async def test_a_batch_that_is_not_there_is_not_found(api: Api, batch: str) -> None:
    problem(await api["operator"].get(f"/v1/steps/batches/{batch}"), 404, "not_found")


async def test_a_batch_of_cases_is_none_of_steps(api: Api) -> None:
    reference = await api["hotline"].take()
    body = {"references": [reference], "body": {"text": "x"}}
    asked = await api["handler"].post("/v1/complaints/bulk/note", body)
    problem(await api["operator"].get(f"/v1/steps/batches/{asked.json()['id']}"), 404, "not_found")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"ids": ["x"]}, ["/ids/0"]),
        ({"ids": ["C-2026-000001.acknowledgement.1"] * 501}, ["/ids"]),
        ({"ids": ["C-2026-000001.acknowledgement.1"], "kind": "acknowledgement"}, ["/ids"]),
        ({"kind": "everything", "error": "Not a code."}, ["/error", "/kind"]),
        ({"since": "yesterday", "before": 7}, ["/before", "/since"]),
        ({"per_second": 0}, ["/per_second"]),
        ({"per_second": 51, "all": True}, ["/all", "/per_second"]),
        ({"reason": "x" * 20_001}, ["/reason"]),
    ],
)
async def test_a_wrong_field_of_a_bulk_is_named(api: Api, body: dict[str, object], expected: list[str]) -> None:
    assert wrong_fields(await api["operator"].post("/v1/steps/bulk/retry", body)) == expected


@pytest.mark.parametrize(
    "path",
    [
        "/v1/steps?cursor=x",
        "/v1/steps?cursor=%00",
        "/v1/steps?kind=x",
        "/v1/steps?limit=0",
        "/v1/steps?state=done",
        "/v1/steps?since=7",
        "/v1/steps?all=1",
    ],
)
async def test_a_wrong_parameter_of_the_list_is_named(api: Api, path: str) -> None:
    name = path.partition("?")[2].partition("=")[0]
    assert wrong_fields(await api["operator"].get(path)) == [f"query {name}"]
