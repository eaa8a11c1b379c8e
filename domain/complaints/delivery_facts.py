"""What happens to a message between its order and the customer, besides being sent or failing."""

from datetime import datetime
from typing import Literal

from domain.complaints.fact_parts import Fact
from domain.complaints.terms import HoldKind, Reached, Way


class StepDeferred(Fact):
    """The message came into quiet hours and waits until they end."""

    type: Literal["step.deferred"] = "step.deferred"
    step: str
    until: datetime


class StepReleased(Fact):
    """The quiet hours have ended."""

    type: Literal["step.released"] = "step.released"
    step: str


class StepBounced(Fact):
    """The message came back after the channel had taken it: what it settled is open again."""

    type: Literal["step.bounced"] = "step.bounced"
    step: str
    error: str
    reopens: bool


class StepAmended(Fact):
    """An operator changed a step; `steps` has it as it is tried from now on."""

    type: Literal["step.amended"] = "step.amended"
    step: str
    reason: str
    changed: tuple[str, ...]


class StepRerouted(Fact):
    """The way does not work; the policy allows another, which is taken instead."""

    type: Literal["step.rerouted"] = "step.rerouted"
    step: str
    way: Way


class CallTried(Fact):
    """A call that was asked for did not reach the customer; it is tried again."""

    type: Literal["step.call_tried"] = "step.call_tried"
    step: str
    result: Reached
    text: str | None = None


class CallTold(Fact):
    """The customer was told on the telephone."""

    type: Literal["step.call_told"] = "step.call_told"
    step: str
    text: str | None = None


class HoldReminded(Fact):
    """Whom the case waits for was reminded."""

    type: Literal["complaint.hold_reminded"] = "complaint.hold_reminded"
    kind: HoldKind
