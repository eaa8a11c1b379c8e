"""A held case: whom it waits for, since when, until when at most, when that party is reminded."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from domain.complaints.terms import HoldKind


class Hold(BaseModel):
    """A hold that is on; it ends by itself at `until`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: HoldKind
    since: datetime
    until: datetime
    reason: str
    remind_at: datetime | None = None

    def next_event(self) -> datetime:
        """When the hold must be looked at: the reminder that is still to come, or its end."""
        return self.until if self.remind_at is None else min(self.remind_at, self.until)
