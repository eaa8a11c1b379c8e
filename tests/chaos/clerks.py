"""Simulated staff who do not give up when the service is away, and write down what they were told."""

import asyncio
import random
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import httpx

from starter.demo.people import Person, Staff, Unlawful, enrol
from tests.chaos.diary import Acknowledged, Diary

PATIENCE_SECONDS = 150
PAUSE_SECONDS = 0.5
REPEATED_INTAKES = 0.2
"""How many clients send an intake again although it was answered, as after a lost connection."""


@dataclass(frozen=True)
class Clerk(Person):
    """Somebody at work who repeats each request under its key until it is answered."""

    diary: Diary
    chance: random.Random
    think_seconds: float

    async def take(self, form: dict[str, Any], key: str) -> dict[str, Any]:
        receipt = await super().take(form, key)
        self.diary.taken[key].add(receipt["reference"])
        if self.chance.random() < REPEATED_INTAKES:
            again = await super().take(form, key)
            self.diary.taken[key].add(again["reference"])
        return receipt

    async def do(self, reference: str, command: str, **body: Any) -> dict[str, Any]:
        await asyncio.sleep(self.chance.uniform(0, self.think_seconds))
        path = f"/v1/complaints/{reference}/commands/{command}"
        done = await self.send("POST", path, json=body, key=secrets.token_hex(8))
        self.diary.commands.append(Acknowledged(reference, command, self.id, done["recorded_at_sequence"]))
        return done

    async def send(self, method: str, path: str, *, key: str | None = None, **request: Any) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.token}"} | ({"Idempotency-Key": key} if key else {})
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                answer = await self._ask(method, path, headers, request)
                if answer is not None:
                    return answer
                await asyncio.sleep(PAUSE_SECONDS)

    async def _ask(
        self, method: str, path: str, headers: dict[str, str], request: dict[str, Any]
    ) -> dict[str, Any] | None:
        """The answer's JSON, or None when the request must be repeated. Raises Unlawful for a refusal."""
        try:
            answer = await self.client.request(method, path, headers=headers, **request)
        except httpx.TransportError:
            self.diary.unanswered += 1
            return None
        self.diary.answers[answer.status_code] += 1
        if answer.is_success:
            self.diary.first_answer_at = self.diary.first_answer_at or datetime.now(UTC)
            found: dict[str, Any] = answer.json()
            return found
        problem = answer.json()
        if answer.status_code not in {409, 503}:
            self.diary.defects.append(f"{method} {path} was answered {answer.status_code} {problem['code']}")
        if answer.status_code == 503 and "retry-after" not in answer.headers:
            self.diary.defects.append(f"{method} {path} was answered 503 and not told when to come again")
        if answer.status_code >= 500 or problem["code"] == "still_running":
            return None
        raise Unlawful(problem["code"], problem["detail"])


async def clerks(
    client: httpx.AsyncClient, admin_token: str, diary: Diary, chance: random.Random, think_seconds: float
) -> Staff:
    """The demonstration's staff, enrolled, each of them a clerk."""
    staff = await enrol(client, admin_token)

    def clerk(person: Person) -> Person:
        return Clerk(person.id, person.client, person.token, diary=diary, chance=chance, think_seconds=think_seconds)

    return replace(
        staff,
        hotline=tuple(map(clerk, staff.hotline)),
        handlers=tuple(map(clerk, staff.handlers)),
        supervisors=tuple(map(clerk, staff.supervisors)),
        caller=clerk(staff.caller),
        operator=clerk(staff.operator),
    )
