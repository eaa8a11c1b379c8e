"""A day's business: complaints come in, each is taken along its path by people, an operator retries what was parked."""

import asyncio
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import httpx

from domain.complaints.terms import Status
from starter.demo import journeys
from starter.demo.journeys import Journey
from starter.demo.people import Staff, Unlawful
from starter.demo.samples import complaints
from tests.chaos.clerks import clerks
from tests.chaos.diary import Diary

OPERATOR_LOOKS_EVERY_SECONDS = 2.0
LOGGED_AFTER = timedelta(seconds=30)
"""How long ago those complaints reached us that are left open, so that nobody waits long for their clock."""


async def left_open(case: journeys.Case) -> None:
    """Investigated and left there: its clock must breach although nobody touches it."""
    await case.supervisor.do(case.reference, "assess", decision="valid")
    handler = case.staff.handlers[0]
    await case.supervisor.do(case.reference, "assign", handler=handler.id)
    await handler.do(case.reference, "start_investigation")


PATHS: Mapping[Journey, int] = {
    journeys.valid: 34,
    journeys.partly_valid_with_corrections: 10,
    journeys.invalid: 12,
    journeys.appealed: 6,
    journeys.withdrawn: 6,
    journeys.reopened: 8,
    journeys.neglected: 6,
    journeys.with_partner_and_redress: 8,
    journeys.merged: 4,
    journeys.called_back_unsatisfied: 6,
}
"""The paths of the demonstration that the policy `demo` allows, in percent."""


BRISK: Mapping[Journey, int] = {
    journeys.valid: 40,
    journeys.partly_valid_with_corrections: 15,
    journeys.invalid: 15,
    journeys.withdrawn: 10,
    journeys.reopened: 20,
}
"""Those in which nobody waits for a clock."""


def end_of(path: Journey) -> Status:
    """Where a path must have led when its people have done their work."""
    others: Mapping[Journey, Status] = {journeys.withdrawn: Status.WITHDRAWN, left_open: Status.INVESTIGATING}
    return others.get(path, Status.CLOSED)


@dataclass(frozen=True, slots=True)
class Business:
    """People at work in an installation, and the diary of what they were told."""

    staff: Staff
    diary: Diary
    chance: random.Random
    has_parked: asyncio.Event
    """Set when the operator has seen a step that waits for help."""

    async def run(self, paths: Sequence[Journey], over_seconds: float) -> None:
        """Take one complaint for each path, at even intervals, and each to its end."""
        forms = complaints(len(paths), self.chance)
        async with asyncio.TaskGroup() as group:
            for form, path in zip(forms, paths, strict=True):
                group.create_task(self._handle(form, path))
                await asyncio.sleep(over_seconds / len(paths))

    async def _handle(self, form: dict[str, Any], path: Journey) -> None:
        key = f"{form['source_ref']}-{len(self.diary.taken)}"
        told = {"received_at": (datetime.now(UTC) - LOGGED_AFTER).isoformat()} if path is left_open else {}
        taken = await self.staff.hotline[0].take({**form, **told, "source_ref": key}, key)
        reference = taken["reference"]
        case = journeys.Case(reference, form["customer"]["language"], self.staff, self.chance)
        self.diary.ends[reference] = end_of(path)
        try:
            await path(case)
        except (Unlawful, TimeoutError) as error:
            self.diary.defects.append(f"{reference}: {path.__name__} could not go on: {error!r}")


class Office(Protocol):
    """Where the API is reached, and the token that enrols people."""

    @property
    def url(self) -> str: ...
    @property
    def admin_token(self) -> str: ...


@asynccontextmanager
async def open_for_business(office: Office, seed: int, *, think_seconds: float = 1.0) -> AsyncIterator[Business]:
    """The staff at their desks, and the operator at work until the context is left."""
    chance, diary = random.Random(seed), Diary()
    async with httpx.AsyncClient(base_url=office.url, timeout=30) as client:
        staff = await clerks(client, office.admin_token, diary, chance, think_seconds)
        has_parked = asyncio.Event()
        operator = asyncio.create_task(_operate(staff, has_parked))
        try:
            yield Business(staff, diary, chance, has_parked)
        finally:
            operator.cancel()


async def _operate(staff: Staff, has_parked: asyncio.Event) -> None:
    while True:
        found = await staff.operator.send("GET", "/v1/steps", params={"limit": 200})
        if found["items"]:
            has_parked.set()
            await staff.operator.send(
                "POST", "/v1/steps/bulk/retry", json={"reason": "it works again", "per_second": 20}
            )
        await asyncio.sleep(OPERATOR_LOOKS_EVERY_SECONDS)


def mixed_paths(count: int, chance: random.Random, *, left: int) -> list[Journey]:
    """So many paths in the demonstration's proportions; the first ones are left open, to be overdue by the end."""
    ways = chance.choices(list(PATHS), list(PATHS.values()), k=count - left)
    return [left_open] * left + ways


def brisk_paths(count: int, chance: random.Random) -> list[Journey]:
    """So many paths that end as soon as their people have done their work."""
    return chance.choices(list(BRISK), list(BRISK.values()), k=count)
