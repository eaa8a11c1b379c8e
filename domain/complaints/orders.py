"""Which letter a command orders, from its fields: the interfaces look at it before anything is sealed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from domain.complaints.terms import StepKind, Way

COMMAND_FOR: Mapping[StepKind, str] = {
    StepKind.ACKNOWLEDGEMENT: "acknowledge",
    StepKind.EXPLANATION_LETTER: "explain",
    StepKind.RESPONSE_LETTER: "respond",
    StepKind.SUMMARY_LETTER: "respond",
    StepKind.UPDATE_LETTER: "update_customer",
    StepKind.HOLDING_LETTER: "update_customer",
    StepKind.EXTENSION_LETTER: "extend",
    StepKind.REFERRAL_LETTER: "refer_external",
    StepKind.CALLBACK_LETTER: "record_visit",
    StepKind.REMINDER_LETTER: "hold",
    StepKind.PARTNER_REQUEST: "request_partner",
    StepKind.ESCALATION_NOTICE: "escalate",
}
"""By whose command each kind of letter goes out: who may give it may look at the letter first."""


@dataclass(frozen=True, slots=True)
class Ordered:
    """A letter that a command orders: its kind, by which way, the words of the person in it, what else it names."""

    kind: StepKind
    way: Way
    text: str = ""
    until: str | None = None


def letter_ordered(command: str, values: Mapping[str, Any]) -> Ordered | None:
    """The letter in a command's fields; None where it has no words to look at."""
    way = Way(values["way"]) if values.get("way") else None
    if way is None:
        return None
    match command:
        case "explain":
            return Ordered(StepKind.EXPLANATION_LETTER, way, values["letter"])
        case "respond":
            kind = StepKind.SUMMARY_LETTER if values.get("summary") else StepKind.RESPONSE_LETTER
            return Ordered(kind, way, values["letter"])
        case "update_customer":
            kind = StepKind.HOLDING_LETTER if values.get("holding") else StepKind.UPDATE_LETTER
            return Ordered(kind, way, values["letter"])
        case "extend":
            return Ordered(StepKind.EXTENSION_LETTER, way, values["letter"], str(values["until"]))
        case _:
            return None
