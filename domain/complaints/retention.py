"""How long personal data of a closed case are kept, and what stands against erasing them earlier.

Every period counts from the end of the case. Nothing of an open or a held case goes, whatever its age. Codes, times
and amounts are not personal and stay for the statistics and as the proof of handling.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.complaints.case import Case
from domain.complaints.policy import Retention


class Kept(StrEnum):
    """What is kept of a person, each for a period of its own."""

    FILES = "files"
    TEXTS = "texts"
    IDENTITY = "identity"  # and with it the key under which all the rest is sealed


class Obstacle(StrEnum):
    """Why personal data must not be erased now; the code of the refusal."""

    CASE_OPEN = "case_open"
    STEP_UNDER_WAY = "step_under_way"
    LEGAL_HOLD = "legal_hold"
    RETAINED = "retained"


@dataclass(frozen=True, slots=True)
class Hindrance:
    """An obstacle with the case that it comes from, and until when it stands, if that is known."""

    reference: str
    obstacle: Obstacle
    until: datetime | None = None


def goes_at(case: Case, rules: Retention) -> dict[Kept, datetime]:
    """When each kind of data of an ended case has been kept long enough."""
    assert case.ended_at is not None  # noqa: S101  open cases are not asked about
    days = {Kept.FILES: rules.files_days, Kept.TEXTS: rules.texts_days, Kept.IDENTITY: rules.identity_days}
    return {kept: case.ended_at + timedelta(days=number) for kept, number in days.items()}


def due(case: Case, rules: Retention, removed: Collection[str], now: datetime) -> tuple[Kept, ...]:
    """What of an ended case has to go now."""
    return tuple(kept for kept, at in goes_at(case, rules).items() if at <= now and kept not in removed)


def next_look(case: Case, rules: Retention, removed: Collection[str], now: datetime) -> datetime | None:
    """When something of it has to go next; None when nothing is left to wait for."""
    return min((at for kept, at in goes_at(case, rules).items() if at > now and kept not in removed), default=None)


def hindrances(
    cases: Iterable[tuple[Case, Retention]], held: Collection[str], now: datetime, *, on_request: bool
) -> Iterator[Hindrance]:
    """Everything that stands against erasing the person whose cases these are.

    A person's request may be met as soon as the duty to keep (`at_least_days`) is over; without one the data stay
    for as long as the policy lets them.
    """
    for case, rules in cases:
        obstacle, until = _obstacle(case, rules, case.reference in held, now, on_request)
        if obstacle is not None:
            yield Hindrance(case.reference, obstacle, until)


def _obstacle(
    case: Case, rules: Retention, is_held: bool, now: datetime, on_request: bool
) -> tuple[Obstacle | None, datetime | None]:
    if is_held:
        return Obstacle.LEGAL_HOLD, None
    if not case.has_ended or case.ended_at is None:
        return Obstacle.CASE_OPEN, None
    if case.unfinished_steps:
        return Obstacle.STEP_UNDER_WAY, None
    until = case.ended_at + timedelta(days=rules.at_least_days if on_request else rules.identity_days)
    return (Obstacle.RETAINED, until) if until > now else (None, None)
