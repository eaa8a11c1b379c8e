"""Whatever is sent, the answer is a refusal that names the fault, or the thing is done; never a defect."""

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from domain.access import Role
from tests.api.test_document import OPERATIONS, bodies, examples
from tests.api.visitors import COMPLAINT, Api, Visitor, problem
from tests.security.test_access_matrix import PLACES

JSON = {"Content-Type": "application/json"}
DEEP = 100_000
FUZZED_BODIES = 900

HOSTILE_VALUES: list[Any] = [
    *(None, True, False, 0, -1, 2**31, 2**63, 10**400, 0.1, 1e308, "", " ", [], {}, [[]], [None], {"": None}),
    *("\u0000", "a\u0000b", "\ud800", "\udfff\ud800", "\u202e", "\ufeff", "\u001b[2J", "\r\n.\r\n", "x" * 30_000),
    *("' OR 1=1 --", "<script>", "{{7*7}}", "${jndi:ldap://x}", "%s%n", "../../etc/passwd", "=cmd|' /C calc'!A0"),
    *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-02-30T00:00:00Z", "infinity", "NaN", "1e5"),
    *("C-2026-000001", "txt_" + "0" * 32, "per_" + "0" * 32, ["x"] * 1_000, {"a": {"b": {"c": {}}}}),
]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"nonsense",
        b'{"channel": "phone", "narrative": "x"} {}',
        b'{"channel": "phone", "channel": "web", "narrative": "x"}',
        b'{"channel": "phone", "narrative": "x", "customer": {"name": "a", "name": "b"}}',
        b'{"channel": "phone", "narrative": "x", "severity": NaN}',
        b'{"channel": "phone", "narrative": "x", "severity": -Infinity}',
        b'{"channel": "phone", "narrative": "x", "severity": 1' + b"0" * 5_000 + b"}",
        b'{"channel": "phone", "narrative": "x", "severity": 1e999}',
        b'{"channel": "phone", "narrative": "\xff\xfe"}',
        b'{"channel": "phone", "narrative": "\\ud800"}',
        b'{"channel": "phone", "narrative": "\\u0000"}',
        b'{"channel": "phone", "narrative": "a\x00b"}',
        b'{"channel": "phone", "narrative": "a\nb"}',
        b"[" * DEEP,
        b'{"a":' * DEEP + b"1" + b"}" * DEEP,
        b'{"narrative": ' + b"[" * DEEP + b"]" * DEEP + b"}",
        b"null",
        b"[]",
        b'"text"',
        b"7",
        b'{"' + b"x" * 500_000 + b'": 1}',
        json.dumps({f"field {number}": number for number in range(20_000)}).encode(),
    ],
)
async def test_a_body_that_is_no_complaint_is_refused(api: Api, body: bytes) -> None:
    before = await api.house.parts.pool.fetchval("SELECT count(*) FROM case_record")
    answer = await api["hotline"].send("POST", "/v1/complaints", content=body, headers=JSON)
    assert answer.status_code in {400, 422}, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert len(answer.content) < 100_000
    assert await api.house.parts.pool.fetchval("SELECT count(*) FROM case_record") == before


async def test_json_that_can_be_read_in_two_ways_is_refused_with_the_reason(api: Api) -> None:
    twice = b'{"channel": "phone", "channel": "web", "narrative": "x"}'
    told = problem(await api["hotline"].send("POST", "/v1/complaints", content=twice, headers=JSON), 400, "malformed")
    assert told["detail"].endswith("channel is there twice")


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "application/x-www-form-urlencoded", ""])
async def test_a_body_of_another_type_is_not_read(api: Api, content_type: str) -> None:
    body = json.dumps(COMPLAINT).encode()
    answer = await api["hotline"].send(
        "POST", "/v1/complaints", content=body, headers={"Content-Type": content_type} if content_type else {}
    )
    assert answer.status_code == 422


def altered(chance: random.Random) -> Iterator[tuple[str, str, Any]]:
    """Examples of every body, in each of which one value is replaced by something hostile."""
    samples = [(name, value) for name, each in bodies().items() for value in examples(each).values()]
    for _ in range(FUZZED_BODIES):
        name, value = chance.choice(samples)
        body = json.loads(json.dumps(value))
        place: Any = body
        while isinstance(place, dict) and place:
            key = chance.choice(list(place))
            if not isinstance(place[key], dict) or chance.random() < 0.5:
                break
            place = place[key]
        if isinstance(place, dict):
            place[key if place else "new"] = chance.choice(HOSTILE_VALUES)
        method, path = name.split(" ")
        yield method, path, chance.choice(HOSTILE_VALUES) if chance.random() < 0.05 else body


async def test_no_value_in_any_field_of_any_body_is_a_defect(api: Api) -> None:
    """The answers are also held to the document, by the hook of the client."""
    everybody = await api.enrol("everybody", *Role)
    references = [await everybody.take() for _ in range(5)]
    chance, defects, statuses = random.Random(20260302), [], set()
    for method, path, body in altered(chance):
        reference = chance.choice(references)
        step = f"{reference}.acknowledgement.1"
        places = {"reference": reference, "step_id": step, "calendar_id": "fuzzed", "person_id": "per_000000"}
        there = path.format_map(PLACES | places)
        content = json.dumps(body).encode()
        answer = await everybody.send(method, there, content=content, headers=JSON)
        statuses.add(answer.status_code)
        if answer.status_code >= 500 and answer.status_code != 503:
            defects.append(f"{method} {there} {content[:200]!r}: {answer.text[:200]}")
    assert not defects
    assert {200, 201, 409, 422} <= statuses


def parameters() -> Iterator[tuple[str, str]]:
    """Path and query parameter of everything that can be read."""
    for name, operation in OPERATIONS.items():
        method, path = name.split(" ")
        for parameter in operation.get("parameters", []):
            if method == "GET" and parameter["in"] == "query":
                yield path, parameter["name"]


async def test_no_value_of_any_parameter_is_a_defect(api: Api) -> None:
    everybody = await api.enrol("everybody", *Role)
    reference = await everybody.take()
    defects = []
    texts = [str(value) for value in HOSTILE_VALUES if "\ud800" not in str(value)] + ["%00", "%ff", "x" * 3_000]
    for path, parameter in parameters():
        there = path.format_map(PLACES | {"reference": reference, "calendar_id": "every-day"})
        for text in texts:
            answer = await everybody.send("GET", there, params={parameter: text[:3_000]})
            if answer.status_code >= 500:
                defects.append(f"{there}?{parameter}={text[:60]!r}: {answer.text[:200]}")
    assert not defects


PATHS = (
    "%00",
    "%ff",
    "%2e%2e%2f",
    "'--",
    "<x>",
    "中文",
    "x" * 3_000,
    "%0d%0aSet-Cookie:a=b",
    "-1",
    "1E5",
    "{}",
    "%25s",
)


async def test_no_path_is_a_defect(api: Api) -> None:
    everybody: Visitor = await api.enrol("everybody", *Role)
    defects = []
    for name, operation in OPERATIONS.items():
        method, path = name.split(" ")
        for parameter in [each["name"] for each in operation.get("parameters", []) if each["in"] == "path"]:
            rest = PLACES | {"reference": "C-2026-000001", parameter: "{hostile}"}
            for hostile in PATHS:
                there = path.format_map(rest).replace("{hostile}", hostile)
                answer = await everybody.send(method, there, json={})
                if answer.status_code not in {400, 404, 405, 422}:
                    defects.append(f"{method} {there[:100]}: {answer.status_code} {answer.text[:200]}")
    assert not defects


@pytest.mark.parametrize("key", [b"\xff", b"a" * 255, b"' OR 1=1", b"a\tb"])
async def test_a_key_of_any_characters_is_only_a_key(api: Api, key: bytes) -> None:
    headers = [(b"Authorization", f"Bearer {api['hotline'].token}".encode()), (b"Idempotency-Key", key)]
    answers = [await api.client.post("/v1/complaints", json=COMPLAINT, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].content == answers[1].content
