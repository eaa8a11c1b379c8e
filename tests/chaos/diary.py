"""What the client was told: the ledger of acknowledgements that the checker holds the system to."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from domain.complaints.terms import Status


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A command that was answered with success: by whom, and where it is said to stand in the ledger."""

    reference: str
    command: str
    actor: str
    sequence: int


@dataclass(slots=True)
class Diary:
    """Written by the client alone, one line an answer."""

    taken: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Idempotency key → the case numbers that its requests were answered with."""
    commands: list[Acknowledged] = field(default_factory=list)
    ends: dict[str, Status] = field(default_factory=dict)
    """How each case must end, by what its people did with it; without a line it is left open."""
    answers: Counter[int] = field(default_factory=Counter)
    unanswered: int = 0
    """Requests that broke off without an answer; each was repeated."""
    defects: list[str] = field(default_factory=list)
    """Answers that must never be given, and people who could not do their work."""
    first_answer_at: datetime | None = None

    @property
    def references(self) -> list[str]:
        return sorted(reference for answered in self.taken.values() for reference in answered)
