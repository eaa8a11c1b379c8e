"""The lawful ways of a case, written down once more beside the code: from which status a fact may lead to which.

After complaints.md, section 1. It shares nothing with `domain.complaints.decide`.
"""

ENDED = frozenset({"closed", "duplicate", "transferred", "withdrawn"})
OPEN = frozenset(
    {"received", "assessing", "explaining", "accepted", "assigned", "investigating", "responding", "responded"}
    | {"callback", "stage_two", "external"}
)

_MOVES = (
    # fact, from any of these statuses (none at the beginning), to one of those
    ("complaint.received", "", "received"),
    ("complaint.assessed", "received assessing", "accepted explaining"),
    ("complaint.closed", "explaining", "closed duplicate transferred"),
    ("complaint.closed", "responded callback external", "closed"),
    ("complaint.appealed", "closed duplicate transferred", "assessing"),
    ("complaint.assigned", "accepted assigned investigating", "assigned"),
    ("complaint.assigned", "stage_two", "stage_two"),
    ("complaint.investigation_started", "assigned stage_two", "investigating"),
    ("complaint.response_approved", "investigating", "responding"),
    ("complaint.responded", "responding", "responded"),
    ("complaint.withdrawn", " ".join(OPEN), "withdrawn"),
    ("complaint.aborted", " ".join(OPEN), "closed"),
    ("complaint.reopened", "responded callback closed", "accepted assigned"),
    ("complaint.to_stage_two", "responded callback closed", "stage_two"),
    ("complaint.referred_external", "responded callback closed stage_two", "external"),
    ("complaint.external_outcome", "external", "external"),
    ("callback.due", "responded", "callback"),
    ("callback.planned", "responded callback", "callback"),
    ("callback.visited", "responded callback", "callback"),
    ("callback.spent", "callback", "responded"),
    ("step.skipped", "responding", "investigating"),
    ("step.bounced", "responded callback closed", "responding"),
    ("step.bounced", "closed duplicate transferred", "explaining"),
)
_STAYS = {
    "complaint.acknowledgement_ordered": frozenset({"received", "assessing"}),
    "complaint.explanation_approved": frozenset({"explaining"}),
    "complaint.explained": frozenset({"explaining"}),
    **dict.fromkeys(
        (
            *("complaint.acknowledged", "complaint.noted", "complaint.corrected", "complaint.attached"),
            *("complaint.escalated", "complaint.escalation_acknowledged", "complaint.nobody_eligible"),
            *("complaint.held", "complaint.resumed", "complaint.policy_changed", "complaint.clocks_recalculated"),
            *("complaint.extension_requested", "complaint.extension_approved", "complaint.extended"),
            *("complaint.update_ordered", "complaint.customer_updated"),
            *("complaint.merged", "complaint.unmerged", "complaint.incident_linked", "complaint.incident_unlinked"),
            *("partner.asked", "partner.replied", "redress.changed", "clock.warned", "clock.breached"),
            *("step.done", "step.failed", "step.retried", "step.amended", "step.skipped"),
            "step.bounced",
        ),
        OPEN | ENDED,
    ),
}

_LAWFUL = {
    (before, fact, after)
    for fact, sources, targets in _MOVES
    for before in sources.split(" ")
    for after in targets.split()
} | {(status, fact, status) for fact, statuses in _STAYS.items() for status in statuses}


def is_lawful(before: str, fact: str, after: str) -> bool:
    """Whether the fact may lead from one status (empty before the first) to the other; an unknown fact may not."""
    return (before, fact, after) in _LAWFUL
