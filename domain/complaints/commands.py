"""What people and the system may ask of a case.

A `SealedText` is the id of a text in the vault; the bodies that interfaces accept carry the text (`starter.bodies`).
"""

from typing import Annotated, Literal, Self, get_args

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from domain.complaints.callback import FiveLevels, Items
from domain.complaints.command_parts import (
    Code,
    Command,
    FileId,
    PersonId,
    Reference,
    SealedText,
    StepDone,
    StepFailed,
    Tick,
)
from domain.complaints.customers_commands import Appeal, Confirm, Reopen, Withdraw
from domain.complaints.delivery_commands import MarkPosted, RecordCall, StepBounced, StepDeferred
from domain.complaints.partner_commands import PartnerReply, RequestPartner
from domain.complaints.policy import HIGHEST_LEVEL, Money
from domain.complaints.step_commands import AmendStep, RetryStep, SkipStep
from domain.complaints.terms import (
    PERSONAL,
    UPHELD,
    ClockKind,
    Correctable,
    Decision,
    ExternalDecision,
    HoldKind,
    Reached,
    Solved,
    Way,
)


class Acknowledge(Command):
    """Record that the customer was told that the complaint arrived."""

    command: Literal["acknowledge"] = "acknowledge"
    way: Way = Field(description="how the customer was told; `email`, `sms`, `post` and `call` order the notice")


class Assess(Command):
    """Decide whether the complaint is valid (识别)."""

    command: Literal["assess"] = "assess"
    decision: Decision
    ground: Code | None = Field(None, description="code of the ground; required unless the complaint is valid")
    evidence: SealedText | None = Field(None, description="what the decision rests on")
    duplicate_of: Reference | None = Field(None, description="the case that it repeats, for `duplicate`")

    @model_validator(mode="after")
    def _names_its_ground(self) -> Self:
        if self.decision not in UPHELD and self.ground is None:
            raise ValueError(f"ground is required when the decision is {self.decision}")
        if (self.decision is Decision.DUPLICATE) != (self.duplicate_of is not None):
            raise ValueError("duplicate_of belongs to the decision duplicate, and to no other")
        return self


class Explain(Command):
    """Explain to the customer why the complaint is not taken up (解释)."""

    command: Literal["explain"] = "explain"
    way: Way
    letter: SealedText = Field(description="what is written, or what was said")


class Assign(Command):
    """Give the case to a handler, or to whoever fits best."""

    command: Literal["assign"] = "assign"
    handler: PersonId | None = Field(None, description="absent: the eligible handler with the fewest open cases")
    team: Code | None = Field(None, description="only handlers of this team")
    reason: SealedText | None = None


class Claim(Command):
    """Take the case oneself."""

    command: Literal["claim"] = "claim"


class StartInvestigation(Command):
    """Begin to look into the matter."""

    command: Literal["start_investigation"] = "start_investigation"


class Respond(Command):
    """Give the customer the answer (处理结果)."""

    command: Literal["respond"] = "respond"
    way: Way
    letter: SealedText = Field(description="the answer as it is sent, or as it was given")
    outcome: Code
    cause: Code
    remedies: tuple[Code, ...] = Field((), max_length=10)
    summary: bool = Field(False, description="a summary resolution: the customer has accepted it as resolved already")


class Close(Command):
    """End the case after the answer."""

    command: Literal["close"] = "close"


class Note(Command):
    """Add a remark for colleagues."""

    command: Literal["note"] = "note"
    text: SealedText


class Correct(Command):
    """Put a wrong entry right; old and new stay in the record."""

    command: Literal["correct"] = "correct"
    field: Correctable
    code: Code | None = Field(None, description="the new value of a code")
    text: SealedText | None = Field(None, description="the new value of personal data")
    reason: SealedText | None = None

    @model_validator(mode="after")
    def _carries_the_value_of_its_kind(self) -> Self:
        personal = self.field in PERSONAL
        if personal != (self.text is not None) or personal == (self.code is not None):
            raise ValueError(f"{self.field} is corrected by {'text' if personal else 'code'}, and by nothing else")
        if self.field is Correctable.SEVERITY and self.code not in {"1", "2", "3", "4", "5"}:
            raise ValueError("severity is 1, 2, 3, 4 or 5")
        return self


class Hold(Command):
    """Wait for somebody; the clocks that the policy names stand still."""

    command: Literal["hold"] = "hold"
    kind: HoldKind
    until: AwareDatetime = Field(description="when the case goes on by itself")
    reason: SealedText


class Resume(Command):
    """End a hold."""

    command: Literal["resume"] = "resume"
    kind: HoldKind


class Extend(Command):
    """Move a due time, with the reason told to the customer before the old date."""

    command: Literal["extend"] = "extend"
    clock: ClockKind
    until: AwareDatetime
    way: Way
    letter: SealedText = Field(description="what the customer is told: the reason and the new date")


class ApproveExtension(Command):
    """Approve an extension that a handler asked for."""

    command: Literal["approve_extension"] = "approve_extension"
    clock: ClockKind


class UpdateCustomer(Command):
    """Tell the customer how things stand (a holding answer or a periodic update)."""

    command: Literal["update_customer"] = "update_customer"
    way: Way
    letter: SealedText
    holding: bool = Field(False, description="a holding answer: why there is no final one yet, and when there will be")


class Escalate(Command):
    """Bring the case to a higher level."""

    command: Literal["escalate"] = "escalate"
    level: int = Field(ge=1, le=HIGHEST_LEVEL)
    reason: SealedText


class AcknowledgeEscalation(Command):
    """Say that the escalation has been seen and is taken care of."""

    command: Literal["acknowledge_escalation"] = "acknowledge_escalation"


class PlanCallback(Command):
    """Plan the next call back in the customer's window (回访)."""

    command: Literal["plan_callback"] = "plan_callback"
    window_from: AwareDatetime
    window_to: AwareDatetime
    caller: PersonId | None = None

    @model_validator(mode="after")
    def _is_a_window(self) -> Self:
        if self.window_to <= self.window_from:
            raise ValueError("window_to lies after window_from")
        return self


class RecordVisit(Command):
    """Record an attempt to call back, and what a reached customer said (访问顾客记录)."""

    command: Literal["record_visit"] = "record_visit"
    way: Way
    result: Reached
    carried_out: bool | None = Field(None, description="was the measure carried out?")
    matches_answer: bool | None = Field(None, description="was it what the answer said?")
    solved: Solved | None = None
    satisfaction: FiveLevels | None = Field(None, description="1 very dissatisfied … 5 very satisfied")
    items: Items = Items()
    reason: SealedText | None = None
    new_demand: SealedText | None = None

    @model_validator(mode="after")
    def _says_whether_it_is_solved(self) -> Self:
        if (self.result is Reached.REACHED) != (self.solved is not None):
            raise ValueError("solved belongs to the result reached, and to no other")
        return self


class ToStageTwo(Command):
    """Take the case to stage two: another person looks at it afresh."""

    command: Literal["to_stage_two"] = "to_stage_two"
    reason: SealedText


class ReferExternal(Command):
    """Note that an ombudsman, regulator or court has the case."""

    command: Literal["refer_external"] = "refer_external"
    body: Code = Field(description="code of the body")
    their_reference: SealedText | None = None


class RecordExternalOutcome(Command):
    """Record how the external body decided."""

    command: Literal["record_external_outcome"] = "record_external_outcome"
    decision: ExternalDecision
    remedies: tuple[Code, ...] = Field((), max_length=10)


class RequestRedress(Command):
    """Ask for redress (赔付); within one's own limit it is approved at once."""

    command: Literal["request_redress"] = "request_redress"
    kind: Code
    money: Money


class ApproveRedress(Command):
    """Approve redress that somebody else asked for."""

    command: Literal["approve_redress"] = "approve_redress"
    number: int = Field(ge=1)


class RejectRedress(Command):
    """Reject redress, with the reason."""

    command: Literal["reject_redress"] = "reject_redress"
    number: int = Field(ge=1)
    reason: SealedText


class PayRedress(Command):
    """Record that redress was paid, with the proof."""

    command: Literal["pay_redress"] = "pay_redress"
    number: int = Field(ge=1)
    proof: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._/-]{1,64}$")] = Field(
        description="number of the payment in your books"
    )


class Merge(Command):
    """Handle the case together with an earlier one; it keeps its own answer and clocks."""

    command: Literal["merge"] = "merge"
    into: Reference


class Unmerge(Command):
    """Handle the case by itself again."""

    command: Literal["unmerge"] = "unmerge"
    reason: SealedText


class LinkIncident(Command):
    """Say that the case belongs to an incident that hit many."""

    command: Literal["link_incident"] = "link_incident"
    incident: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")] = Field(
        description="its number, or a name of your own for one that is kept elsewhere"
    )


class UnlinkIncident(Command):
    """Say that the case does not belong to its incident."""

    command: Literal["unlink_incident"] = "unlink_incident"
    reason: SealedText


class ChangePolicy(Command):
    """Handle the case under another policy; due times before and after are recorded."""

    command: Literal["change_policy"] = "change_policy"
    policy: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}@[0-9]{1,4}$")] = Field(
        description="id@version"
    )
    reason: SealedText


class RecalculateClocks(Command):
    """Compute the due times of running clocks again in another version of their calendar (decision 17)."""

    command: Literal["recalculate_clocks"] = "recalculate_clocks"
    calendar: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,63}@[0-9]{1,6}$")] = Field(
        description="id@version"
    )
    reason: SealedText


class Attach(Command):
    """Add a file that was sealed before."""

    command: Literal["attach"] = "attach"
    file: FileId


class Abort(Command):
    """Give the process up while a step is parked: the case ends without an answer, with the reason."""

    command: Literal["abort"] = "abort"
    reason: SealedText


PersonsCommand = Annotated[
    Acknowledge
    | Assess
    | Explain
    | Appeal
    | Assign
    | Claim
    | StartInvestigation
    | Respond
    | Close
    | Note
    | Correct
    | Confirm
    | Withdraw
    | Reopen
    | Hold
    | Resume
    | Extend
    | ApproveExtension
    | UpdateCustomer
    | Escalate
    | AcknowledgeEscalation
    | PlanCallback
    | RecordVisit
    | ToStageTwo
    | ReferExternal
    | RecordExternalOutcome
    | RequestPartner
    | PartnerReply
    | RequestRedress
    | ApproveRedress
    | RejectRedress
    | PayRedress
    | Merge
    | Unmerge
    | LinkIncident
    | UnlinkIncident
    | ChangePolicy
    | RecalculateClocks
    | Attach
    | Abort
    | RetryStep
    | AmendStep
    | SkipStep
    | MarkPosted
    | RecordCall,
    Field(discriminator="command"),
]
SystemsCommand = Annotated[Tick | StepDone | StepFailed | StepDeferred | StepBounced, Field(discriminator="command")]
AnyCommand = Annotated[PersonsCommand | SystemsCommand, Field(discriminator="command")]

PERSONS_COMMANDS: dict[str, type[Command]] = {
    kind.model_fields["command"].default: kind for kind in get_args(get_args(PersonsCommand)[0])
}

STEP_COMMANDS = frozenset({"retry_step", "amend_step", "skip_step"})
"""Those that operators give to steps, without seeing the case."""


class Submission(BaseModel):
    """A command with who gives it and the id under which it is done once."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(max_length=120)
    actor: str = Field(max_length=80, description="a person's id, `customer`, `partner:<code>`, or `system`")
    command: AnyCommand
    as_of: int = Field(0, ge=0, description="the sequence of the record that the giver saw; a run may be behind it")
