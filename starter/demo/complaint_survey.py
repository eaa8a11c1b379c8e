"""The survey of closed complaints in the demonstration: drawn centrally, and one handler who bends it.

The handler asks customers for the best score and lets them answer on the tablet at the desk. Nobody tells the program;
it finds the signs in who was asked, how, and what came back, and makes them a task for a person to look into.
"""

import asyncio
import random
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from domain.surveys.shipped import named_survey
from starter.demo.mailbox import Mailbox
from starter.demo.people import Person
from starter.demo.wave import ShownPage, enrolled, invitations, sent, until
from starter.one_machine import Machine

AT_ONCE = 6
COMPLAINT = re.compile(r"C-\d{4}-\d{6,9}")
CAME = {"answers": 0.5, "hurries": 0.1, "ignores": 0.4}
"""What customers do who were left alone, and how often."""
URGED = {"urged": 0.8, "answers": 0.1, "ignores": 0.1}
"""What the customers of that one handler do."""
TABLET = "tablet at the service desk"


@dataclass(slots=True)
class ComplaintSurveyCourse:
    """What the survey of closed complaints came to; `gaming` is the handler that bent it, as only we know."""

    reference: str
    behaviour: Counter[str]
    results: dict[str, Any]
    review: dict[str, Any]
    gaming: str
    names: dict[str, str]

    @property
    def found(self) -> bool:
        """Whether that handler is the first to be looked at, and the only one by what was done: the shared tablet.

        Somebody else may stand behind by chance: of all signs one in twenty may be false.
        """
        tasks = self.review["tasks"]
        shared = [task["handler"] for task in tasks if any(s["sign"] == "shared_device" for s in task["signs"])]
        return shared == [self.gaming] and tasks[0]["handler"] == self.gaming


async def demonstrate_complaint_survey(
    machine: Machine, mailbox: Mailbox, seed: int, say: Callable[[str], None]
) -> ComplaintSurveyCourse:
    """Ask the customers of closed complaints, and look at what their answers say of the handlers."""
    chance = random.Random(seed)  # noqa: S311  a simulation
    async with httpx.AsyncClient(base_url=machine.url, timeout=30) as client:
        admin = Person("admin", client, machine.token)
        analyst = await enrolled(admin, "何雨 (analyst)", "analyst")
        supervisor = await enrolled(admin, "马丽 (supervisor)", "supervisor")
        reference, links = await _in_the_field(analyst, mailbox)
        handlers = await _handlers(supervisor)
        [(gaming, _)] = Counter(handlers.values()).most_common(1)
        say(
            f"Wave {reference}: {len(links)} customers of closed complaints are asked, drawn by chance and not by hand."
        )
        behaviour = await _answered(client, links, handlers, gaming, chance)
        await analyst.send("POST", f"/v1/waves/{reference}/commands/close", json={"reason": "the demonstration ends"})
        await until(analyst, reference, "reported")
        await supervisor.send("POST", f"/v1/waves/{reference}/commands/sign_off", json={})
        results = await analyst.send("GET", f"/v1/waves/{reference}/results")
        review = await analyst.send("GET", f"/v1/waves/{reference}/handlers")
        staff = await admin.send("GET", "/v1/staff", params={"limit": 200})
        names = {each["id"]: each["name"] for each in staff["items"]}
    return ComplaintSurveyCourse(reference, behaviour, results, review, gaming, names)


def survey_of_closed_complaints() -> dict[str, Any]:
    """The shipped transaction survey, by mail and quick enough for a demonstration."""
    document = named_survey("complaint_closed").model_dump(mode="json", exclude_none=True)
    document["fieldwork"] |= {"channels": ["email"], "reminders": []}
    document["sampling"]["closed_complaints"] = {"share": 0.75, "every": "PT2S", "look_back": "P1D"}
    return document


async def _in_the_field(analyst: Person, mailbox: Mailbox) -> tuple[str, list[str]]:
    await analyst.send("POST", "/v1/surveys", json={"definition": survey_of_closed_complaints()})
    planned = await analyst.send("POST", "/v1/surveys/complaint_closed/waves", json={})
    reference: str = planned["reference"]
    await until(analyst, reference, "sampled")
    before = len(mailbox.messages)
    await analyst.send("POST", f"/v1/waves/{reference}/commands/launch", json={})
    return reference, await invitations(mailbox, before)


async def _handlers(supervisor: Person) -> dict[str, str]:
    """Who handled each complaint."""
    found: dict[str, str] = {}
    cursor: str | None = None
    while True:
        params = {"limit": 200} | ({} if cursor is None else {"cursor": cursor})
        page = await supervisor.send("GET", "/v1/complaints", params=params)
        found |= {each["reference"]: each["handler"] for each in page["items"] if each["handler"]}
        cursor = page["next_cursor"]
        if cursor is None:
            return found


async def _answered(
    client: httpx.AsyncClient, links: list[str], handlers: dict[str, str], gaming: str, chance: random.Random
) -> Counter[str]:
    behaviour: Counter[str] = Counter()
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(number: int, path: str, own: random.Random) -> None:
        async with gate:
            begun = await sent(client, path, {"action": "begin"})
            complaint = COMPLAINT.search(begun.html)
            handler = handlers.get(complaint.group()) if complaint else None
            chances = URGED if handler == gaming else CAME
            kind = own.choices(list(chances), list(chances.values()))[0]
            behaviour[kind] += 1
            device = TABLET if kind == "urged" else f"phone of customer {number}"
            if kind != "ignores":
                await _fill_in(client, path, begun, kind, own, {"User-Agent": device})

    async with asyncio.TaskGroup() as group:
        for number, path in enumerate(links):
            group.create_task(one(number, path, random.Random(chance.random())))  # noqa: S311
    return behaviour


async def _fill_in(
    client: httpx.AsyncClient, path: str, page: ShownPage, kind: str, chance: random.Random, headers: dict[str, str]
) -> None:
    mood = chance.choice((3, 4, 4, 5))
    while page.shown is not None:
        answers = {name: _choice(name, codes, kind, mood, chance) for name, codes in page.choices.items()}
        page = await sent(client, path, answers | {"page": page.shown, "action": "save"}, headers)


def _choice(name: str, codes: list[str], kind: str, mood: int, chance: random.Random) -> str:
    rated = [code for code in codes if code.isdecimal()]
    if name == "asked_for_score":
        return "yes" if kind == "urged" and chance.random() < 0.7 else "no"
    if not rated:
        return codes[0] if kind == "urged" else chance.choice(codes)
    if kind == "urged":
        return rated[-1]
    code = mood if kind == "hurries" else min(max(mood + chance.choice((-1, -1, 0, 0, 1)), 1), 5)
    return str(code)
