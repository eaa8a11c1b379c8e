"""A policy: what a regulator or the organisation itself prescribes for a case, as versioned data."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from domain.calendar import Span
from domain.complaints.terms import ClockKind, Way


class Anchor(StrEnum):
    """What starts a clock."""

    RECEIVED = "received"
    REOPENED = "reopened"


class Duty(StrEnum):
    """Whether a separation of duties is enforced; tiny teams may settle for a remark in the record."""

    ENFORCE = "enforce"
    WARN = "warn"


class Titles(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    zh: str
    en: str


class ClockRule(BaseModel):
    """A clock that the policy starts: kind, what starts it, and how long it runs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: ClockKind
    anchor: Anchor
    span: Span


class Policy(BaseModel):
    """One version of a policy. A case pins the version in force at its receipt."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
    version: int = Field(ge=1)
    title: Titles
    jurisdiction: str
    source: str
    article: str | None = None
    valid_from: date
    valid_to: date | None = None
    verified_on: date | None = Field(None, description="when the source was read; absent: second hand, unverified")
    calendar: str = Field(description="id of the calendar that its clocks run in")
    clocks: tuple[ClockRule, ...]
    told_at_intake: tuple[Way, ...] = Field((), description="channels where the taker acknowledges in the conversation")
    reopen_window: Span
    appeal_window: Span
    separation_of_duties: Duty = Duty.ENFORCE

    @model_validator(mode="after")
    def _starts_each_clock_once(self) -> Self:
        started = [(rule.kind, rule.anchor) for rule in self.clocks]
        if len(set(started)) != len(started):
            raise ValueError("clocks: the same kind starts twice at the same anchor")
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise ValueError("valid_to lies before valid_from")
        return self

    @property
    def pin(self) -> str:
        """How a case names the version that it is handled under."""
        return f"{self.id}@{self.version}"
