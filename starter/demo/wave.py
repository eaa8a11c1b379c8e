"""A wave in the demonstration: customers, invitations, respondents of all kinds, the index, the signed report."""

import asyncio
import random
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

import httpx

from domain.surveys.shipped import named_survey
from starter.demo.mailbox import Mailbox
from starter.demo.people import Person
from starter.one_machine import Machine

CUSTOMERS, SAMPLE = 240, 60
PATIENCE_SECONDS = 120.0
LINK = re.compile(r"https?://\S+(/r/\S+)")
MEASURE = {"title": "Fitters call before they come", "target": {"category": "repair_late"}}
BEHAVIOUR = {"answers": 0.55, "hurries": 0.1, "stops": 0.1, "opts_out": 0.05, "ignores": 0.2}
"""What people do with an invitation, and how often."""


@dataclass(slots=True)
class WaveCourse:
    """What the wave came to."""

    reference: str
    behaviour: Counter[str]
    results: dict[str, Any]
    signed_off_by: str | None
    improvement: dict[str, Any]


async def demonstrate_wave(
    machine: Machine,
    mailbox: Mailbox,
    seed: int,
    say: Callable[[str], None],
    meanwhile: Callable[[], Awaitable[None]],
) -> WaveCourse:
    """Plan a wave, let people answer as people do, close it and sign its report off.

    `meanwhile` happens when half of the people have done what they do.
    """
    chance = random.Random(seed)  # noqa: S311  a simulation
    async with httpx.AsyncClient(base_url=machine.url, timeout=30) as client:
        return await _run(client, machine.token, mailbox, chance, say, meanwhile)


async def _run(
    client: httpx.AsyncClient,
    admin_token: str,
    mailbox: Mailbox,
    chance: random.Random,
    say: Callable[[str], None],
    meanwhile: Callable[[], Awaitable[None]],
) -> WaveCourse:
    admin = Person("admin", client, admin_token)
    analyst = await enrolled(admin, "郑洁 (analyst)", "analyst")
    supervisor = await enrolled(admin, "陈晨 (supervisor)", "supervisor")
    await analyst.send("POST", "/v1/customers/import", content=customers_csv(chance))
    await analyst.send("POST", "/v1/surveys", json={"definition": survey_by_mail()})
    planned = await analyst.send("POST", "/v1/surveys/gas_utility/waves", json={})
    reference = planned["reference"]
    await until(analyst, reference, "sampled")
    before = len(mailbox.messages)
    await analyst.send("POST", f"/v1/waves/{reference}/commands/launch", json={})
    links = await invitations(mailbox, before)
    say(f"Wave {reference}: {len(links)} of {CUSTOMERS} customers are invited to the yearly survey.")
    behaviour: Counter[str] = Counter()
    for number, path in enumerate(links):
        if number == len(links) // 2:
            await meanwhile()
        kind = chance.choices(list(BEHAVIOUR), list(BEHAVIOUR.values()))[0]
        behaviour[kind] += 1
        await respond(client, path, kind, chance)
    await analyst.send("POST", f"/v1/waves/{reference}/commands/close", json={"reason": "the demonstration ends"})
    await until(analyst, reference, "reported")
    signed = await supervisor.send("POST", f"/v1/waves/{reference}/commands/sign_off", json={"measures": [MEASURE]})
    results = await analyst.send("GET", f"/v1/waves/{reference}/results")
    improvement = await handed_over(supervisor, reference)
    return WaveCourse(reference, behaviour, results, signed["signed_off_by"], improvement)


async def handed_over(supervisor: Person, reference: str) -> dict[str, Any]:
    """The improvement that took up what the sign-off accepted."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            wave = await supervisor.send("GET", f"/v1/waves/{reference}")
            if wave["measures"][0]["improvement"] is not None:
                break
            await asyncio.sleep(0.2)
    found: dict[str, Any] = await supervisor.send("GET", f"/v1/improvements/{wave['measures'][0]['improvement']}")
    return found


async def enrolled(admin: Person, name: str, role: str) -> Person:
    created = await admin.send("POST", "/v1/staff", json={"name": name, "roles": [role]})
    return Person(created["id"], admin.client, created["token"])


def survey_by_mail() -> dict[str, Any]:
    """The gas utility's yearly survey, fielded by mail, small enough for a demonstration."""
    document = named_survey("gas_utility").model_dump(mode="json", exclude_none=True)
    document["fieldwork"] |= {"channels": ["email"], "reminders": []}
    document["sampling"] = {"method": "stratified", "size": SAMPLE, "strata": ["district"], "reserve_share": 0.2}
    return document


def customers_csv(chance: random.Random) -> str:
    """A frame of customers in three districts; a few have no address for mail."""
    rows = ["id,name,email,language,district,customer_type"]
    for number in range(1, CUSTOMERS + 1):
        email = f"resident{number}@example.org" if chance.random() > 0.05 else ""
        district, language = chance.choice(("east", "north", "west")), chance.choice(("zh", "en"))
        rows.append(f"S-{number:05},Resident {number},{email},{language},{district},household")
    return "\n".join(rows) + "\n"


async def respond(client: httpx.AsyncClient, path: str, kind: str, chance: random.Random) -> None:
    """What one person does: answers with a mood, hurries through, stops half-way, opts out, or does not care."""
    if kind == "ignores":
        return
    if kind == "opts_out":
        await client.post(path, data={"action": "opt_out", "sure": "yes"})
        return
    page = await sent(client, path, {"action": "begin"})
    mood, pages = chance.choice((3, 4, 4, 5)), 0
    while page.shown is not None:
        answers = {name: _choice(codes, kind, mood, chance) for name, codes in page.choices.items()}
        page = await sent(client, path, answers | {"page": page.shown, "action": "save"})
        pages += 1
        if kind == "stops" and pages == 1:
            return


def _choice(codes: list[str], kind: str, mood: int, chance: random.Random) -> str:
    rated = [code for code in codes if code.isdecimal()]
    if not rated:
        return codes[0] if kind == "hurries" else chance.choice(codes)
    code = mood if kind == "hurries" else min(max(mood + chance.choice((-1, 0, 0, 1)), 1), 5)
    return str(code) if str(code) in rated else rated[-1]


class ShownPage(HTMLParser):
    """A page of the questionnaire: which it is, and what can be chosen."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.shown: str | None = None
        self.choices: dict[str, list[str]] = {}
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        if tag == "input" and named.get("name") == "page":
            self.shown = named["value"]
        elif tag == "input" and named.get("type") == "radio":
            self.choices.setdefault(named["name"], []).append(named["value"])


async def sent(
    client: httpx.AsyncClient, path: str, fields: dict[str, str], headers: dict[str, str] | None = None
) -> ShownPage:
    """Send a form of the questionnaire; the page that follows."""
    answer = await client.post(path, data=fields, headers=headers, follow_redirects=True)
    if answer.status_code != 200:
        raise RuntimeError(f"the questionnaire answered {answer.status_code}")
    return ShownPage(answer.text)


async def until(analyst: Person, reference: str, status: str) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (await analyst.send("GET", f"/v1/waves/{reference}"))["status"] != status:
            await asyncio.sleep(0.2)


async def invitations(mailbox: Mailbox, before: int) -> list[str]:
    """The links that people got; not everybody in the sample has an address."""
    count = -1
    async with asyncio.timeout(PATIENCE_SECONDS):
        while count != len(mailbox.messages) or count == before:
            count = len(mailbox.messages)
            await asyncio.sleep(2.0)
    return list(_links(mailbox, before))


def _links(mailbox: Mailbox, before: int) -> Iterator[str]:
    for message in mailbox.messages[before:]:
        found = LINK.search(message.get_content())
        if found is not None:
            yield found.group(1)
