"""Filling a return in: the cases of a policy that were received on some days, as they stood at one moment."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from pydantic import BaseModel, ConfigDict

from domain.analysis.returns.definition import ReturnDefinition
from domain.calendar import Span

DueOf = Callable[[datetime, Span], datetime]
"""When a span after a receipt runs out, in the calendar of the policy."""
BEYOND = "later"


@dataclass(frozen=True, slots=True)
class ReturnedCase:
    """What a return needs of a case. `owed_by` is the due time of its final answer, if it had a clock for it.

    `upheld` is none until it was assessed; what was withdrawn, transferred or a duplicate has no answer and needs none.
    """

    received_at: datetime
    category: str
    answered_at: datetime | None
    needs_answer: bool
    owed_by: datetime | None
    upheld: bool | None
    redress: float
    external: bool
    solved: bool | None
    satisfaction: int


class Counted(BaseModel):
    """So many of so many."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    events: int
    cases: int

    @property
    def share(self) -> float | None:
        return self.events / self.cases if self.cases else None


class ReturnLine(BaseModel):
    """A category, or all of them: what a return says of it. Bands are by their place; those beyond the last come last.

    Within the limit counts what was decided: answers that were given, and limits that have passed without one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    category: str | None
    received: int
    answered: int
    open: int
    without_answer: int
    bands: tuple[int, ...]
    within_limit: Counted
    upheld: Counted
    redress_paid: int
    redress: float
    external: int
    solved: Counted
    satisfied: Counted


class ReturnFigures(BaseModel):
    """A return, filled in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    definition: str
    first: date
    last: date
    as_of: datetime
    total: ReturnLine
    by_category: tuple[ReturnLine, ...]


def fill_return(
    definition: ReturnDefinition, cases: Sequence[ReturnedCase], period: tuple[date, date], as_of: datetime, due: DueOf
) -> ReturnFigures:
    """Count the cases of a period; categories from the most frequent down. No cases give a return of noughts."""
    frequent = Counter(case.category for case in cases)
    return ReturnFigures(
        definition=definition.pin,
        first=period[0],
        last=period[1],
        as_of=as_of,
        total=_line(definition, None, cases, as_of, due),
        by_category=tuple(
            _line(definition, name, [case for case in cases if case.category == name], as_of, due)
            for name, _ in sorted(frequent.items(), key=lambda item: (-item[1], item[0]))
        ),
    )


def _line(
    definition: ReturnDefinition, category: str | None, cases: Iterable[ReturnedCase], as_of: datetime, due: DueOf
) -> ReturnLine:
    listed = list(cases)
    answered = [case for case in listed if case.answered_at is not None]
    waiting = [case for case in listed if case.answered_at is None and case.needs_answer]
    kept = [_kept(definition, case, as_of, due) for case in (*answered, *waiting)]
    decided = [each for each in kept if each is not None]
    judged = [case.upheld for case in listed if case.upheld is not None]
    asked = [case.solved for case in listed if case.solved is not None]
    said = [case.satisfaction >= 4 for case in listed if case.satisfaction]
    return ReturnLine(
        category=category,
        received=len(listed),
        answered=len(answered),
        open=len(waiting),
        without_answer=len(listed) - len(answered) - len(waiting),
        bands=_bands(definition, answered, due),
        within_limit=Counted(events=sum(decided), cases=len(decided)),
        upheld=Counted(events=sum(judged), cases=len(judged)),
        redress_paid=sum(case.redress > 0 for case in listed),
        redress=sum(case.redress for case in listed),
        external=sum(case.external for case in listed),
        solved=Counted(events=sum(asked), cases=len(asked)),
        satisfied=Counted(events=sum(said), cases=len(said)),
    )


def _kept(definition: ReturnDefinition, case: ReturnedCase, as_of: datetime, due: DueOf) -> bool | None:
    """Whether the answer came within the limit; none while there is still time."""
    owed_by = case.owed_by or due(case.received_at, definition.limit)
    if case.answered_at is not None:
        return case.answered_at <= owed_by
    return None if as_of < owed_by else False


def _bands(definition: ReturnDefinition, answered: Iterable[ReturnedCase], due: DueOf) -> tuple[int, ...]:
    counts = [0] * (len(definition.bands) + 1)
    for case in answered:
        assert case.answered_at is not None  # noqa: S101  those that were answered
        ends = (due(case.received_at, band.up_to) for band in definition.bands)
        at = case.answered_at
        counts[next((place for place, end in enumerate(ends) if at <= end), len(definition.bands))] += 1
    return tuple(counts)
