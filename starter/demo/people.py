"""Simulated staff: each has a token of their own and works through the API."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

TRIES = 8
PAUSE_SECONDS = 0.5
PATIENCE_SECONDS = 120


class Unlawful(Exception):
    """The API refused; `code` is the guard."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody at work: a name, a token, and the API."""

    id: str
    client: httpx.AsyncClient
    token: str

    async def take(self, form: dict[str, Any], key: str) -> dict[str, Any]:
        return await self.send("POST", "/v1/complaints", json=form, key=key)

    async def do(self, reference: str, command: str, **body: Any) -> dict[str, Any]:
        """Give a command; repeated under the same key until it is answered."""
        path = f"/v1/complaints/{reference}/commands/{command}"
        return await self.send("POST", path, json=body, key=secrets.token_hex(8))

    async def read(self, reference: str) -> dict[str, Any]:
        return await self.send("GET", f"/v1/complaints/{reference}")

    async def until(self, reference: str, is_so: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Look at a case until it is so."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not is_so(view := await self.read(reference)):
                await asyncio.sleep(PAUSE_SECONDS)
        return view

    async def download(self, path: str, media_type: str) -> bytes:
        """A file, in the form that is wanted."""
        headers = {"Authorization": f"Bearer {self.token}", "Accept": media_type}
        answer = await self.client.get(path, headers=headers)
        answer.raise_for_status()
        return answer.content

    async def send(self, method: str, path: str, *, key: str | None = None, **request: Any) -> dict[str, Any]:
        """The answer's JSON. Raises Unlawful for a refusal, TimeoutError when nobody answers for long."""
        headers = {"Authorization": f"Bearer {self.token}"} | ({"Idempotency-Key": key} if key else {})
        for _ in range(TRIES):
            try:
                answer = await self.client.request(method, path, headers=headers, **request)
            except httpx.TransportError:
                await asyncio.sleep(PAUSE_SECONDS)
                continue
            if answer.is_success:
                found: dict[str, Any] = answer.json()
                return found
            problem = answer.json()
            if answer.status_code != 503 and problem["code"] != "still_running":
                raise Unlawful(problem["code"], problem["detail"])
            await asyncio.sleep(PAUSE_SECONDS)
        raise TimeoutError(f"{method} {path} was not answered in {TRIES} tries")


@dataclass(frozen=True, slots=True)
class Staff:
    """Who works in the demonstration."""

    hotline: tuple[Person, ...]
    handlers: tuple[Person, ...]
    supervisors: tuple[Person, ...]
    caller: Person
    operator: Person


NAMES = {
    "hotline": ("赵敏 (hotline)", "Ruth Bell (hotline)"),
    "handler": ("钱磊 (handler)", "Omar Haddad (handler)", "孙静 (handler)", "Ida Holm (handler)"),
    "supervisor": ("李强 (supervisor)", "Nora Weiss (supervisor)"),
    "caller": ("吴芳 (caller)",),
    "operator": ("周洋 (operator)",),
    "analyst": ("郑雪 (analyst)",),
    "admin": ("冯涛 (admin)",),
}


TEAM = "service"
DETAILS: dict[str, dict[str, str]] = {"supervisor": {"redress_limit": "500.00"}, "handler": {"team": TEAM}}


async def enrol(client: httpx.AsyncClient, admin_token: str) -> Staff:
    """Put the staff into the registry, each with a token."""
    admin = Person("admin", client, admin_token)
    people: dict[str, tuple[Person, ...]] = {}
    for role, names in NAMES.items():
        forms = [{"name": name, "roles": [role], **DETAILS.get(role, {})} for name in names]
        created = [await admin.send("POST", "/v1/staff", json=form) for form in forms]
        people[role] = tuple(Person(one["id"], client, one["token"]) for one in created)
    return Staff(people["hotline"], people["handler"], people["supervisor"], people["caller"][0], people["operator"][0])
