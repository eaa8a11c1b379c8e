"""The demonstration itself: people come to work, complaints come in, the mail server fails, an operator heals it."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starter.demo import journeys
from starter.demo.journeys import PATHS, Journey
from starter.demo.letter_scene import letters_in_every_way
from starter.demo.mailbox import Mailbox
from starter.demo.people import Staff
from starter.demo.samples import complaints
from starter.demo.text_messages import TextMessages

AT_ONCE = 24
"""Cases that people have in hand at the same time: what two cores carry."""
OUTAGE_AFTER = 0.3
OUTAGE_ENDS_AFTER_PARKED = 12
OUTAGE_SECONDS = 45
OPERATOR_LOOKS_EVERY_SECONDS = 1.0
RETRIES_PER_SECOND = 20


@dataclass(slots=True)
class Course:
    """How it went."""

    references: list[str]
    paths: Counter[str]
    path_of: dict[str, str] = field(default_factory=dict)
    parked: int = 0
    retried: int = 0

    def add(self, written: Mapping[str, str]) -> None:
        """Take in the cases of another scene, by reference and path."""
        self.references += written
        self.path_of |= written
        self.paths.update(written.values())


class Demonstration:
    """One run with a seed: the same complaints and the same decisions each time."""

    def __init__(
        self,
        staff: Staff,
        mailbox: Mailbox,
        texts: TextMessages,
        *,
        count: int,
        seed: int,
        say: Callable[[str], None],
    ) -> None:
        self._staff = staff
        self._mailbox = mailbox
        self._texts = texts
        self._count = count
        self._chance = random.Random(seed)  # noqa: S311  a simulation
        self._say = say
        self._course = Course([], Counter())
        self._ended = 0
        self._others = 0

    async def run(self) -> Course:
        """Take every complaint to its end, through a mail outage."""
        staff = self._staff
        people = sum(map(len, (staff.hotline, staff.handlers, staff.supervisors))) + 2
        self._say(f"{people} people are at work, and {self._count} complaints come in.")
        operator = asyncio.create_task(self._operate(staff))
        gate = asyncio.Semaphore(AT_ONCE)
        async with asyncio.TaskGroup() as group:
            for form in complaints(self._count, self._chance):
                group.create_task(self._handle(form, staff, gate, random.Random(self._chance.random())))  # noqa: S311
        await self._drained(staff)
        operator.cancel()
        self._course.add(await letters_in_every_way(staff, self._mailbox, self._texts, self._say))
        return self._course

    async def _handle(self, form: dict[str, Any], staff: Staff, gate: asyncio.Semaphore, chance: random.Random) -> None:
        async with gate:
            taken = await chance.choice(staff.hotline).take(form, form["source_ref"])
            journey = self._journey(taken, chance)
            earlier = tuple(self._course.references[:1])
            case = journeys.Case(taken["reference"], form["customer"]["language"], staff, chance, earlier)
            self._course.references.append(case.reference)
            self._course.path_of[case.reference] = journey.__name__
            await journey(case)
            self._course.paths[journey.__name__] += 1
            self._ended += 1
            if self._ended % 50 == 0:
                self._say(f"{self._ended} of {self._count} cases have ended.")

    def _journey(self, taken: dict[str, Any], chance: random.Random) -> Journey:
        """What speaks of a danger is an emergency; the first others take every path once, the rest as it comes."""
        if taken["advice"]:
            return journeys.emergency
        self._others += 1
        if self._others <= len(PATHS):
            return list(PATHS)[self._others - 1]
        return chance.choices(list(PATHS), list(PATHS.values()))[0]

    async def _operate(self, staff: Staff) -> None:
        """The mail server goes away for a while; afterwards the operator retries what was parked."""
        while self._ended < self._count * OUTAGE_AFTER:
            await asyncio.sleep(OPERATOR_LOOKS_EVERY_SECONDS)
        await self._mailbox.close()
        self._say("The mail server is down: letters are tried, then parked; clocks and commands go on.")
        try:
            async with asyncio.timeout(OUTAGE_SECONDS):
                while self._course.parked < OUTAGE_ENDS_AFTER_PARKED:
                    await asyncio.sleep(OPERATOR_LOOKS_EVERY_SECONDS)
                    self._course.parked = len(await self._parked(staff))
        except TimeoutError:
            pass
        await self._mailbox.open()
        self._say(f"The mail server is back. {self._course.parked} steps wait for the operator, who retries them all.")
        while True:
            await self._retry_all(staff)
            await asyncio.sleep(OPERATOR_LOOKS_EVERY_SECONDS)

    async def _parked(self, staff: Staff) -> list[dict[str, Any]]:
        found = await staff.operator.send("GET", "/v1/steps", params={"limit": 200})
        steps: list[dict[str, Any]] = found["items"]
        return steps

    async def _retry_all(self, staff: Staff) -> None:
        if not await self._parked(staff):
            return
        body = {"reason": "mail server is back", "per_second": RETRIES_PER_SECOND}
        batch = await staff.operator.send("POST", "/v1/steps/bulk/retry", json=body)
        while not batch["is_finished"]:
            await asyncio.sleep(OPERATOR_LOOKS_EVERY_SECONDS)
            batch = await staff.operator.send("GET", f"/v1/steps/batches/{batch['id']}")
        self._course.retried += batch["outcomes"].get("done", 0)

    async def _drained(self, staff: Staff) -> None:
        """Wait until no step is parked and every letter's outcome is recorded."""
        async with asyncio.timeout(journeys.PATIENCE_SECONDS):
            while await self._parked(staff) or await self._unfinished(staff):
                await asyncio.sleep(OPERATOR_LOOKS_EVERY_SECONDS)

    async def _unfinished(self, staff: Staff) -> bool:
        for reference in self._course.references:
            view = await staff.supervisors[0].read(reference)
            if any(step["state"] in {"running", "parked"} for step in view["steps"]):
                return True
        return False
