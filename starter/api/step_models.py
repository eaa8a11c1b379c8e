"""What the API tells operators about steps: kinds, codes and times, nothing of the case."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from pydantic import Field

from domain.complaints.case import Case
from domain.complaints.facts import Entry
from domain.complaints.rules.amending import amendable
from domain.complaints.terms import StepKind, StepState, Way
from starter.api.models import Answer
from storage.batches import Item
from storage.steps import Cause, ParkedStep


class ParkedStepView(Answer):
    id: str
    reference: str
    kind: str
    state: str
    way: str | None
    error: str | None = Field(description="code of what went wrong")
    rounds: int
    changed_at: datetime

    @classmethod
    def of(cls, step: ParkedStep) -> "ParkedStepView":
        return cls(**{name: getattr(step, name) for name in cls.model_fields})


class StepList(Answer):
    items: tuple[ParkedStepView, ...]
    next_cursor: str | None


class CauseView(Answer):
    """A cause for which steps wait."""

    kind: str
    error: str | None
    steps: int = Field(description="how many wait for this cause")
    first_at: datetime
    last_at: datetime

    @classmethod
    def of(cls, cause: Cause) -> "CauseView":
        return cls(**{name: getattr(cause, name) for name in cls.model_fields})


class CauseList(Answer):
    items: tuple[CauseView, ...]


class StepEvent(Answer):
    """Something that happened to a step."""

    at: datetime
    actor: str = Field(description="a person's id, or `system`")
    type: str
    error: str | None = None
    attempts: int | None = None
    changed: tuple[str, ...] = ()

    @classmethod
    def of(cls, entry: Entry) -> "StepEvent":
        told = {
            name: getattr(entry.fact, name) for name in ("error", "attempts", "changed") if hasattr(entry.fact, name)
        }
        return cls(at=entry.at, actor=entry.actor, type=entry.fact.type, **told)


class OneStepView(Answer):
    """A step with its past; reasons are sealed with the case."""

    id: str
    reference: str
    kind: StepKind
    state: StepState
    way: Way | None
    error: str | None
    rounds: int
    not_before: datetime | None
    amendable: tuple[str, ...] = Field(description="what an operator may change of it while it waits")
    events: tuple[StepEvent, ...]

    @classmethod
    def of(cls, case: Case, entries: Sequence[Entry], key: str) -> "OneStepView":
        step = case.step(key)
        if step is None:
            raise LookupError(f"{case.reference} has no step {key}")
        return cls(
            id=f"{case.reference}.{key}",
            reference=case.reference,
            **step.model_dump(include={"kind", "state", "way", "error", "rounds", "not_before"}),
            amendable=tuple(sorted(amendable(step.kind))),
            events=tuple(StepEvent.of(entry) for entry in entries),
        )


class StepOutcome(Answer):
    """What became of an operator's command."""

    id: str
    outcome: Literal["would be done", "would be refused", "waiting", "done", "refused", "unavailable"]
    code: str | None = None
    detail: str | None = None

    @classmethod
    def of(cls, item: Item) -> "StepOutcome":
        step = getattr(item.submission.command, "step", "")
        values = {"outcome": item.outcome or "waiting", "code": item.code, "detail": item.detail}
        return cls.model_validate({"id": f"{item.reference}.{step}", **values})


class StepBatchView(Answer):
    """A batch of steps and a page of its items."""

    id: str | None = Field(description="absent for a dry run")
    command: str
    asked_by: str | None = None
    asked_at: datetime | None = None
    per_second: float | None = None
    steps: int
    outcomes: dict[str, int]
    is_finished: bool
    items: tuple[StepOutcome, ...]
    next_cursor: str | None = None
