"""Redress (赔付): what is offered to the customer, who asked for it, who approved it, the proof that it was paid."""

from pydantic import BaseModel, ConfigDict

from domain.complaints.policy import Money
from domain.complaints.terms import ClockKind, RedressState


class Redress(BaseModel):
    """One request for redress; above the requester's limit another person approves (four eyes).

    A penalty is owed without being asked for; `penalty_for` is the key of the clock whose breach made it so.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    number: int
    kind: str
    money: Money
    requested_by: str
    state: RedressState = RedressState.REQUESTED
    decided_by: str | None = None
    proof: str | None = None
    penalty_for: str | None = None

    @property
    def is_penalty(self) -> bool:
        return self.penalty_for is not None

    @property
    def is_for_late_payment(self) -> bool:
        """Whether it is the penalty for another penalty that was not paid in time; there is no third."""
        return (self.penalty_for or "").startswith(f"{ClockKind.PENALTY_PAID}.")

    @property
    def is_pending(self) -> bool:
        return self.state is RedressState.REQUESTED
