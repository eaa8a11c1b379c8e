"""The codec server opens what is sealed for operators, for the pages of the origins that it was told, and no more."""

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from google.protobuf import json_format
from temporalio.api.common.v1 import Payload, Payloads

from runtime.codec import SealingCodec
from starter.codec_server import Opener, codec_application, opener
from tests.api.visitors import Api

UI = "http://127.0.0.1:8233"


@pytest.fixture
async def codec(api: Api) -> AsyncIterator[httpx.AsyncClient]:
    @asynccontextmanager
    async def opened() -> AsyncIterator[Opener]:
        yield opener(api.house.parts.people, api.house.parts.keys)

    app = codec_application(opened, (UI,))
    transport = httpx.ASGITransport(app)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://c") as client:
        yield client


async def sealed(api: Api, *texts: str) -> dict[str, Any]:
    payloads = [Payload(metadata={"encoding": b"json/plain"}, data=json.dumps(text).encode()) for text in texts]
    encoded = await SealingCodec(api.house.parts.keys).encode(payloads)
    found: dict[str, Any] = json_format.MessageToDict(Payloads(payloads=encoded))
    return found


def bearer(api: Api, name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {api[name].token}"}


async def test_an_operator_sees_what_was_sealed(api: Api, codec: httpx.AsyncClient) -> None:
    answer = await codec.post("/decode", json=await sealed(api, "one", "two"), headers=bearer(api, "operator"))
    data = [base64.b64decode(payload["data"]) for payload in answer.json()["payloads"]]
    assert data == [b'"one"', b'"two"']


async def test_what_does_not_open_stays_as_it_is_and_the_rest_is_shown(api: Api, codec: httpx.AsyncClient) -> None:
    body = await sealed(api, "one", "two")
    body["payloads"][0]["data"] = base64.b64encode(b"x" * 60).decode()
    answer = (await codec.post("/decode", json=body, headers=bearer(api, "operator"))).json()
    assert answer["payloads"][0] == body["payloads"][0]
    assert base64.b64decode(answer["payloads"][1]["data"]) == b'"two"'


@pytest.mark.parametrize("name", ["admin", "handler", "analyst", "privacy"])
async def test_nobody_else_sees_it(api: Api, codec: httpx.AsyncClient, name: str) -> None:
    body = await sealed(api, "secret")
    for headers in (bearer(api, name), {}, {"Authorization": "Bearer amends_x"}, {"Cookie": "amends_codec=amends_x"}):
        answer = await codec.post("/decode", json=body, headers=headers)
        assert (answer.status_code, "secret" in answer.text) == (401, False)


async def test_it_seals_nothing(api: Api, codec: httpx.AsyncClient) -> None:
    assert (await codec.post("/encode", json={"payloads": []}, headers=bearer(api, "operator"))).status_code == 404


@pytest.mark.parametrize(("origin", "let_in"), [(UI, UI), ("http://evil.example", None), ("null", None)])
async def test_a_page_of_another_origin_is_let_in_only_where_it_is_named(
    codec: httpx.AsyncClient, origin: str, let_in: str | None
) -> None:
    asked = {"Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-namespace"}
    answer = await codec.options("/decode", headers=asked)
    assert answer.headers.get("access-control-allow-origin") == let_in


async def test_a_browser_signs_in_once(api: Api, codec: httpx.AsyncClient) -> None:
    assert (await codec.get("/")).status_code == 200
    assert (await codec.post("/", data={"token": api["admin"].token})).status_code == 401
    signed_in = await codec.post("/", data={"token": api["operator"].token})
    cookie = signed_in.headers["set-cookie"].lower()
    assert signed_in.status_code == 303
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    answer = await codec.post("/decode", json=await sealed(api, "one"))
    assert answer.status_code == 200


@pytest.mark.parametrize("body", [b"", b"7", b"nonsense", b'{"payloads": 1}', b"\xff", b"[" * 20_000])
async def test_what_is_no_list_of_payloads_is_refused(api: Api, codec: httpx.AsyncClient, body: bytes) -> None:
    answer = await codec.post("/decode", content=body, headers=bearer(api, "operator"))
    assert answer.status_code == 400


async def test_a_body_without_end_is_cut_off(api: Api, codec: httpx.AsyncClient) -> None:
    answer = await codec.post("/decode", content=b"x" * 9_000_000, headers=bearer(api, "operator"))
    assert answer.status_code == 413
