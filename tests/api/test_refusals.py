"""What is not done, and how that is said: one shape, the right status, every wrong field by its name."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.api.visitors import COMPLAINT, Api, problem, wrong_fields

LARGEST = 1_000_000


async def refused(api: Api, **fields: Any) -> list[str]:
    """The wrong fields of a complaint, of which nothing is stored."""
    before = await counted(api)
    answer = await api["hotline"].post("/v1/complaints", COMPLAINT | fields)
    assert await counted(api) == before
    return wrong_fields(answer)


async def counted(api: Api) -> list[int]:
    tables = ("case_record", "ledger", "unstarted_case", "intake_source", "vault.subject", "vault.sealed_text")
    pool = api.house.parts.pool
    return [await pool.fetchval(f"SELECT count(*) FROM {table}") for table in tables]


async def test_every_wrong_field_is_named_at_once(api: Api) -> None:
    assert await refused(api, severity=9, channel="PHONE!", surprise=1, customer={"phone": "1" * 41, "age": 7}) == [
        "/channel",
        "/customer/age",
        "/customer/phone",
        "/severity",
        "/surprise",
    ]
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    unknown = {"channel": "pigeon", "category": "weather", "policy": "nobodys"}
    customer = {"phone": "hello", "email": "not an address", "id": "---"}
    assert await refused(api, **unknown, received_at=tomorrow, customer=customer) == [
        "/category",
        "/channel",
        "/customer/email",
        "/customer/id",
        "/customer/phone",
        "/policy",
        "/received_at",
    ]


async def texts_of(api: Api, reference: str) -> int:
    """How many texts are sealed for the customer of a case."""
    customer = (await api.house.record(reference)).intake.customer
    pool = api.house.parts.pool
    return int(await pool.fetchval("SELECT count(*) FROM vault.sealed_text WHERE subject_id = $1", customer))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"narrative": ""}, "/narrative"),
        ({"narrative": "   \n"}, "/narrative"),
        ({"narrative": "x" * 20_001}, "/narrative"),
        ({"narrative": "a\u0000b"}, "/narrative"),
        ({"narrative": "a\u001b[2Jb"}, "/narrative"),
        ({"narrative": None}, "/narrative"),
        ({"narrative": ["a"]}, "/narrative"),
        ({"demand": "x" * 20_001}, "/demand"),
        ({"severity": "3"}, "/severity"),
        ({"severity": True}, "/severity"),
        ({"severity": 3.5}, "/severity"),
        ({"severity": 10**400}, "/severity"),
        ({"severity": None}, "/severity"),
        ({"source_ref": ""}, "/source_ref"),
        ({"source_ref": "x" * 256}, "/source_ref"),
        ({"source_ref": "a\nb"}, "/source_ref"),
        ({"product": "No Code"}, "/product"),
        ({"policy": "no-such-policy"}, "/policy"),
        ({"customer": None}, "/customer"),
        ({"customer": "Ann"}, "/customer"),
        ({"customer": {"name": ""}}, "/customer/name"),
        ({"customer": {"name": "x" * 201}}, "/customer/name"),
        ({"customer": {"name": "Ann\r\nBcc: all@example.org"}}, "/customer/name"),
        ({"customer": {"address": "x" * 501}}, "/customer/address"),
        ({"customer": {"email": "ann@"}}, "/customer/email"),
        ({"customer": {"email": "ann@example.org, bob@example.org"}}, "/customer/email"),
        ({"customer": {"phone": "123"}}, "/customer/phone"),
        ({"customer": {"id": "x" * 65}}, "/customer/id"),
        ({"customer": {"language": "fr"}}, "/customer/language"),
        ({"received_at": "2026-03-01T09:30:00"}, "/received_at"),
        ({"received_at": "2026-03-01"}, "/received_at"),
        ({"received_at": "yesterday"}, "/received_at"),
        ({"received_at": 1_772_328_600}, "/received_at"),
        ({"received_at": "2999-01-01T00:00:00Z"}, "/received_at"),
        ({"received_at": "0001-01-01T00:00:00+14:00"}, "/received_at"),
        ({"received_at": "2019-12-31T23:00:00Z"}, "/received_at"),
    ],
)
async def test_a_wrong_field_is_named_and_nothing_is_stored(api: Api, fields: dict[str, Any], expected: str) -> None:
    assert await refused(api, **fields) == [expected]


async def test_a_receipt_that_is_ahead_by_another_clock_is_no_future(api: Api) -> None:
    soon = (datetime.now(UTC) + timedelta(seconds=60)).isoformat()
    assert (await api["hotline"].post("/v1/complaints", COMPLAINT | {"received_at": soon})).status_code == 201


@pytest.mark.parametrize(
    ("command", "body", "expected"),
    [
        ("assess", {"decision": "maybe"}, ["/decision"]),
        ("assess", {"decision": "invalid"}, [""]),
        ("assess", {"decision": "invalid", "ground": "weather"}, ["/ground"]),
        ("assess", {"decision": "duplicate", "ground": "already_answered"}, [""]),
        (
            "assess",
            {"decision": "duplicate", "ground": "already_answered", "duplicate_of": "C-2026-999999"},
            ["/duplicate_of"],
        ),
        ("assess", {"decision": "duplicate", "ground": "x", "duplicate_of": "17"}, ["/duplicate_of"]),
        ("assess", {"command": "close", "decision": "valid"}, ["/command"]),
        ("respond", {}, ["/cause", "/letter", "/outcome", "/way"]),
        (
            "respond",
            {"way": "pigeon", "letter": "x" * 20_001, "outcome": "upheld", "cause": "process", "remedies": ["a"] * 11},
            ["/letter", "/remedies", "/way"],
        ),
        (
            "respond",
            {"way": "phone", "letter": "x", "outcome": "won", "cause": "fate", "remedies": ["apology", "moon"]},
            ["/cause", "/outcome", "/remedies"],
        ),
        ("note", {"text": "txt\u0000"}, ["/text"]),
        ("note", {"text": 7}, ["/text"]),
        ("assign", {"handler": "Ann"}, ["/handler"]),
        ("correct", {"field": "status", "code": "closed"}, ["/field"]),
        ("correct", {"field": "category", "code": "weather"}, ["/code"]),
        ("correct", {"field": "category", "text": "billing"}, [""]),
        ("correct", {"field": "severity", "code": "9"}, [""]),
        ("correct", {"field": "phone", "text": "hello"}, ["/text"]),
        ("correct", {"field": "email", "text": "ann@"}, ["/text"]),
        ("correct", {"field": "name", "text": "x" * 201}, ["/text"]),
        ("correct", {"field": "name", "text": "Ann\nLee"}, ["/text"]),
        ("correct", {"field": "account", "text": "---"}, ["/text"]),
        ("withdraw", {"reason": "x", "confirmed_by": "pigeon", "by": "me"}, ["/by", "/confirmed_by"]),
    ],
)
async def test_a_wrong_field_of_a_command_is_named(
    api: Api, command: str, body: dict[str, Any], expected: list[str]
) -> None:
    supervisor = api["supervisor"]
    reference = await supervisor.take()
    assert wrong_fields(await supervisor.command(reference, command, body)) == expected
    assert await api.house.facts(reference) == ["complaint.received", "complaint.acknowledged"]


async def test_what_was_given_is_not_repeated(api: Api) -> None:
    answer = await api["hotline"].post("/v1/complaints", COMPLAINT | {"customer": {"phone": "secret-1", "name": 5}})
    assert wrong_fields(answer) == ["/customer/name"]
    answer = await api["hotline"].post("/v1/complaints", COMPLAINT | {"customer": {"phone": "secret-1"}})
    assert "secret-1" not in answer.text


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer nonsense", "Basic YTpi", "bearer amends_x"])
async def test_without_a_valid_token_nobody_comes_in(api: Api, authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = await api.client.get("/v1/complaints", headers=headers)
    problem(answer, 401, "unauthenticated")
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_role_that_may_not_is_told_which_permission_it_lacks(api: Api) -> None:
    answer = await api["handler"].post("/v1/complaints", COMPLAINT)
    assert "complaint.take" in problem(answer, 403, "forbidden")["detail"]


@pytest.mark.parametrize("path", ["/v1/nothing", "/v2/complaints", "/v1/complaints/C-2026-000001/commands/explode"])
async def test_what_is_not_there_is_a_404(api: Api, path: str) -> None:
    problem(await api["supervisor"].post(path), 404, "not_found")


async def test_a_method_that_is_not_there_is_a_405_that_names_the_others(api: Api) -> None:
    answer = await api["supervisor"].send("PUT", "/v1/complaints/C-2026-000001")
    problem(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == "GET"
    several = await api["hotline"].delete("/v1/complaints")
    problem(several, 405, "method_not_allowed")
    assert several.headers["allow"] == "GET, POST"
    written_out = await api["hotline"].delete("/v1/complaints/lookup")  # no case has this number
    assert written_out.headers["allow"] == "POST"


async def test_a_day_is_written_as_a_day_and_never_a_count_of_days(api: Api) -> None:
    wrong = await api["supervisor"].get("/v1/partners/city_fitters/scorecard", first="0", last="2026-3-1")
    assert sorted(wrong_fields(wrong)) == ["query first", "query last"]
    filled = await api["supervisor"].get("/v1/returns/uk-fca-disp", first="0", last="1", as_of="2")
    assert sorted(wrong_fields(filled)) == ["query as_of", "query first", "query last"]


async def test_a_refusal_by_the_state_names_its_guard_and_changes_nothing(api: Api) -> None:
    reference = await api["hotline"].take()
    told = problem(await api["handler"].command(reference, "claim"), 409, "not_lawful_now")
    assert told["detail"] == "claim is lawful in accepted, stage_two; the case is received"
    answer = await api["handler"].command(
        reference, "respond", {"way": "phone", "letter": "Too early.", "outcome": "upheld", "cause": "process"}
    )
    problem(answer, 409, "not_lawful_now")
    assert await api.house.facts(reference) == ["complaint.received", "complaint.acknowledged"]
    assert await texts_of(api, reference) == 1


async def test_a_case_that_changed_meanwhile_is_left_alone(api: Api) -> None:
    handler, reference = api["handler"], await api["hotline"].take()
    read = await handler.get(f"/v1/complaints/{reference}")
    seen = {"If-Match": read.headers["etag"]}
    noted = await handler.command(reference, "note", {"text": "One."}, headers=seen)
    assert (noted.status_code, noted.headers["etag"]) == (200, f'"{noted.json()["sequence"]}"')
    problem(await handler.command(reference, "note", {"text": "Two."}, headers=seen), 412, "changed_meanwhile")
    assert (await api.house.facts(reference)).count("complaint.noted") == 1
    again = await handler.command(reference, "note", {"text": "Any."}, headers={"If-Match": "*"})
    weak = {"If-Match": f"W/{again.headers['etag']}"}
    assert (await handler.command(reference, "note", {"text": "Weak."}, headers=weak)).status_code == 200


@pytest.mark.parametrize("tag", ["12", '"x"', '"-1"', '"99999999999999999999"', '""'])
async def test_a_tag_that_this_api_never_gave_is_refused(api: Api, tag: str) -> None:
    reference = await api["hotline"].take()
    answer = await api["handler"].command(reference, "note", {"text": "x"}, headers={"If-Match": tag})
    assert wrong_fields(answer) == ["header If-Match"]


async def test_a_body_that_is_too_large_is_refused_by_its_length(api: Api) -> None:
    body = json.dumps(COMPLAINT | {"narrative": "x" * LARGEST}).encode()
    answer = await api["hotline"].send(
        "POST", "/v1/complaints", content=body, headers={"Content-Type": "application/json"}
    )
    assert str(LARGEST) in problem(answer, 413, "too_large")["detail"]


async def test_a_body_without_a_length_is_refused_as_soon_as_it_is_too_long(api: Api) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 50 * LARGEST:
            sent += 100_000
            yield b" " * 100_000

    answer = await api["hotline"].send(
        "POST", "/v1/complaints", content=endless(), headers={"Content-Type": "application/json"}
    )
    problem(answer, 413, "too_large")
    assert sent <= LARGEST + 200_000


async def test_a_body_of_the_largest_size_is_read(api: Api) -> None:
    body = json.dumps(COMPLAINT).encode()
    answer = await api["hotline"].send(
        "POST", "/v1/complaints", content=body.ljust(LARGEST), headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        ("/v1/complaints?status=lost", "query status.0"),
        ("/v1/complaints?statuss=closed", "query statuss"),
        ("/v1/complaints?severity=6", "query severity"),
        ("/v1/complaints?limit=0", "query limit"),
        ("/v1/complaints?limit=201", "query limit"),
        ("/v1/complaints?limit=ten", "query limit"),
        ("/v1/complaints?sort=name", "query sort"),
        ("/v1/complaints?cursor=abc", "query cursor"),
        ("/v1/complaints?due_before=2026-03-01T00:00:00", "query due_before"),
        ("/v1/complaints?received_from=1772328600", "query received_from"),
        ("/v1/complaints?received_to=0001-01-01T00:00:00%2B14:00", "query received_to"),
        ("/v1/complaints?team=a%00b", "query team"),
        ("/v1/complaints?customer=%00", "query customer"),
        ("/v1/complaints?q=" + "x" * 256, "query q"),
        ("/v1/complaints/C-2026-000001/timeline?cursor=99999999999", "query cursor"),
        ("/v1/complaints/C-2026-000001/timeline?limit=-1", "query limit"),
    ],
)
async def test_a_wrong_parameter_is_named(api: Api, path: str, parameter: str) -> None:
    assert wrong_fields(await api["supervisor"].get(path)) == [parameter]


async def test_every_answer_carries_safe_headers_and_an_id(api: Api) -> None:
    answers: list[httpx.Response] = [
        await api["hotline"].get("/v1/complaints"),
        await api["hotline"].get("/v1/nothing"),
        await api.client.get("/v1/complaints"),
        await api.client.get("/health/live"),
    ]
    for answer in answers:
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert len({answer.headers["x-request-id"] for answer in answers}) == len(answers)
