"""What a customer said or is lies in the vault and nowhere else, whatever way the case goes.

A canary stands in every personal field. They are looked for in every table but the vault's, in every line of the log
and in every answer of the API but the story.
"""

import asyncio
import json
from io import StringIO
from typing import Any

import httpx
import pytest

from tests.api.visitors import COMPLAINT, Api
from tests.mail_server import MailServer

CANARY = "CANARY"
PHONES = ("13811112222", "138 1111 2222", "+8613811112222")
TEXTUAL = (CANARY, "canary@", *PHONES)

CUSTOMER = {
    "id": "CANARY-ACCOUNT-1",
    "name": "CANARY Name 王小明",
    "phone": PHONES[1],
    "email": "canary@example.org",
    "address": "CANARY Street 1, 北京",
}


@pytest.fixture(scope="module")
def answers(api: Api) -> list[httpx.Response]:
    """Every answer of the API in this file, but those that are there to tell the story."""
    collected: list[httpx.Response] = []

    async def collect(response: httpx.Response) -> None:
        if not response.request.url.path.endswith("/story"):
            collected.append(response)

    api.client.event_hooks["response"] = [*api.client.event_hooks["response"], collect]
    return collected


@pytest.fixture(scope="module")
async def told(api: Api, post: MailServer, answers: list[httpx.Response]) -> list[str]:
    """Cases on every way, each text with a canary in it; their numbers."""
    form = COMPLAINT | {"channel": "web", "customer": CUSTOMER, "source_ref": "CANARY-SOURCE"}
    texts = {name: f"CANARY {name}" for name in ("narrative", "demand", "representative")}
    taken = (await api["hotline"].post("/v1/complaints", form | texts, key="CANARY-KEY")).json()["reference"]
    await valid(api, taken)
    parked = await api["hotline"].take(**texts, channel="web", customer=CUSTOMER | {"id": "CANARY-2"})
    await failing(api, post, parked)
    await refused(api, taken)
    return [taken, parked]


async def valid(api: Api, reference: str) -> None:
    """Answered by mail, closed and taken up again."""
    handler = api["handler"]
    await handler.until(reference, sequence=3)
    await handler.do(reference, "assess", decision="valid", evidence="CANARY evidence")
    await handler.do(reference, "claim")
    await handler.do(reference, "start_investigation")
    await handler.do(reference, "note", text="CANARY note")
    await handler.do(reference, "correct", field="name", text="CANARY corrected name", reason="CANARY reason")
    await handler.do(reference, "respond", way="email", letter="CANARY letter", outcome="upheld", cause="process")
    await handler.until(reference, status="responded")
    await handler.do(reference, "close")
    await api["hotline"].do(reference, "reopen", reason="CANARY reopening")
    await handler.get(f"/v1/complaints/{reference}/story")


async def failing(api: Api, post: MailServer, reference: str) -> None:
    """Mail is refused with a reply that quotes the recipient; the step is parked, then given up."""
    post.refuse("550 5.1.1 <canary@example.org> CANARY is unknown here", CUSTOMER["email"])
    await api["handler"].do(reference, "assess", decision="invalid", ground="unfounded", evidence="CANARY evidence")
    await api["handler"].do(reference, "explain", way="email", letter="CANARY explanation")
    async with asyncio.timeout(20):
        while not (await api.house.record(reference)).parked:
            await asyncio.sleep(0.02)
    steps = (await api["operator"].get("/v1/steps")).json()["items"]
    for step in steps:
        await api["operator"].post(f"/v1/steps/{step['id']}/skip", {"reason": "CANARY reason of an operator"})
    post.behave()
    await api["hotline"].command(reference, "withdraw", {"reason": "CANARY withdrawal", "confirmed_by": "phone"})


async def refused(api: Api, reference: str) -> None:
    """Requests of every kind that are not done."""
    hotline = api["hotline"]
    wrong: list[dict[str, Any]] = [
        {"customer": CUSTOMER | {"phone": "CANARY"}},
        {"customer": CUSTOMER | {"email": "CANARY@"}},
        {"customer": CUSTOMER | {"language": "CANARY"}},
        {"customer": "CANARY"},
        {"narrative": ["CANARY"]},
        {"received_at": "CANARY"},
        {"severity": "CANARY"},
    ]
    for fields in wrong:
        await hotline.post("/v1/complaints", COMPLAINT | fields)
    await hotline.send(
        "POST", "/v1/complaints", content=b'{"narrative": "CANARY', headers={"Content-Type": "text/json"}
    )
    await hotline.send(
        "POST", "/v1/complaints", content=b'{"narrative": "CANARY', headers={"Content-Type": "application/json"}
    )
    await hotline.command(reference, "close", {"text": "x"})
    await api["handler"].command(
        reference, "respond", {"way": "phone", "letter": "CANARY", "outcome": "x", "cause": "x"}
    )
    await api["handler"].command(reference, "explain", {"way": "phone", "letter": "CANARY"})
    await api["handler"].command(reference, "correct", {"field": "phone", "text": "CANARY"})
    await api["supervisor"].get("/v1/complaints", customer=CUSTOMER["email"])
    await api["supervisor"].get("/v1/complaints", q=PHONES[0])
    await api["supervisor"].get("/v1/complaints/CANARY/story")


def found_in(text: str) -> list[str]:
    return [canary for canary in TEXTUAL if canary in text]


async def test_the_canaries_are_in_the_vault_and_can_be_read(api: Api, told: list[str]) -> None:
    """Else the rest of this file would prove nothing."""
    story = (await api["handler"].get(f"/v1/complaints/{told[0]}/story")).json()
    assert story["customer"]["name"] == "CANARY corrected name"
    assert {story["narrative"], story["demand"]} == {"CANARY narrative", "CANARY demand"}
    assert len(story["texts"]) >= 6
    assert all(CANARY in text for text in story["texts"].values())


async def test_no_table_outside_the_vault_holds_anything_personal(api: Api, told: list[str]) -> None:
    pool = api.house.parts.pool
    tables = await pool.fetch("SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ('public', 'vault')")
    rows = 0
    for schema, table in map(tuple, tables):
        for record in await pool.fetch(f'SELECT t.*, t::text AS "whole row" FROM {schema}.{table} t'):
            rows += 1
            for value in record.values():
                text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
                assert not found_in(text), f"{schema}.{table}"
    assert rows > 50


async def test_no_line_of_the_log_holds_anything_personal(api: Api, told: list[str], logs: StringIO) -> None:
    lines = logs.getvalue().splitlines()
    assert len(lines) > 3
    assert [line for line in lines if found_in(line)] == []


async def test_no_answer_but_the_story_holds_anything_personal(
    api: Api, told: list[str], answers: list[httpx.Response]
) -> None:
    for reference in told:
        for path in ("", "/timeline"):
            await api["supervisor"].get(f"/v1/complaints/{reference}{path}")
    await api["supervisor"].get("/v1/complaints")
    await api["operator"].get("/v1/steps")
    await api.client.get("/metrics")
    assert {answer.status_code for answer in answers} >= {200, 201, 400, 409, 422}
    leaking = [answer for answer in answers if found_in(answer.text) or found_in(json.dumps(dict(answer.headers)))]
    assert [f"{answer.request.method} {answer.request.url.path}: {answer.text[:200]}" for answer in leaking] == []
