"""Mail that is taken and comes back: a server that says yes and means no, while people work on."""

import asyncio
import secrets
from typing import Any

from domain.complaints.terms import Status
from starter.demo.people import Person
from tests.chaos.business import Business

WHY = "mailbox_unknown"
LETTER = {"way": "email", "letter": "We replaced the valve.", "outcome": "upheld", "cause": "equipment"}


async def answered_and_returned(business: Business, form: dict[str, Any], *, when_closed: bool) -> str:
    """A complaint whose answer comes back, before or after the case was closed, is answered again and closed; which."""
    staff = business.staff
    told = {"channel": "phone", "customer": {"email": "ann.lee@example.com"}, "source_ref": secrets.token_hex(8)}
    taken = await staff.hotline[0].take({**form, **told}, secrets.token_hex(8))
    reference, supervisor, handler = str(taken["reference"]), staff.supervisors[0], staff.handlers[0]
    await supervisor.do(reference, "assess", decision="valid")
    await handler.do(reference, "claim")
    await handler.do(reference, "start_investigation")
    await handler.do(reference, "respond", **LETTER)
    message_id = await taken_by_the_server(handler, reference)
    if when_closed:
        await handler.do(reference, "close")
    await returned(staff.operator, message_id)
    assert await taken_by_the_server(handler, reference) != message_id
    await handler.do(reference, "close")
    business.diary.ends[reference] = Status.CLOSED
    return reference


async def taken_by_the_server(handler: Person, reference: str) -> str:
    """What the server calls the answer, once the case counts as answered."""
    view = await handler.until(reference, lambda case: case["status"] == "responded")
    return str(view["letters"][-1]["evidence"])


async def returned(operator: Person, message_id: str) -> None:
    """The server reports twice at once, and then once more."""
    report = {"message_id": message_id, "code": WHY}
    said = await asyncio.gather(*(operator.send("POST", "/v1/bounces", json=report) for _ in range(2)))
    assert "recorded" in {each["outcome"] for each in said}
    assert (await operator.send("POST", "/v1/bounces", json=report))["outcome"] == "known"
