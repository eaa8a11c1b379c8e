"""The ways that complaints go in the demonstration: what people do with a case, one function a path."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starter.demo.people import Person, Staff

LOOK_AGAIN_SECONDS = 0.4
PATIENCE_SECONDS = 240


@dataclass(frozen=True, slots=True)
class Case:
    """A case on its way, and the people who have to do with it."""

    reference: str
    language: str
    staff: Staff
    chance: random.Random

    def text(self, zh: str, en: str) -> str:
        return zh if self.language == "zh" else en

    @property
    def supervisor(self) -> Person:
        return self.chance.choice(self.staff.supervisors)


Journey = Callable[[Case], Awaitable[None]]


async def valid(case: Case) -> None:
    """Accepted, investigated, answered, closed."""
    await case.supervisor.do(case.reference, "assess", decision="valid")
    handler = await _assigned(case)
    await _answered(case, handler)
    await handler.do(case.reference, "close")


async def partly_valid_with_corrections(case: Case) -> None:
    """Partly valid; the product and the customer's address are put right on the way."""
    await case.supervisor.do(case.reference, "assess", decision="partly", ground="outside_terms")
    handler = await _assigned(case)
    await handler.do(case.reference, "correct", field="product", code="water_heater")
    await handler.do(case.reference, "correct", field="address", text=case.text("幸福路 8 号", "8 Mill Lane"))
    await handler.do(case.reference, "note", text=case.text("已电话联系客户。", "Spoke to the customer."))
    await _answered(case, handler)
    await handler.do(case.reference, "close")


async def invalid(case: Case) -> None:
    """Explained, and the customer is content with it."""
    await case.supervisor.do(case.reference, "assess", decision="invalid", ground="customer_side")
    await _explained(case)


async def appealed(case: Case) -> None:
    """Explained, appealed, and found valid by another person."""
    first, second = case.staff.supervisors
    await first.do(case.reference, "assess", decision="invalid", ground="unfounded")
    await _explained(case)
    reason = case.text("我不同意，我有照片为证。", "I disagree and have photographs.")
    await first.do(case.reference, "appeal", reason=reason)
    await second.do(case.reference, "assess", decision="valid")
    handler = await _assigned(case)
    await _answered(case, handler)
    await handler.do(case.reference, "close")


async def withdrawn(case: Case) -> None:
    """Taken back by the customer."""
    reason = case.text("已经自行解决。", "It has settled itself.")
    await case.supervisor.do(case.reference, "withdraw", reason=reason, confirmed_by="phone")


async def reopened(case: Case) -> None:
    """Closed, then taken up again because it was not settled."""
    await valid(case)
    await case.supervisor.do(case.reference, "reopen", reason=case.text("问题仍未解决。", "It is not settled."))
    await _answered(case, await _assigned(case))
    await case.supervisor.do(case.reference, "note", text=case.text("客户已确认。", "The customer confirmed it."))
    await (await _owner(case)).do(case.reference, "close")


async def neglected(case: Case) -> None:
    """Left lying until its clock has breached, then answered."""
    await _until(case, lambda view: any(clock["state"] == "breached" for clock in view["clocks"]))
    await valid(case)


PATHS: Mapping[Journey, int] = {
    valid: 52,
    partly_valid_with_corrections: 12,
    invalid: 14,
    appealed: 6,
    withdrawn: 6,
    reopened: 6,
    neglected: 4,
}
"""How often each path is taken, in percent."""


async def _assigned(case: Case) -> Person:
    """A handler claims the case, or a supervisor assigns it; then the handler begins."""
    view = await case.supervisor.read(case.reference)
    if view["status"] == "assigned":
        handler = await _owner(case)
    elif case.chance.random() < 0.5:
        handler = case.chance.choice(case.staff.handlers)
        await handler.do(case.reference, "claim")
    else:
        handler = case.chance.choice(case.staff.handlers)
        await case.supervisor.do(case.reference, "assign", handler=handler.id)
    await handler.do(case.reference, "start_investigation")
    return handler


async def _owner(case: Case) -> Person:
    view = await case.supervisor.read(case.reference)
    return next(person for person in case.staff.handlers if person.id == view["handler"])


async def _answered(case: Case, handler: Person) -> None:
    letter = case.text("我们已更换设备并向您致歉。", "We have replaced the part and apologise.")
    answer = {"letter": letter, "outcome": "upheld", "cause": "equipment", "remedies": ["apology", "repair"]}
    await handler.do(case.reference, "respond", way="email", **answer)
    await _until(case, lambda view: view["status"] == "responded")


async def _explained(case: Case) -> None:
    letter = case.text("经核实，故障在户内自有设施。", "The fault is in your own installation.")
    await case.supervisor.do(case.reference, "explain", way="email", letter=letter)
    await _until(case, lambda view: view["status"] == "closed")


async def _until(case: Case, condition: Callable[[dict[str, Any]], bool]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition(await case.staff.supervisors[0].read(case.reference)):
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
