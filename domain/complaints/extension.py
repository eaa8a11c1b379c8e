"""An extension that was asked for: which clock, until when, and what the customer is told before the old date."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from domain.complaints.terms import ClockKind, Way


class Extension(BaseModel):
    """Asked for, perhaps approved; it takes effect when the customer has been told."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    clock: ClockKind
    attempt: int
    until: datetime
    way: Way
    letter: str
    asked_by: str
    is_approved: bool

    @property
    def clock_key(self) -> str:
        return f"{self.clock}.{self.attempt}"
