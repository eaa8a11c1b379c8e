"""The ways that complaints go in the demonstration: what people do with a case, one function a path."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from starter.demo.partner import answer_by_link
from starter.demo.people import TEAM, Person, Staff

LOOK_AGAIN_SECONDS = 0.4
PATIENCE_SECONDS = 240


@dataclass(frozen=True, slots=True)
class Case:
    """A case on its way, and the people who have to do with it."""

    reference: str
    language: str
    staff: Staff
    chance: random.Random
    earlier: tuple[str, ...] = ()

    def text(self, zh: str, en: str) -> str:
        return zh if self.language == "zh" else en

    @property
    def supervisor(self) -> Person:
        return self.chance.choice(self.staff.supervisors)


Journey = Callable[[Case], Awaitable[None]]


async def valid(case: Case) -> None:
    """Accepted, investigated, answered, called back if the policy says so, closed."""
    await brought_to_an_end(case, await taken_up(case))


async def taken_up(case: Case) -> Person:
    """Accepted and under investigation; by whom."""
    await case.supervisor.do(case.reference, "assess", decision="valid")
    return await _assigned(case)


async def brought_to_an_end(case: Case, handler: Person) -> None:
    """Answered, called back if the policy says so, closed."""
    await _answered(case, handler)
    await _ended(case, handler)


async def partly_valid_with_corrections(case: Case) -> None:
    """Partly valid; the category and the customer's address are put right on the way."""
    await case.supervisor.do(case.reference, "assess", decision="partly", ground="outside_terms")
    handler = await _assigned(case)
    if (await case.supervisor.read(case.reference))["category"] != "other":
        await handler.do(case.reference, "correct", field="category", code="other")
    await handler.do(case.reference, "correct", field="address", text=case.text("幸福路 8 号", "8 Mill Lane"))
    await handler.do(case.reference, "note", text=case.text("已电话联系客户。", "Spoke to the customer."))
    await _answered(case, handler)
    await _ended(case, handler)


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
    await _handled(case)


async def withdrawn(case: Case) -> None:
    """Taken back by the customer."""
    reason = case.text("已经自行解决。", "It has settled itself.")
    await case.supervisor.do(case.reference, "withdraw", reason=reason, confirmed_by="phone")


async def reopened(case: Case) -> None:
    """Closed, then taken up again because it was not settled."""
    await valid(case)
    await case.supervisor.do(case.reference, "reopen", reason=case.text("问题仍未解决。", "It is not settled."))
    handler = await _assigned(case)
    await _answered(case, handler)
    await case.supervisor.do(case.reference, "note", text=case.text("客户已确认。", "The customer confirmed it."))
    await _ended(case, handler)


async def neglected(case: Case) -> None:
    """Left lying until its clock has breached, and where the policy says so the case has escalated, then answered."""
    await _until(case, lambda view: any(clock["state"] == "breached" for clock in view["clocks"]))
    if (await case.supervisor.read(case.reference))["escalation_is_open"]:
        await case.supervisor.do(case.reference, "acknowledge_escalation")
    await valid(case)


async def held_and_extended(case: Case) -> None:
    """Waits for the customer, then needs more time, which a supervisor approves and the customer is told."""
    await case.supervisor.do(case.reference, "assess", decision="valid")
    handler = await _assigned(case)
    until = (datetime.now(UTC) + timedelta(minutes=5)).isoformat()
    await handler.do(case.reference, "hold", kind="customer", until=until, reason=case.text("等照片", "photographs"))
    await handler.do(case.reference, "resume", kind="customer")
    letter = case.text("配件需要订货，请再等一天。", "The part has to be ordered, please wait another day.")
    later = (datetime.now(UTC) + timedelta(minutes=30)).isoformat()
    terms = {"clock": "final_response", "until": later, "way": "phone", "letter": letter}
    await handler.do(case.reference, "extend", **terms)
    await case.staff.supervisors[0].do(case.reference, "approve_extension", clock="final_response")
    await _answered(case, handler)
    await _ended(case, handler)


async def with_partner_and_redress(case: Case) -> None:
    """A partner is asked and answers by its link, redress is approved by a second person and paid after the answer."""
    await case.supervisor.do(case.reference, "assess", decision="valid")
    handler = await _assigned(case)
    question = case.text("维修人员何时到达？", "When was your fitter there?")
    await handler.do(case.reference, "request_partner", partner="city_fitters", question=question)
    await answer_by_link(handler, case.reference, 1, case.text("十点四十分。", "At 10:40."))
    money = {"amount": "80.00", "currency": "CNY"}
    await handler.do(case.reference, "request_redress", kind="compensation", money=money)
    await case.supervisor.do(case.reference, "approve_redress", number=1)
    await _answered(case, handler)
    await _ended(case, handler)
    await handler.do(case.reference, "pay_redress", number=1, proof=f"PAY-{case.reference}")


async def merged(case: Case) -> None:
    """Handled together with the first case of the day, and answered by itself."""
    own = await case.supervisor.read(case.reference)
    first = case.earlier[0] if case.earlier else None
    if first is not None and (await case.supervisor.read(first))["received_at"] < own["received_at"]:
        await case.supervisor.do(case.reference, "merge", into=first)
    await case.supervisor.do(case.reference, "link_incident", incident="pressure-drop")
    await valid(case)


async def stage_two_and_external(case: Case) -> None:
    """The answer is not accepted: another handler in stage two, then the ombudsman."""
    await case.supervisor.do(case.reference, "assess", decision="valid")
    await _answered(case, await _assigned(case))
    await case.supervisor.do(case.reference, "to_stage_two", reason=case.text("客户不认可。", "Not accepted."))
    await _answered(case, await _assigned(case))
    await case.supervisor.do(case.reference, "refer_external", body="ombudsman")
    await case.supervisor.do(case.reference, "record_external_outcome", decision="not_upheld")


async def called_back_unsatisfied(case: Case) -> None:
    """The call back finds that nothing is settled: the case is taken up again and answered better."""
    await case.supervisor.do(case.reference, "assess", decision="valid")
    handler = await _assigned(case)
    await _answered(case, handler)
    await _callback_planned(case)
    reason = case.text("压力还是低。", "The pressure is still low.")
    await case.staff.caller.do(
        case.reference, "record_visit", way="phone", result="reached", solved="no", satisfaction=1, reason=reason
    )
    handler = await _assigned(case)
    await _answered(case, handler)
    await _ended(case, handler)


async def unreachable(case: Case) -> None:
    """Nobody answers the call back: a letter says how to come back, and the case is closed."""
    await case.supervisor.do(case.reference, "assess", decision="valid")
    await _answered(case, await _assigned(case))
    await _callback_planned(case)
    await case.staff.caller.do(case.reference, "record_visit", way="phone", result="no_answer")


async def emergency(case: Case) -> None:
    """Somebody is in danger: escalated at the intake, seen by a supervisor at once, then handled like any other."""
    view = await case.supervisor.read(case.reference)
    if not view["is_emergency"] or not view["escalation_is_open"]:
        raise AssertionError(f"{case.reference} speaks of a danger and was not escalated")
    await case.supervisor.do(case.reference, "acknowledge_escalation")
    await valid(case)


PATHS: Mapping[Journey, int] = {
    valid: 30,
    partly_valid_with_corrections: 8,
    invalid: 10,
    appealed: 6,
    withdrawn: 5,
    reopened: 5,
    neglected: 4,
    held_and_extended: 6,
    with_partner_and_redress: 6,
    merged: 5,
    stage_two_and_external: 5,
    called_back_unsatisfied: 5,
    unreachable: 5,
}
"""How often each path is taken, in percent; what speaks of a danger goes the way of emergencies instead."""


async def _handled(case: Case) -> None:
    await brought_to_an_end(case, await _assigned(case))


async def _ended(case: Case, handler: Person) -> None:
    """Called back where the policy selected the case, else closed by the handler."""
    view = await case.supervisor.read(case.reference)
    if view["status"] == "callback":
        said = {"carried_out": True, "matches_answer": True, "solved": "yes", "satisfaction": case.chance.randint(3, 5)}
        await case.staff.caller.do(case.reference, "record_visit", way="phone", result="reached", **said)
    else:
        await handler.do(case.reference, "close")


async def _callback_planned(case: Case) -> None:
    now = datetime.now(UTC)
    window = {"window_from": now.isoformat(), "window_to": (now + timedelta(hours=2)).isoformat()}
    await case.staff.caller.do(case.reference, "plan_callback", **window)


async def _assigned(case: Case) -> Person:
    """A handler claims the case, or a supervisor has it assigned; then the handler begins."""
    view = await case.supervisor.read(case.reference)
    if view["status"] != "assigned":
        if view["status"] == "accepted" and case.chance.random() < 0.5:
            await case.chance.choice(case.staff.handlers).do(case.reference, "claim")
        else:
            await case.supervisor.do(case.reference, "assign", team=TEAM)
    handler = await _owner(case)
    await handler.do(case.reference, "start_investigation")
    return handler


async def _owner(case: Case) -> Person:
    view = await case.supervisor.read(case.reference)
    return next(person for person in case.staff.handlers if person.id == view["handler"])


async def _answered(case: Case, handler: Person) -> None:
    letter = case.text("我们已更换设备并向您致歉。", "We have replaced the part and apologise.")
    answer = {"letter": letter, "outcome": "upheld", "cause": "equipment", "remedies": ["apology", "repair"]}
    await handler.do(case.reference, "respond", way="email", **answer)
    await _until(case, lambda view: view["status"] in {"responded", "callback"})


async def _explained(case: Case) -> None:
    letter = case.text("经核实，故障在户内自有设施。", "The fault is in your own installation.")
    await case.supervisor.do(case.reference, "explain", way="email", letter=letter)
    await _until(case, lambda view: view["status"] == "closed")


async def _until(case: Case, condition: Callable[[dict[str, Any]], bool]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition(await case.staff.supervisors[0].read(case.reference)):
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
