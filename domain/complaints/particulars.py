"""What a letter may name of its case beside the sealed words: due times and codes, nothing personal."""

from domain.complaints.case import Case
from domain.complaints.steps import Step
from domain.complaints.terms import ClockKind, HoldKind, StepKind


def particulars(case: Case, step: Step) -> dict[str, str]:
    """By the names that templates use; what is not known is not there."""
    clock = case.running(ClockKind.FINAL_RESPONSE)
    known: dict[str, str | None] = {
        "due": clock.due_at.isoformat() if clock is not None else None,
        "body": case.referred_to,
    }
    if step.kind is StepKind.EXTENSION_LETTER and case.extension is not None:
        known["until"] = case.extension.until.isoformat()
    hold = case.hold(HoldKind.CUSTOMER)
    if step.kind is StepKind.REMINDER_LETTER and hold is not None:
        known["until"] = hold.until.isoformat()
    if step.kind is StepKind.ESCALATION_NOTICE:
        known |= {"level": str(case.escalation_level), "cause": step.detail, "status": str(case.status)}
    if step.kind is StepKind.PARTNER_REQUEST:
        asked = (request.number for request in case.partner_requests if request.question == step.text)
        known["number"] = str(next(asked, 0))
    return {name: value for name, value in known.items() if value is not None}
