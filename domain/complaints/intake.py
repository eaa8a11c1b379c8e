"""What is known when a complaint arrives, without the personal data (that is sealed before)."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from domain.complaints.commands import Code, Reference, SealedText
from domain.complaints.policy import Money
from domain.complaints.terms import Way

HIGHEST_SEVERITY = 5

SubjectId = Annotated[str, StringConstraints(pattern=r"^cus_[0-9a-f]{32}$")]


class Intake(BaseModel):
    """A complaint as it was taken (投诉受理)."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    reference: Reference
    channel: Code
    received_at: datetime
    taken_by: str
    customer: SubjectId
    language: str = "en"
    reachable_by: tuple[Way, ...] = Field((), description="ways for which the customer left contact data")
    category: Code | None = None
    severity: int = Field(3, ge=1, le=HIGHEST_SEVERITY)
    product: Code | None = None
    region: Code | None = None
    partner: Code | None = None
    subject_person: str | None = Field(None, description="the member of staff that it is about, who never handles it")
    narrative: SealedText
    demand: SealedText | None = None
    representative: SealedText | None = Field(None, description="who complains for the customer, by what authority")
    vulnerability: tuple[Code, ...] = ()
    is_emergency: bool = Field(False, description="a danger was named: gas smell, electric shock, threat of harm")
    occurred_at: datetime | None = None
    claimed: Money | None = None
    repeat_of: Reference | None = None
