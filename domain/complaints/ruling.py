"""Deciding several submissions in their order, as one recording does."""

from collections.abc import Iterable, Mapping

from pydantic import BaseModel, ConfigDict

from domain.complaints.case import Case
from domain.complaints.commands import Submission
from domain.complaints.decide import decide
from domain.complaints.evolve import fold
from domain.complaints.facts import Entry
from domain.complaints.situation import Circumstances
from domain.ruling import Refused, Ruling


class Decided(BaseModel):
    """All rulings of a recording, the entries to append and the case as they leave it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    case: Case
    entries: tuple[Entry, ...]
    rulings: tuple[Ruling, ...]


def decide_all(
    case: Case, submissions: Iterable[Submission], circumstances: Circumstances, recorded: Mapping[str, int]
) -> Decided:
    """Decide submissions one after the other, each on the case that the former leave.

    `recorded` are submissions that the ledger has already, with their places: they are answered, not done again.
    """
    entries: list[Entry] = []
    rulings: list[Ruling] = []
    for submission in submissions:
        known = recorded.get(submission.id) or case.recorded_sequence(submission.id)
        if known is not None:
            rulings.append(Ruling(submission_id=submission.id, sequence=known))
            continue
        try:
            made = decide(case, submission, circumstances)
        except Refused as refusal:
            rulings.append(Ruling(submission_id=submission.id, guard=refusal.guard, detail=refusal.detail))
            continue
        case = fold(made, case)
        entries.extend(made)
        rulings.append(Ruling(submission_id=submission.id, sequence=case.sequence))
    return Decided(case=case, entries=tuple(entries), rulings=tuple(rulings))
