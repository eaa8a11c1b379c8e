"""Signed links: what each is for, where it leads and how long it works.

A link lets whoever holds it do one thing without an account. What it is made of is in `runtime.links`.
"""

from datetime import timedelta
from enum import StrEnum


class LinkPurpose(StrEnum):
    """The one thing that a link is good for."""

    CASE = "case"
    """The customer's own case: its status, and what a customer may do with it. The subject is the case number."""
    PARTNER = "partner"
    """One question to a partner, and its answer. The subject is the case number and the number of the question."""
    IMPROVEMENT = "improvement"
    """An improvement that a partner carries out. The subject is its number."""
    SURVEY = "survey"
    """One invitation to answer a questionnaire. The subject is the invitation."""


PATHS = {
    LinkPurpose.CASE: "/case",
    LinkPurpose.PARTNER: "/partner",
    LinkPurpose.IMPROVEMENT: "/improvement",
    LinkPurpose.SURVEY: "/r",
}

LIFETIMES = {
    LinkPurpose.CASE: timedelta(days=365),
    LinkPurpose.PARTNER: timedelta(days=90),
    LinkPurpose.IMPROVEMENT: timedelta(days=365),
    LinkPurpose.SURVEY: timedelta(days=60),
}
"""How long a link works after it was last given out; a partner's outlives its clock, so that a late answer arrives."""


def partner_subject(reference: str, number: int) -> str:
    """What a partner's link is about: a question of a case."""
    return f"{reference}/{number}"


def question_of(subject: str) -> tuple[str, int]:
    """The case and the number of the question."""
    reference, _, number = subject.partition("/")
    return reference, int(number)
