"""A held case: whom it waits for, since when, until when at most."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from domain.complaints.terms import HoldKind


class Hold(BaseModel):
    """A hold that is on; it ends by itself at `until`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: HoldKind
    since: datetime
    until: datetime
    reason: str
