"""What the activities need of the outside, in the words of the domain; `runtime.assembly` plugs the real parts in."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, Protocol, TypeAlias, TypeVar

from domain.access import Person
from domain.calendar import Calendar
from domain.complaints.assignment import Candidate
from domain.complaints.case import Case
from domain.complaints.commands import Submission
from domain.complaints.contact import ContactLimits
from domain.complaints.facts import Entry
from domain.complaints.policy import Policy
from domain.links import LinkPurpose
from domain.privacy import Identity

StateT_contra = TypeVar("StateT_contra", contravariant=True)
EntryT = TypeVar("EntryT")


@dataclass(frozen=True, slots=True)
class Appended:
    """The entries are in the ledger."""


@dataclass(frozen=True, slots=True)
class Behind(Generic[EntryT]):
    """The ledger is ahead of the state that was decided on; `tail` is what it has more."""

    tail: tuple[EntryT, ...]


@dataclass(frozen=True, slots=True)
class AlreadyRecorded:
    """Some of the submissions were recorded before, at these places; nothing was appended."""

    sequences: Mapping[str, int]


class SupersededError(Exception):
    """A newer epoch runs it: this run is a twin from before a rebuild."""


class DivergedError(Exception):
    """The state is not a beginning of the ledger: a defect, never a race."""


class LedgerOf(Protocol[StateT_contra, EntryT]):
    """The authority over what happened to a case, a wave or an undertaking."""

    async def entries(self, reference: str) -> tuple[EntryT, ...]: ...

    async def epoch(self, reference: str) -> int: ...

    async def append(
        self, expected: StateT_contra, entries: Sequence[EntryT], after: StateT_contra
    ) -> Appended | Behind[EntryT] | AlreadyRecorded:
        """Append entries to one whose state is `expected`, and bring its read models to `after`, or change nothing.

        Raises `SupersededError`, `DivergedError`.
        """
        ...


Ledger: TypeAlias = LedgerOf[Case, Entry]


class Rulebook(Protocol):
    """Pinned versions of policies and calendars."""

    async def policy(self, pin: str) -> Policy: ...

    async def calendar(self, policy: Policy) -> Calendar: ...

    async def pinned_calendar(self, pin: str) -> Calendar: ...


class Refusal(Exception):
    """A case refused a command; `guard` is the reason's name."""

    def __init__(self, guard: str, detail: str) -> None:
        super().__init__(detail)
        self.guard = guard
        self.detail = detail


class CaseUnavailable(Exception):
    """A case does not answer now; nothing is known of the command."""


class CaseCommands(Protocol):
    """The way to running cases."""

    async def give(self, reference: str, submission: Submission) -> None:
        """Do a command in a case. Raises `Refusal`, `CaseUnavailable`."""
        ...


class BatchItem(Protocol):
    @property
    def position(self) -> int: ...
    @property
    def reference(self) -> str: ...
    @property
    def submission(self) -> Submission: ...


class Batches(Protocol):
    """The items of batches and their outcomes."""

    async def waiting(self, batch: str, limit: int) -> Sequence[BatchItem]: ...

    async def settle(self, batch: str, position: int, outcome: str, code: str | None, detail: str | None) -> None: ...

    async def per_second(self, batch: str) -> float: ...


class StaffRegistry(Protocol):
    async def people(self, ids: Iterable[str]) -> dict[str, Person]: ...

    async def candidates(self) -> tuple[Candidate, ...]:
        """Everybody who handles cases, with how many open ones each has."""
        ...


class Vault(Protocol):
    """The sealed personal data of customers."""

    async def identity(self, subject: str) -> Identity: ...

    async def open_text(self, item_id: str) -> str: ...


class IdentityCorrections(Protocol):
    async def correct(self, customer: str, field: str, value: str, effect_key: str, at: datetime) -> None:
        """Change one field of a customer's identity, once under its key; the earlier version is kept."""
        ...


class Links(Protocol):
    """Links for people without an account."""

    async def url(self, purpose: LinkPurpose, subject: str, at: datetime) -> str:
        """The link for one subject (`domain.links`); the same one each time until it is revoked."""
        ...


@dataclass(frozen=True, slots=True)
class Letter:
    """A message ready to go out; `key` names it so that the other side can tell a repetition.

    `template` and `parameters` are for gateways that fill in a text of their own.
    """

    key: str
    to: str
    subject: str
    body: str
    language: str
    template: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)


class PostOffice(Protocol):
    """A channel that takes letters: a mail server, a gateway for text messages."""

    async def send(self, letter: Letter) -> str:
        """Hand a letter over; the other side's name for it. Raises `UndeliverableError` with a code."""
        ...


class UndeliverableError(Exception):
    """The channel did not take it; `is_final` says that trying again cannot help."""

    def __init__(self, code: str, *, is_final: bool) -> None:
        super().__init__(code)
        self.code = code
        self.is_final = is_final


class HandOverUnderWay(Exception):
    """Another attempt holds this message; its outcome is not known yet."""


class Contacts(Protocol):
    """What customers do not want."""

    async def limits(self, customer: str) -> ContactLimits: ...


class Correspondents(Protocol):
    """Where partners and teams are written to."""

    async def address(self, who: str) -> str | None: ...

    async def correspondent(self, who: str) -> tuple[str, str] | None:
        """Address and language of a partner or team, if it is known."""
        ...


class Deliveries(Protocol):
    """What was handed over, by effect key: the memory that keeps a message from going out twice."""

    async def accepted(self, effect_key: str) -> str | None:
        """The evidence of an earlier hand-over, if there was one."""
        ...

    async def attempted(self, effect_key: str, way: str, at: datetime, held_until: datetime) -> None:
        """An attempt begins and holds the message for so long. Raises `HandOverUnderWay` while another one does."""
        ...

    async def refused(self, effect_key: str) -> None: ...

    async def accept(self, effect_key: str, evidence: str, at: datetime) -> None: ...
