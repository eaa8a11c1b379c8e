"""Where the scenarios play, and the words in which they are told.

Whatever a person could say is made of `CANARIES`, which must not be found in any history.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from temporalio.testing import WorkflowEnvironment

from domain.complaints.terms import Status
from tests.house import House
from tests.mail_server import MailServer
from tests.workflows.failing import LedgerAway
from tests.workflows.following import until_fact, until_known

CANARIES = ("Canary Wren", "canary.wren@example.com", "+86 10 5988 0001", "The canary sings.")
NAME, EMAIL, PHONE, TEXT = CANARIES
CUSTOMER = {"name": NAME, "email": EMAIL, "phone": PHONE}
LATER = "450 4.3.2 try later"


Doing: TypeAlias = tuple[str, Mapping[str, object]]
"""A command with its body."""


@dataclass
class Stage:
    """Where the scenarios play: a house with a worker whose ledger can be away."""

    house: House
    mail: MailServer
    time: WorkflowEnvironment
    ledger: LedgerAway

    async def take(self, channel: str = "phone", **fields: object) -> str:
        reference = await self.house.take(channel=channel, customer=CUSTOMER, narrative=TEXT, **fields)
        await self.house.services.intake.settle()
        await until_known(self.house, reference, Status.RECEIVED)
        return reference

    async def do(self, reference: str, *commands: Doing, by: str = "handler") -> None:
        for name, values in commands:
            await self.house.do(reference, name, by, **values)

    async def come_to_investigate(self, reference: str) -> None:
        await self.do(reference, VALID, ("claim", {}), ("start_investigation", {}))

    async def answered(self, policy: str = "plain") -> str:
        reference = await self.take(policy=policy)
        await self.come_to_investigate(reference)
        await self.do(reference, answer("phone"))
        return reference

    async def with_letter_parked(self) -> str:
        self.mail.refuse(LATER)
        reference = await self.take()
        await self.come_to_investigate(reference)
        await self.do(reference, answer("email"))
        await until_fact(self.house, reference, "step.failed")
        self.mail.behave()
        return reference


VALID: Doing = ("assess", {"decision": "valid"})
INVALID: Doing = ("assess", {"decision": "invalid", "ground": "unfounded"})
CLOSE: Doing = ("close", {})


def answer(way: str) -> Doing:
    return "respond", {"way": way, "letter": TEXT, "outcome": "upheld", "cause": "process", "remedies": ["apology"]}


def explain(way: str) -> Doing:
    return "explain", {"way": way, "letter": TEXT}


def window() -> dict[str, object]:
    """Most of a day in which the customer may be called."""
    return {"window_from": later(hours=0), "window_to": later(hours=20)}


def visit(**values: object) -> Doing:
    return "record_visit", {"way": "phone", **values}


def later(**span: float) -> str:
    return (datetime.now(UTC) + timedelta(**span)).isoformat()
