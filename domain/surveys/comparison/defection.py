"""The defection study (跳槽): who left or left in part, who did so though satisfied, and why.

Owns the classification, the Pareto of causes and the plan of interviews that managers hold themselves. Source:
Reichheld, "Learning from Customer Defections", Harvard Business Review 74(2), 1996.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import ceil

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike

from domain.surveys.arrays import BoolArray, FloatArray
from domain.surveys.comparison.key_customers import ValueClass
from domain.surveys.errors import Problem, refuse_if_any

FEWEST_INTERVIEWS, MOST_INTERVIEWS = 10, 25
SATISFIED_FROM = 75.0


class Defection(StrEnum):
    NONE = "none"
    PARTIAL = "partial"
    """Buys much less than before."""
    FULL = "full"
    """Buys nothing any more."""


class CauseKind(StrEnum):
    FAILURE = "failure"
    """Something that could have been done better."""
    LIFE_EVENT = "life_event"
    """Moved away, died, closed down: nobody's fault, and no cause to work on."""


@dataclass(frozen=True, slots=True)
class DefectionStudy:
    """How many customers left, fully or in part, with the share of the former value that went with them.

    `satisfied_but_left` counts those of either kind whose last score was satisfied: what satisfaction does not see.
    """

    customers: int
    counts: dict[Defection, int]
    lost_value: dict[Defection, float]
    satisfied_but_left: int
    kinds: tuple[Defection, ...]
    lost_shares: tuple[float, ...]
    """Of each customer: the share of the whole former value that went."""


@dataclass(frozen=True, slots=True)
class Cause:
    """A cause with the number of customers it drove away; `cumulated` is the share up to it, of its kind."""

    label: str
    customers: int
    share: float
    cumulated: float


@dataclass(frozen=True, slots=True)
class InterviewPlan:
    """Which customers managers talk to, by row and in this order; after the first third they meet and regroup."""

    rows: tuple[int, ...]
    regroup_after: int


def study_defection(
    value_before: ArrayLike,
    value_after: ArrayLike,
    scores: ArrayLike,
    satisfied_from: float = SATISFIED_FROM,
    partial_from: float = 0.3,
) -> DefectionStudy:
    """Classify n customers by what they bought before and after (n,), and by their last score (n,) of 0–100 points.

    Partial is a loss of at least `partial_from` of the former value. A missing score is not a number and no
    satisfaction. Refuses with SurveyProblem: other lengths, missing or negative values, customers who bought nothing
    before, a `partial_from` outside 0–1.
    """
    before, after, points = (np.asarray(column, dtype=np.float64) for column in (value_before, value_after, scores))
    refuse_if_any(_faults(before, after, points))
    refuse_if_any([] if 0 < partial_from < 1 else [Problem("partial_from", f"between 0 and 1, not {partial_from}")])
    lost = np.maximum(before - after, 0.0) / before
    full, partial = after == 0, (after > 0) & (lost >= partial_from)
    masks = {Defection.NONE: ~(full | partial), Defection.PARTIAL: partial, Defection.FULL: full}
    kind_of_row = np.select([full, partial], [2, 1], 0)
    return DefectionStudy(
        customers=len(before),
        counts={kind: int(mask.sum()) for kind, mask in masks.items()},
        lost_value={kind: float((lost * before)[mask].sum() / before.sum()) for kind, mask in masks.items()},
        satisfied_but_left=int(np.count_nonzero((full | partial) & (points >= satisfied_from))),
        kinds=tuple(tuple(Defection)[number] for number in kind_of_row),
        lost_shares=tuple((np.where(full | partial, lost * before, 0.0) / before.sum()).tolist()),
    )


@dataclass(frozen=True, slots=True)
class ClassLoss:
    """Customers of a value class, how many of them left, and the share of all former value that went with them."""

    value_class: ValueClass
    customers: int
    left_fully: int
    left_partly: int
    lost_share: float


def loss_by_class(study: DefectionStudy, classes: Sequence[ValueClass]) -> tuple[ClassLoss, ...]:
    """Who left by value class (n,); every class has its row. Refuses with SurveyProblem classes of another length."""
    refuse_if_any(
        [] if len(classes) == study.customers else [Problem("classes", f"{study.customers} rows, not {len(classes)}")]
    )
    return tuple(_loss(study, [row for row, each in enumerate(classes) if each is own], own) for own in ValueClass)


def _loss(study: DefectionStudy, rows: Sequence[int], own: ValueClass) -> ClassLoss:
    left = Counter(study.kinds[row] for row in rows)
    lost = sum(study.lost_shares[row] for row in rows)
    return ClassLoss(own, len(rows), left[Defection.FULL], left[Defection.PARTIAL], lost)


def causes_of_defection(causes: Sequence[str], kinds: Mapping[str, CauseKind]) -> dict[CauseKind, tuple[Cause, ...]]:
    """Pareto of the causes that interviews brought up, one a customer, failures apart from life events.

    Refuses with SurveyProblem causes whose kind is not known.
    """
    refuse_if_any(Problem(cause, "its kind is not known") for cause in sorted(set(causes) - kinds.keys()))
    return {kind: _pareto(Counter(cause for cause in causes if kinds[cause] is kind)) for kind in CauseKind}


def plan_interviews(
    study: DefectionStudy, value_before: ArrayLike, generator: Generator, interviews: int = FEWEST_INTERVIEWS
) -> InterviewPlan:
    """Draw customers who left, fully or in part, for 10 to 25 interviews: the likelier, the more they were worth.

    Fewer if fewer left. Refuses with SurveyProblem: another number of interviews, nobody who left, values (n,) of
    another length than the study.
    """
    refuse_if_any(_plan_faults(study, np.shape(value_before), interviews))
    left = np.flatnonzero([kind is not Defection.NONE for kind in study.kinds])
    worth = np.asarray(value_before, dtype=np.float64)[left]
    count = min(interviews, len(left))
    drawn = generator.choice(left, size=count, replace=False, p=worth / worth.sum())
    return InterviewPlan(tuple(int(row) for row in drawn), ceil(count / 3))


def _pareto(counts: Counter[str]) -> tuple[Cause, ...]:
    total, so_far, found = counts.total(), 0, []
    for label, customers in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        so_far += customers
        found.append(Cause(label, customers, customers / total, so_far / total))
    return tuple(found)


def _faults(before: FloatArray, after: FloatArray, points: FloatArray) -> Iterator[Problem]:
    for name, column in (("value_after", after), ("scores", points)):
        if column.shape != before.shape:
            yield Problem(name, f"{len(before)} rows are expected, not shape {column.shape}")
    yield from _value_faults("value_before", before, ~(np.isfinite(before) & (before > 0)), "above 0")
    yield from _value_faults("value_after", after, ~(np.isfinite(after) & (after >= 0)), "at least 0")


def _value_faults(name: str, column: FloatArray, faulty: BoolArray, expected: str) -> Iterator[Problem]:
    for row in np.flatnonzero(faulty)[:20]:
        yield Problem(f"{name}[{row}]", f"{expected} is expected, not {column[row]}")


def _plan_faults(study: DefectionStudy, shape: tuple[int, ...], interviews: int) -> Iterator[Problem]:
    if shape != (study.customers,):
        yield Problem("value_before", f"{study.customers} rows are expected, not shape {shape}")
    if not FEWEST_INTERVIEWS <= interviews <= MOST_INTERVIEWS:
        yield Problem("interviews", f"{FEWEST_INTERVIEWS} to {MOST_INTERVIEWS} are expected, not {interviews}")
    if study.counts[Defection.NONE] == study.customers:
        yield Problem("study", "nobody left")
