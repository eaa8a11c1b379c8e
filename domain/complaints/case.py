"""The case as its facts make it. Holds no rule: `decide` has them."""

from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from domain.complaints.callback import Callback
from domain.complaints.clocks import Clock
from domain.complaints.extension import Extension
from domain.complaints.holds import Hold
from domain.complaints.intake import Intake
from domain.complaints.partner_requests import PartnerRequest
from domain.complaints.redress import Redress
from domain.complaints.steps import Step, step_key
from domain.complaints.terms import (
    ENDED,
    UPHELD,
    ClockKind,
    ClockState,
    Decision,
    HoldKind,
    Status,
    StepKind,
    StepState,
)

REMEMBERED_COMMANDS = 64
"""How many command ids the state keeps; older ones are known to the ledger only."""


class Case(BaseModel):
    """A complaint case (投诉个案). Codes, times and ids only: everything personal is in the vault."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    reference: str
    epoch: int
    sequence: int
    status: Status
    intake: Intake
    policy: str
    imported_from: str | None = None
    legacy: dict[str, str] = Field({}, description="what the system it comes from called things")
    attempt: int = 1
    acknowledged_at: datetime | None = None
    updated_at: datetime | None = None
    decision: Decision | None = None
    ground: str | None = None
    duplicate_of: str | None = None
    assessed_by: str | None = None
    appealed: bool = False
    handler: str | None = None
    team: str | None = None
    letter: str | None = None
    outcome: str | None = None
    cause: str | None = None
    remedies: tuple[str, ...] = ()
    responded_at: datetime | None = None
    ended_at: datetime | None = None
    reopen_until: datetime | None = None
    appeal_until: datetime | None = None
    stage: int = 1
    stage_one_handler: str | None = None
    escalation_level: int = 0
    escalation_is_open: bool = False
    holds: tuple[Hold, ...] = ()
    extension: Extension | None = None
    callback: Callback = Callback()
    redress: tuple[Redress, ...] = ()
    partner_requests: tuple[PartnerRequest, ...] = ()
    referred_to: str | None = None
    merged_into: str | None = None
    incident: str | None = None
    files: tuple[str, ...] = ()
    clocks: tuple[Clock, ...] = ()
    steps: tuple[Step, ...] = ()
    recent_commands: tuple[tuple[str, int], ...] = ()

    @property
    def has_ended(self) -> bool:
        return self.status in ENDED

    @property
    def was_upheld(self) -> bool:
        return self.decision in UPHELD

    @property
    def parked(self) -> tuple[Step, ...]:
        return self.steps_in(StepState.PARKED)

    @property
    def running_clocks(self) -> tuple[Clock, ...]:
        return tuple(clock for clock in self.clocks if clock.state is ClockState.RUNNING)

    def nearest_due(self) -> datetime | None:
        """When the case must be looked at again by itself."""
        events: list[datetime | None] = [clock.next_event() for clock in self.running_clocks]
        events += [hold.next_event() for hold in self.holds]
        events += [step.not_before for step in self.steps if step.not_before is not None]
        return min((event for event in events if event is not None), default=None)

    def steps_in(self, state: StepState) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.state is state)

    @property
    def unfinished_steps(self) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.is_unfinished)

    def steps_to_carry_out(self) -> tuple[Step, ...]:
        """The running steps whose turn it is.

        Corrections of the identity take effect in their order, so that the last one holds; whatever else is to be done
        waits for them, or a letter would go to the address that was just corrected.
        """
        steps = self.unfinished_steps
        corrections = tuple(step for step in steps if step.kind is StepKind.IDENTITY_CORRECTION)
        return tuple(step for step in corrections[:1] or steps if step.state is StepState.RUNNING)

    def step(self, key: str) -> Step | None:
        return next((step for step in self.steps if step.key == key), None)

    def next_step_key(self, kind: StepKind) -> str:
        return step_key(kind, 1 + sum(step.kind is kind for step in self.steps))

    def running(self, kind: ClockKind) -> Clock | None:
        return next((clock for clock in self.running_clocks if clock.kind is kind), None)

    def clock(self, key: str) -> Clock | None:
        return next((clock for clock in self.clocks if clock.key == key), None)

    def hold(self, kind: HoldKind) -> Hold | None:
        return next((hold for hold in self.holds if hold.kind is kind), None)

    def redress_of(self, number: int) -> Redress | None:
        return next((redress for redress in self.redress if redress.number == number), None)

    def partner_request(self, number: int) -> PartnerRequest | None:
        return next((request for request in self.partner_requests if request.number == number), None)

    def recorded_sequence(self, command_id: str) -> int | None:
        """Where a command that the state still remembers was recorded."""
        return dict(self.recent_commands).get(command_id)

    def changed(self, **changes: object) -> Self:
        return self.model_copy(update=changes)
