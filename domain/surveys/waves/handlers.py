"""What a wave about closed complaints says of those who handled them: signs that somebody bends the measurement.

Output is a task to look into, never a finding and never a sanction; the signs are those of `domain.surveys.gaming`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from domain.surveys.arrays import FloatArray
from domain.surveys.definition import SurveyDefinition
from domain.surveys.gaming import GamingReview, HandledCases, review_handlers
from domain.surveys.questionnaire import Role, SingleChoice
from domain.surveys.tree_index import respondent_scores

UNASSIGNED = "-"
SECONDS_PER_HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class HandledComplaint:
    """A closed complaint that a wave has seen, with what came back; `customer` is none where nobody was asked."""

    reference: str
    handler: str | None
    closed_at: datetime
    contact_changed: bool
    customer: str | None
    completed_at: datetime | None
    device: str | None
    answers: Mapping[str, Any] | None

    @property
    def has_responded(self) -> bool:
        return self.customer is not None and self.completed_at is not None


def review_of_wave(definition: SurveyDefinition, complaints: Sequence[HandledComplaint]) -> GamingReview:
    """Signs by handler, and the reviews that they open; nothing to judge by gives none."""
    if not complaints:
        return GamingReview((), ())
    return review_handlers(
        HandledCases(
            handler=np.array([each.handler or UNASSIGNED for each in complaints]),
            customer=np.array([each.customer or each.reference for each in complaints]),
            invited=np.array([each.customer is not None for each in complaints]),
            contact_changed=np.array([each.contact_changed for each in complaints]),
            complained=np.ones(len(complaints), dtype=bool),
            responded=np.array([each.has_responded for each in complaints]),
            score=_scores(definition, complaints),
            lag_hours=np.array([_lag_hours(each) for each in complaints]),
            device=np.array([(each.device or "") if each.has_responded else "" for each in complaints]),
            asked_for_score=_asked_for_score(definition, complaints),
        )
    )


def _scores(definition: SurveyDefinition, complaints: Sequence[HandledComplaint]) -> FloatArray:
    """Score of each in points of 0–100, not a number where there is none."""
    tree = definition.indicators
    if tree is None:
        return np.full(len(complaints), np.nan)
    questions = [leaf.question for leaf in tree.leaves() if leaf.question is not None]
    return respondent_scores(tree, {name: _codes(name, complaints) for name in questions})


def _codes(question: str, complaints: Sequence[HandledComplaint]) -> FloatArray:
    answers = ((each.answers or {}).get(question) if each.has_responded else None for each in complaints)
    return np.array([float(each) if isinstance(each, int | float) else np.nan for each in answers])


def _lag_hours(each: HandledComplaint) -> float:
    if each.completed_at is None or not each.has_responded:
        return float("nan")
    return (each.completed_at - each.closed_at).total_seconds() / SECONDS_PER_HOUR


def _asked_for_score(definition: SurveyDefinition, complaints: Sequence[HandledComplaint]) -> FloatArray:
    """1 where somebody asked for a score, 0 where nobody did; by the control question, `yes` and `no`."""
    controls = [
        item.id
        for item in definition.questionnaire.items()
        if isinstance(item.question, SingleChoice) and item.question.role is Role.CONTROL
    ]
    said = {"yes": 1.0, "no": 0.0}
    answers = (
        (each.answers or {}).get(controls[0]) if controls and each.has_responded else None for each in complaints
    )
    return np.array([said.get(str(answer), np.nan) for answer in answers])
