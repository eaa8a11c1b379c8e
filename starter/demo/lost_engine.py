"""A scene in which Temporal's store is lost with all that runs in it, and everything goes on from the records alone."""

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from starter.demo import journeys
from starter.demo.mailbox import Mailbox
from starter.demo.people import Staff
from starter.one_machine import Machine

REBUILT = "carried_over_a_rebuild"
"""The path of the case that is in the middle of things, as `endings` names it."""
HELD = timedelta(seconds=12)
LOOK_AGAIN_SECONDS = 0.4
PATIENCE_SECONDS = 240
_COMPLAINT = {
    "channel": "web",
    "category": "billing_meter",
    "narrative": "Nobody has read the meter for a year, every figure is an estimate.",
    "customer": {"name": "Tom Ames", "phone": "010 6552 7766", "email": "tom.ames@example.com", "language": "en"},
}


async def lose_the_engine(
    machine: Machine, staff: Staff, mailbox: Mailbox, others: Sequence[str], say: Callable[[str], None]
) -> dict[str, str]:
    """Play the scene; the path of each of its cases. `others` are open cases that have to come back as well."""
    supervisor = staff.supervisors[0]
    await mailbox.close()
    held, handler = await _held_with_a_parked_letter(staff)
    measure = (await supervisor.send("POST", "/v1/improvements", json={"title": "Read each meter yearly"}))["reference"]
    machine.temporal.lose()
    lost = time.monotonic()
    late = await _taken(staff, "meanwhile")
    say(
        f"Temporal's store is gone, its server killed: {held.reference} is on hold and a letter of it is parked, "
        f"{measure} and a wave are under way, and {late.reference} comes in meanwhile."
    )
    for reference in (held.reference, late.reference, *others):
        await supervisor.until(reference, lambda view: view["source"] == "live")
    say(f"Rebuilt: all {2 + len(others)} open cases run again after {time.monotonic() - lost:.1f} s.")
    await supervisor.until(held.reference, lambda view: not view["holds"])
    await mailbox.open()
    await _retried(staff, held.reference, late.reference)
    await journeys.brought_to_an_end(held, handler)
    await journeys.valid(late)
    await supervisor.send("POST", f"/v1/improvements/{measure}/commands/reject", json={"reason": "Too dear."})
    say(f"The hold of {held.reference} ended by itself, its letter was retried; both cases and {measure} are settled.")
    return {held.reference: REBUILT, late.reference: "valid"}


async def _taken(staff: Staff, name: str) -> journeys.Case:
    taken = await staff.hotline[0].take(_COMPLAINT, f"lost-engine-{name}")
    return journeys.Case(taken["reference"], "en", staff, random.Random(name))  # noqa: S311  a simulation


async def _held_with_a_parked_letter(staff: Staff) -> tuple[journeys.Case, Any]:
    """The acknowledgement cannot be sent and waits for an operator; the case waits for its customer, for a while."""
    case = await _taken(staff, "held")
    handler = await journeys.taken_up(case)
    await handler.until(case.reference, lambda view: any(step["state"] == "parked" for step in view["steps"]))
    until = (datetime.now(UTC) + HELD).isoformat()
    await handler.do(case.reference, "hold", kind="customer", until=until, reason="photographs of the meter")
    return case, handler


async def _retried(staff: Staff, *references: str) -> None:
    """Every parked letter goes on its way again, until none of these cases waits for one."""
    body = {"reason": "mail server is back"}
    async with asyncio.timeout(PATIENCE_SECONDS):
        for reference in references:
            while unfinished := await _unfinished(staff, reference):
                if "parked" in unfinished:
                    await staff.operator.send("POST", "/v1/steps/bulk/retry", json=body | {"per_second": 20})
                await asyncio.sleep(LOOK_AGAIN_SECONDS)


async def _unfinished(staff: Staff, reference: str) -> set[str]:
    view = await staff.supervisors[0].read(reference)
    return {step["state"] for step in view["steps"]} & {"running", "parked"}
