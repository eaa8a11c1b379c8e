"""Whether a complaint repeats an earlier one: the same customer with the same matter, still open or not long ago.

Only says what is alike and why; nobody's case is decided by it. Which customers are the same is the vault's to know.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.complaints.terms import Status

RECENT = timedelta(days=30)
"""Repeats are counted within 7, 30 and 90 days; the middle one is near enough to be the same matter."""
SHOWN = timedelta(days=90)
"""Earlier cases that were closed longer ago tell a caller's history, not the matter at hand."""


class Alike(StrEnum):
    """Why an earlier case may be about the same."""

    SAME_PHONE = "same_phone"
    SAME_EMAIL = "same_email"
    SAME_ACCOUNT = "same_account"
    SAME_CATEGORY = "same_category"
    SAME_PRODUCT = "same_product"
    STILL_OPEN = "still_open"
    RECENT = "recent"


@dataclass(frozen=True, slots=True)
class Matter:
    """What a complaint is about, as far as it is known."""

    at: datetime
    category: str | None = None
    product: str | None = None


@dataclass(frozen=True, slots=True)
class EarlierCase:
    """A case of the same customer, who is known again by these identifiers."""

    reference: str
    status: Status
    received_at: datetime
    is_open: bool
    category: str | None
    product: str | None
    known_by: frozenset[Alike]


@dataclass(frozen=True, slots=True)
class Likeness:
    """An earlier case beside the matter at hand."""

    case: EarlierCase
    reasons: tuple[Alike, ...]
    is_likely_duplicate: bool


def compare(matter: Matter, case: EarlierCase) -> Likeness:
    """Likely a duplicate: still open or recent, and nothing that is known of both differs altogether."""
    reasons = {*case.known_by, *_alike(matter, case)}
    lives = not reasons.isdisjoint({Alike.STILL_OPEN, Alike.RECENT})
    same_matter = not reasons.isdisjoint({Alike.SAME_CATEGORY, Alike.SAME_PRODUCT}) or not _is_comparable(matter, case)
    return Likeness(case, tuple(sorted(reasons, key=list(Alike).index)), lives and same_matter)


def _alike(matter: Matter, case: EarlierCase) -> Iterator[Alike]:
    if case.is_open:
        yield Alike.STILL_OPEN
    if matter.at - case.received_at <= RECENT:
        yield Alike.RECENT
    if matter.category is not None and matter.category == case.category:
        yield Alike.SAME_CATEGORY
    if matter.product is not None and matter.product == case.product:
        yield Alike.SAME_PRODUCT


def _is_comparable(matter: Matter, case: EarlierCase) -> bool:
    """Whether the category or the product is known of both."""
    pairs = ((matter.category, case.category), (matter.product, case.product))
    return any(ours is not None and theirs is not None for ours, theirs in pairs)
