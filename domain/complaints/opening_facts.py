"""What every fact is, and the two with which a ledger begins: taken in here, or taken over from elsewhere."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from domain.complaints.clocks import Clock
from domain.complaints.intake import Intake
from domain.complaints.steps import Step


class Fact(BaseModel):
    """Something that happened, with the clocks it set or changed and the steps it planned."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    clocks: tuple[Clock, ...] = ()
    steps: tuple[Step, ...] = ()


class Received(Fact):
    type: Literal["complaint.received"] = "complaint.received"
    intake: Intake
    policy: str


class Imported(Fact):
    """Taken over from another system: where from, and what it called things (`legacy`), as far as ours differ.

    `ended_at` is known or not; a case that was closed there is a record here.
    """

    type: Literal["complaint.imported"] = "complaint.imported"
    intake: Intake
    policy: str
    source: str
    batch: str
    row: int
    legacy: dict[str, str] = {}
    is_closed: bool
    ended_at: datetime | None = None
