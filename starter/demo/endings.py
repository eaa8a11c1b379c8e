"""Where each path of the demonstration has to end, and what must have happened on it; checked against the ledger."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from domain.complaints.case import Case
from domain.complaints.facts import Entry, Escalated
from domain.complaints.intake import HIGHEST_SEVERITY
from domain.complaints.terms import Status


@dataclass(frozen=True, slots=True)
class Ending:
    """How a path ends, and the facts that it cannot do without."""

    facts: frozenset[str]
    status: Status = Status.CLOSED


def _with(*facts: str, status: Status = Status.CLOSED) -> Ending:
    return Ending(frozenset(facts), status)


_ANSWERED = ("complaint.assessed", "complaint.assigned", "complaint.responded")

ENDINGS: Mapping[str, Ending] = {
    "valid": _with(*_ANSWERED),
    "partly_valid_with_corrections": _with(*_ANSWERED, "complaint.corrected", "step.done"),
    "invalid": _with("complaint.assessed", "complaint.explained"),
    "appealed": _with("complaint.explained", "complaint.appealed", *_ANSWERED),
    "withdrawn": _with("complaint.withdrawn", status=Status.WITHDRAWN),
    "reopened": _with(*_ANSWERED, "complaint.closed", "complaint.reopened"),
    "neglected": _with("clock.breached", "complaint.escalated", "complaint.escalation_acknowledged", *_ANSWERED),
    "held_and_extended": _with(*_ANSWERED, "complaint.held", "complaint.resumed", "complaint.extended"),
    "with_partner_and_redress": _with(*_ANSWERED, "partner.asked", "partner.replied", "redress.changed"),
    "merged": _with(*_ANSWERED, "complaint.incident_linked"),
    "stage_two_and_external": _with(
        *_ANSWERED, "complaint.to_stage_two", "complaint.referred_external", "complaint.external_outcome"
    ),
    "called_back_unsatisfied": _with(*_ANSWERED, "callback.visited", "complaint.reopened"),
    "unreachable": _with(*_ANSWERED, "callback.planned", "callback.visited", "callback.spent"),
    "answered_on_paper": _with(*_ANSWERED, "complaint.customer_updated", "step.done"),
    "bounced_and_mended": _with(*_ANSWERED, "step.bounced", "complaint.corrected", "step.retried"),
    "carried_over_a_rebuild": _with(
        *_ANSWERED, "complaint.held", "step.failed", "complaint.resumed", "step.retried", "step.done"
    ),
    "emergency": _with("complaint.escalated", "complaint.escalation_acknowledged", *_ANSWERED),
}


def wrong_turns(path: str, case: Case, entries: Sequence[Entry]) -> Iterator[str]:
    """What is not as the path has it."""
    ending = ENDINGS[path]
    if case.status is not ending.status:
        yield f"the path {path} ends as {ending.status}, not as {case.status}"
    missing = ending.facts - {entry.fact.type for entry in entries}
    if missing:
        yield f"the path {path} misses {', '.join(sorted(missing))}"
    if path == "emergency":
        yield from _no_emergency(case, entries)


def _no_emergency(case: Case, entries: Sequence[Entry]) -> Iterator[str]:
    """A danger is of the highest severity and escalated before anything else happens."""
    if not case.intake.is_emergency or case.intake.severity != HIGHEST_SEVERITY:
        yield "a danger was not taken as an emergency of the highest severity"
    second = entries[1].fact if len(entries) > 1 else None
    if not isinstance(second, Escalated) or second.cause != "emergency":
        yield "a danger was not escalated at once"
