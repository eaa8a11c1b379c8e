"""Looking at a letter before it is ordered: as it would go out, and whether it says what it must.

This is where the words are open; nothing of them goes on into the process. A missing point refuses the command under
the name `letter_incomplete`, whichever interface it came by.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from domain.complaints.case import Case
from domain.complaints.contact import ContactLimits
from domain.complaints.letter_content import SMS_LONGEST, Checked, checklist, missing
from domain.complaints.orders import Ordered
from domain.complaints.particulars import particulars
from domain.complaints.policy import Policy
from domain.complaints.shipped import newest_template
from domain.complaints.steps import Step
from domain.complaints.terms import ORDERED, Way
from domain.complaints.writing import Written, compose, worded
from starter.problems import FieldError, Problem


@dataclass(frozen=True, slots=True)
class Draft:
    """A letter as it would go out, with the points that the policy wants of it."""

    written: Written
    points: tuple[Checked, ...]
    is_statutory: bool


def draft(case: Case, policy: Policy, ordered: Ordered, zone: str, name: str = "", link: str = "") -> Draft:
    """Write the letter and look at it. Told by mouth it is looked at as if it were written."""
    language = case.intake.language
    code = newest_template(ordered.kind, language, ordered.way)
    step = Step(key=f"{ordered.kind}.1", kind=ordered.kind, way=ordered.way)
    known = particulars(case, step) | ({"until": ordered.until} if ordered.until else {})
    fields = worded(known, language, zone) | {
        "reference": case.reference,
        "name": name,
        "text": ordered.text,
        "link": link,
    }
    written, rule = compose(code, fields), policy.letter_rule(ordered.kind)
    return Draft(written, checklist(rule, written, ordered.text, language), rule.statutory)


def confirm_complete(case: Case, policy: Policy, ordered: Ordered, zone: str) -> None:
    """Raise `Problem` 409 where the letter may not go out like this: the guard, and each point that is missing."""
    rule = policy.letter_rule(ordered.kind)
    if ordered.way not in ORDERED:
        if rule.in_writing:
            raise Problem(409, "must_be_written", f"{policy.pin} wants this in writing, not told by {ordered.way}")
        return
    looked_at = draft(case, policy, ordered, zone)
    lacking = tuple(_lacking(looked_at))
    if lacking:
        named = ", ".join(error.message.partition(":")[0] for error in lacking)
        raise Problem(409, "letter_incomplete", f"{policy.pin} wants more of this letter: {named}", errors=lacking)
    if ordered.way is Way.SMS and len(looked_at.written.body) > SMS_LONGEST:
        raise Problem(
            409,
            "letter_too_long",
            f"a text message has at most {SMS_LONGEST} characters; this one has {len(looked_at.written.body)}",
        )


def confirm_wanted(policy: Policy, ordered: Ordered, limits: ContactLimits) -> None:
    """Raise `Problem` 409 where the customer does not want this way; what the law owes is sent all the same."""
    if ordered.way in limits.opted_out and not policy.letter_rule(ordered.kind).statutory:
        raise Problem(409, "opted_out", f"the customer does not want to be reached by {ordered.way}")


def _lacking(looked_at: Draft) -> Iterator[FieldError]:
    return (FieldError("/letter", f"{point.point}: expected {point.expected}") for point in missing(looked_at.points))
