"""The two facts with which a ledger begins: taken in here, or taken over from elsewhere."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from domain.complaints.fact_parts import Fact
from domain.complaints.intake import Intake


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
    legacy: dict[str, str] = Field({}, description="what that system called things")
    is_closed: bool
    ended_at: datetime | None = None
