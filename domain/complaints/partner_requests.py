"""Questions to partners: each has a number, a clock of its own, and an answer."""

from pydantic import BaseModel, ConfigDict


class PartnerRequest(BaseModel):
    """One question to a partner; `answer` is the id of the sealed reply."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    number: int
    partner: str
    question: str
    answer: str | None = None
