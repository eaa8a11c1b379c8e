"""People who call the API, each with a token of their own."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
from fastapi import FastAPI

from domain.access import Person, Role
from starter.api.app import application
from starter.services import Services
from tests.api.conformance import conforms_to
from tests.house import House

COMPLAINT = {"channel": "phone", "narrative": "The boiler is cold."}


@dataclass(frozen=True, slots=True)
class Visitor:
    """A person at the API."""

    person: Person
    client: httpx.AsyncClient
    token: str

    async def send(
        self, method: str, path: str, *, key: str | None = None, headers: dict[str, str] | None = None, **request: Any
    ) -> httpx.Response:
        own = {"Authorization": f"Bearer {self.token}"} | ({"Idempotency-Key": key} if key is not None else {})
        return await self.client.request(method, path, headers=own | (headers or {}), **request)

    async def get(self, path: str, **params: Any) -> httpx.Response:
        return await self.send("GET", path, params=params or None)

    async def post(self, path: str, body: Any = None, **request: Any) -> httpx.Response:
        return await self.send("POST", path, json={} if body is None else body, **request)

    async def put(self, path: str, body: Any = None, **request: Any) -> httpx.Response:
        return await self.send("PUT", path, json=body, **request)

    async def delete(self, path: str) -> httpx.Response:
        return await self.send("DELETE", path)

    async def take(self, **fields: Any) -> str:
        """Take a complaint in by telephone; its number."""
        answer = await self.post("/v1/complaints", COMPLAINT | fields)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["reference"])

    async def command(self, reference: str, command: str, body: Any = None, **request: Any) -> httpx.Response:
        return await self.post(f"/v1/complaints/{reference}/commands/{command}", body, **request)

    async def do(self, reference: str, command: str, **body: Any) -> dict[str, Any]:
        """A command that is expected to be done, repeated under its key while a busy machine does not answer."""
        key = secrets.token_hex(8)
        for _ in range(3):
            answer = await self.command(reference, command, body, key=key)
            if answer.status_code != 503:
                break
        assert answer.status_code == 200, answer.text
        case: dict[str, Any] = answer.json()
        return case

    async def read(self, reference: str) -> dict[str, Any]:
        answer = await self.get(f"/v1/complaints/{reference}")
        assert answer.status_code == 200, answer.text
        case: dict[str, Any] = answer.json()
        return case

    async def pages(self, path: str, **params: Any) -> list[list[dict[str, Any]]]:
        """Every page of a list, from the first to the last."""
        answer = (await self.get(path, **params)).json()
        pages = [answer["items"]]
        while answer["next_cursor"]:
            answer = (await self.get(path, **params, cursor=answer["next_cursor"])).json()
            pages.append(answer["items"])
        return pages

    async def until(self, reference: str, **expected: Any) -> dict[str, Any]:
        """The case as soon as it shows these values."""
        async with asyncio.timeout(20):
            while True:
                case = await self.read(reference)
                if all(case[name] == value for name, value in expected.items()):
                    return case
                await asyncio.sleep(0.02)


@dataclass(frozen=True, slots=True)
class Api:
    """The application over a house, and everybody who may call it."""

    house: House
    app: FastAPI
    client: httpx.AsyncClient
    visitors: dict[str, Visitor]

    def __getitem__(self, name: str) -> Visitor:
        return self.visitors[name]

    async def enrol(self, name: str, *roles: Role, team: str | None = None) -> Visitor:
        people, now = self.house.parts.people, datetime.now(UTC)
        person = await people.enrol(name, roles, now, team=team)
        self.visitors[name] = Visitor(person, self.client, await people.issue_token(person.id, now))
        return self.visitors[name]


@asynccontextmanager
async def calling(services: Services) -> AsyncIterator[tuple[FastAPI, httpx.AsyncClient]]:
    """The application over these services, and a client that reaches it without a socket."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[Services]:
        yield services

    app = application(opened)
    transport = httpx.ASGITransport(app)
    lifespan: AbstractAsyncContextManager[Any] = app.router.lifespan_context(app)
    hooks = {"response": [conforms_to(app.openapi())]}
    client = httpx.AsyncClient(transport=transport, base_url="http://amends.test", event_hooks=hooks)
    async with lifespan, client:
        yield app, client


@asynccontextmanager
async def visitors(house: House) -> AsyncIterator[Api]:
    """The API of a house, with a visitor for each of its people."""
    async with calling(house.services) as (app, client):
        now = datetime.now(UTC)
        tokens = {name: await house.parts.people.issue_token(each.id, now) for name, each in house.people.items()}
        yield Api(house, app, client, {name: Visitor(house.people[name], client, tokens[name]) for name in tokens})


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem that an answer tells of, which must have this status and code, in the shape of RFC 9457."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    told: dict[str, Any] = answer.json()
    assert set(told) == {"type", "title", "status", "detail", "code", "errors"}
    assert (told["status"], told["code"]) == (status, code), answer.text
    return told


def wrong_fields(answer: httpx.Response) -> list[str]:
    """The pointers of a 422, in their order."""
    return sorted(error["pointer"] for error in problem(answer, 422, "invalid")["errors"])
