"""What is known when a complaint arrives, without the personal data (that is sealed before)."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from domain.complaints.commands import Code, Reference, SealedText
from domain.complaints.terms import Way

SubjectId = Annotated[str, StringConstraints(pattern=r"^cus_[0-9a-f]{32}$")]


class Intake(BaseModel):
    """A complaint as it was taken (投诉受理)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reference: Reference
    channel: Code
    received_at: datetime
    taken_by: str
    customer: SubjectId
    language: str = "en"
    reachable_by: tuple[Way, ...] = Field((), description="ways for which the customer left contact data")
    category: Code | None = None
    severity: int = Field(3, ge=1, le=5)
    product: Code | None = None
    region: Code | None = None
    partner: Code | None = None
    narrative: SealedText
    demand: SealedText | None = None
