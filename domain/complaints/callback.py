"""Calling the customer back (回访): the plan and the attempts, each a row of the visit record (访问顾客记录)."""

import hashlib
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from domain.complaints.policy import CallbackRule, Selection
from domain.complaints.terms import Reached, Solved, Way

FiveLevels = Annotated[int, Field(ge=1, le=5)]

SATISFIED_FROM = 3
"""Of five levels: very dissatisfied 1 … very satisfied 5. Neutral customers are not asked to complain again."""


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Items(Frozen):
    """Satisfaction by item, on five levels."""

    model_config = ConfigDict(extra="forbid")  # part of a request body

    speed: FiveLevels | None = None
    manner: FiveLevels | None = None
    result: FiveLevels | None = None
    communication: FiveLevels | None = None


class Visit(Frozen):
    """One attempt: how, what came of it, and what a reached customer said. Texts are sealed."""

    attempt: int
    at: datetime
    way: Way
    caller: str
    result: Reached
    carried_out: bool | None = None
    matches_answer: bool | None = None
    solved: Solved | None = None
    satisfaction: FiveLevels | None = None
    items: Items = Items()
    reason: str | None = None
    new_demand: str | None = None

    @property
    def found_it_settled(self) -> bool:
        return self.solved is Solved.YES and (self.satisfaction or SATISFIED_FROM) >= SATISFIED_FROM


class Callback(Frozen):
    """The plan of the next attempt and the attempts made since the answer."""

    window_from: datetime | None = None
    window_to: datetime | None = None
    caller: str | None = None
    visits: tuple[Visit, ...] = ()

    @property
    def failed_attempts(self) -> int:
        return sum(visit.result is not Reached.REACHED for visit in self.visits)


def is_selected(reference: str, attempt: int, rule: CallbackRule) -> bool:
    """Whether this answered case is called back; a sample is drawn by a hash of the number, the same for everybody."""
    match rule.select:
        case Selection.ALL:
            return True
        case Selection.NONE:
            return False
        case Selection.SAMPLE:
            digest = hashlib.sha256(f"{reference}/{attempt}".encode()).digest()
            return int.from_bytes(digest[:8]) / 2**64 < rule.share
