"""Parked steps by HTTP: operators see what failed, retry or skip it, one by one and in bulk, and see no case."""

import asyncio

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
    for command in ("retry", "skip", "abort"):
        problem(await api["operator"].post(f"/v1/steps/{step}/{command}", {"reason": "x"}), 404, "not_found")


async def test_a_step_that_its_case_does_not_have_is_not_found(api: Api) -> None:
    reference = (await parked(api))[0].partition(".")[0]
    problem(await api["operator"].post(f"/v1/steps/{reference}.response_letter.1/retry"), 404, "not_found")


async def test_a_bulk_retry_has_an_outcome_for_each_step(api: Api, post: MailServer) -> None:
    steps = await parked(api, 3)
    await api["operator"].post(f"/v1/steps/{steps[0]}/skip", {"reason": "Told by phone."})
    post.behave()
    missing = "C-2026-999999.acknowledgement.1"
    answer = await api["operator"].post("/v1/steps/bulk/retry", {"ids": [*steps, missing, steps[1]]}, key="bulk")
    assert [(item["id"], item["outcome"], item["code"]) for item in answer.json()["items"]] == [
        (steps[0], "refused", "step_not_parked"),
        (steps[1], "done", None),
        (steps[2], "done", None),
        (missing, "refused", "not_found"),
    ]
    again = await api["operator"].post("/v1/steps/bulk/retry", {"ids": [*steps, missing, steps[1]]}, key="bulk")
    assert (again.content, again.headers["idempotency-replayed"]) == (answer.content, "true")
    for step in steps[1:]:
        await api["supervisor"].until(step.partition(".")[0], sequence=5)


async def test_all_parked_steps_of_a_kind_are_retried_at_once(api: Api, post: MailServer) -> None:
    steps = await parked(api, 5)
    post.behave()
    before = (await api["operator"].get("/v1/steps", limit=200)).json()["items"]
    wrong_kind = await api["operator"].post("/v1/steps/bulk/retry", {"kind": "response_letter"})
    assert wrong_kind.json() == {"items": []}
    two = await api["operator"].post("/v1/steps/bulk/retry", {"kind": "acknowledgement", "limit": 2})
    assert [item["id"] for item in two.json()["items"]] == [item["id"] for item in before[:2]]
    rest = await api["operator"].post("/v1/steps/bulk/retry", {"reason": "The mail server is back."})
    assert {item["outcome"] for item in rest.json()["items"]} == {"done"}
    for step in steps:
        await api["supervisor"].until(step.partition(".")[0], sequence=5)
    assert (await api["operator"].get("/v1/steps")).json() == {"items": [], "next_cursor": None}


async def test_all_parked_steps_are_given_up_at_once(api: Api) -> None:
    steps = await parked(api, 3)
    assert wrong_fields(await api["operator"].post("/v1/steps/bulk/skip", {"ids": steps})) == ["/reason"]
    answer = await api["operator"].post("/v1/steps/bulk/skip", {"ids": steps, "reason": "All were called."})
    assert [item["outcome"] for item in answer.json()["items"]] == ["done"] * 3


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"ids": ["x"]}, ["/ids/0"]),
        ({"ids": ["C-2026-000001.acknowledgement.1"] * 201}, ["/ids"]),
        ({"kind": "everything"}, ["/kind"]),
        ({"limit": 0}, ["/limit"]),
        ({"limit": 201, "all": True}, ["/all", "/limit"]),
        ({"reason": "x" * 20_001}, ["/reason"]),
    ],
)
async def test_a_wrong_field_of_a_bulk_is_named(api: Api, body: dict[str, object], expected: list[str]) -> None:
    assert wrong_fields(await api["operator"].post("/v1/steps/bulk/retry", body)) == expected


@pytest.mark.parametrize(
    "path", ["/v1/steps?cursor=x", "/v1/steps?cursor=%00", "/v1/steps?kind=x", "/v1/steps?limit=0"]
)
async def test_a_wrong_parameter_of_the_list_is_named(api: Api, path: str) -> None:
    name = path.partition("?")[2].partition("=")[0]
    assert wrong_fields(await api["operator"].get(path)) == [f"query {name}"]
