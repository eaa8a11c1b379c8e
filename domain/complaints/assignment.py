"""Who can handle a case, and whom it is given to: every candidate that is passed over is named with the reason."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from domain.access import Person, Role
from domain.complaints.case import Case


@dataclass(frozen=True, slots=True)
class Candidate:
    """A member of staff and how many open cases the person has."""

    person: Person
    open_cases: int


@dataclass(frozen=True, slots=True)
class Choice:
    """Whom the case is given to, if anybody, and why the others were passed over, by person."""

    chosen: Person | None
    passed_over: dict[str, str]


def why_not(person: Person, case: Case, at: datetime, team: str | None = None) -> str | None:
    """The reason for which the person cannot handle the case now; None if the person can."""
    if not person.active or Role.HANDLER not in person.roles:
        return "no_active_handler"
    if person.is_absent(at):
        return "absent"
    if person.id == case.intake.subject_person:
        return "subject_of_the_complaint"
    if case.stage > 1 and person.id == case.stage_one_handler:
        return "handled_stage_one"
    if team is not None and person.team != team:
        return "other_team"
    if person.languages and case.intake.language not in person.languages:
        return "language"
    return None


def choose(candidates: Iterable[Candidate], case: Case, at: datetime, team: str | None) -> Choice:
    """The eligible handler with the fewest open cases; of equal ones the first by id, so that it can be explained."""
    passed_over: dict[str, str] = {}
    eligible: list[Candidate] = []
    for candidate in candidates:
        reason = why_not(candidate.person, case, at, team)
        if reason is None:
            eligible.append(candidate)
        else:
            passed_over[candidate.person.id] = reason
    eligible.sort(key=lambda candidate: (candidate.open_cases, candidate.person.id))
    busier = {candidate.person.id: f"has_{candidate.open_cases}_open_cases" for candidate in eligible[1:]}
    return Choice(eligible[0].person if eligible else None, passed_over | busier)
