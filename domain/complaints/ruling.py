"""Deciding several submissions in their order, as one recording does."""

from collections.abc import Iterable, Mapping

from domain.complaints.case import Case
from domain.complaints.commands import Submission
from domain.complaints.decide import decide
from domain.complaints.evolve import fold
from domain.complaints.facts import Entry
from domain.complaints.situation import Circumstances
from domain.ruling import Decided, decide_in_order


def decide_all(
    case: Case, submissions: Iterable[Submission], circumstances: Circumstances, recorded: Mapping[str, int]
) -> Decided[Case, Entry]:
    """Decide submissions one after the other, each on the case that the former leave."""
    return decide_in_order(case, submissions, recorded, lambda known, each: decide(known, each, circumstances), fold)
