"""What tests of waves do: fill the frame, plan and follow a wave, answer like people do."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from domain.surveys.definition import SurveyDefinition
from domain.surveys.errors import parse_document
from domain.surveys.shipped import named_survey
from domain.surveys.waves.wave import Wave, WaveStatus
from starter.frame import FrameForm
from starter.respondents import Visit
from starter.waves import WaveRequest
from storage.responses import Standing
from tests.house import House
from tests.mail_server import MailServer

PATIENCE_SECONDS = 60.0
LINK = re.compile(r"https?://\S+/r/(\S+)")


def by_mail(survey: str = "gas_utility", **changes: Any) -> SurveyDefinition:
    """A shipped survey that is fielded by mail, with parts of its document changed."""
    document = named_survey(survey).model_dump(mode="json")
    document["fieldwork"] |= {"channels": ["email"], "reminders": [], "quarantine": "P30D"}
    document["sampling"] = {"method": "stratified", "size": 20, "strata": ["district"], "reserve_share": 0.2}
    for path, value in changes.items():
        *parents, last = path.split("__")
        part = document
        for name in parents:
            part = part[name]
        part[last] = value
    return parse_document(SurveyDefinition, document)


async def fill_frame(house: House, customers: int, **fields: Any) -> None:
    """So many customers in two districts, each with an address of its own."""
    for number in range(1, customers + 1):
        form = {
            "id": f"K-{number:05}",
            "name": f"Customer {number}",
            "email": f"customer{number}@example.com",
            "language": "en" if number % 2 else "zh",
            "district": "east" if number % 3 else "west",
            "customer_type": "household",
        }
        await house.services.surveys.frame.put(FrameForm(**form | fields))


async def quick_frame(house: House, customers: int) -> None:
    """The same as a file, which is taken in at once."""
    rows = ["id,name,email,language,district,customer_type"]
    for number in range(1, customers + 1):
        district, language = ("east" if number % 3 else "west"), ("en" if number % 2 else "zh")
        rows.append(f"K-{number:05},Customer {number},customer{number}@example.com,{language},{district},household")
    await house.services.surveys.frame.bring_in("\n".join(rows).encode())


async def planned(house: House, definition: SurveyDefinition) -> Wave:
    """A wave of the survey whose sample is drawn."""
    analyst = house.people["analyst"]
    await house.services.surveys.survey_records.store(definition, analyst.id, datetime.now(UTC))
    wave = await house.services.surveys.waves.plan(analyst, definition.id, None, None)
    return await until_status(house, wave.reference, WaveStatus.SAMPLED)


async def command(house: House, reference: str, name: str, by: str = "supervisor", **values: Any) -> Wave:
    done = await house.services.surveys.waves.perform(WaveRequest(house.people[by], reference, name, values))
    assert done.answer is not None
    return done.answer.wave


async def record(house: House, reference: str) -> Wave:
    wave = await house.services.surveys.wave_records.find(reference)
    assert wave is not None
    return wave


async def until(is_so: Callable[[], Awaitable[bool]], seconds: float = PATIENCE_SECONDS) -> None:
    async with asyncio.timeout(seconds):
        while not await is_so():
            await asyncio.sleep(0.05)


async def until_status(house: House, reference: str, status: WaveStatus) -> Wave:
    async def has_come() -> bool:
        return (await record(house, reference)).status is status

    await until(has_come)
    return await record(house, reference)


async def until_fact(
    house: House, reference: str, fact: str, times: int = 1, seconds: float = PATIENCE_SECONDS
) -> None:
    async def happened() -> bool:
        return (await facts(house, reference)).count(fact) >= times

    await until(happened, seconds)


async def facts(house: House, reference: str) -> list[str]:
    return [entry.fact.type for entry in await house.services.surveys.wave_records.entries(reference)]


def tokens(mail: MailServer, begun: int = 0) -> dict[str, str]:
    """The token of the last link that each address got; both districts in turn, so that the first few are of both."""
    found = {}
    for delivery in mail.deliveries[begun:]:
        match = LINK.search(delivery.message.get_content())
        assert match is not None
        found[delivery.recipients[0]] = match.group(1)
    west = [address for address in found if _is_west(address)]
    east = [address for address in found if not _is_west(address)]
    place = {address: number / len(group) for group in (west, east) for number, address in enumerate(group)}
    return {address: found[address] for address in sorted(found, key=place.__getitem__)}


def _is_west(address: str) -> bool:
    digits = re.sub(r"\D", "", address)
    return bool(digits) and int(digits) % 3 == 0


async def answer(house: House, token: str, code: int = 4, pages: int | None = None) -> Visit:
    """Answer like somebody who gives every rating the same code; so many pages, or all."""
    desk = house.services.surveys.respondents
    contact = await desk.contact_of(token)
    visit = await desk.begin(contact, "en")
    assert visit is not None
    while visit.page is not None and visit.standing is Standing.OPEN and pages != 0:
        page = visit.page
        asked = visit.definition.questionnaire.items()
        given = {item.id: _answer(item.question, code) for item in asked if item.page == page.id}
        saved = await desk.save(contact, page.id, {k: v for k, v in given.items() if v is not None})
        assert saved is not None
        assert not saved.faults, saved.faults
        visit, pages = saved.visit, None if pages is None else pages - 1
    return visit


def _answer(question: Any, code: int) -> Any:
    match question.type:
        case "rating":
            return min(max(code, question.scale.minimum), question.scale.maximum)
        case "single":
            return question.codes[0]
        case "multiple":
            return (question.codes[0],)
        case "number":
            return question.minimum
        case _:
            return None


async def counts(house: House, reference: str) -> dict[str, int]:
    numbers = await house.services.surveys.wave_numbers.so_far(await record(house, reference))
    return {name: count for name, count in numbers.dispositions.items() if count}
