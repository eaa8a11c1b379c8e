"""What the activities of waves need of the outside, in the words of the domain."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeAlias

from activities.ports import LedgerOf
from domain.privacy import Identity
from domain.surveys.definition import SurveyDefinition
from domain.surveys.dispositions import Channel, CompletenessThresholds, ContactEvent
from domain.surveys.field_plan import ReminderKind
from domain.surveys.sampling.plan import SamplingDesign
from domain.surveys.waves.facts import WaveEntry
from domain.surveys.waves.results import WaveSample
from domain.surveys.waves.wave import SampleSize, Wave
from domain.undertakings.measure import Measure

WaveLedger: TypeAlias = LedgerOf[Wave, WaveEntry]


class Definitions(Protocol):
    """The definitions that waves pin."""

    async def definition(self, survey: str, version: int) -> SurveyDefinition: ...


class SamplingFrame(Protocol):
    async def draw(self, wave: str, version: int, design: SamplingDesign) -> SampleSize: ...


@dataclass(frozen=True, slots=True)
class Invitee:
    """A contact that is to be written to."""

    number: int
    customer: str
    language: str
    attempts: int
    has_email: bool
    has_phone: bool
    opted_out: bool


@dataclass(frozen=True, slots=True)
class ClosedComplaint:
    """A complaint that has closed, in codes; whether its contact data were changed shortly before."""

    reference: str
    closed_at: datetime
    customer: str
    handler: str | None
    team: str | None
    channel: str
    category: str | None
    product: str | None
    region: str | None
    language: str
    contact_changed: bool


@dataclass(frozen=True, slots=True)
class DrawnComplaint:
    """A closed complaint with what chance said: drawn or not, in which stratum, and how the customer is reached."""

    reference: str
    closed_at: datetime
    handler: str | None
    contact_changed: bool
    stratum: str
    is_drawn: bool
    customer: str
    random_number: float
    language: str
    has_email: bool
    has_phone: bool
    attributes: Mapping[str, str]


class ClosedComplaints(Protocol):
    """Complaints as a wave sees them closing."""

    async def unseen(self, wave: str, look_back: timedelta, limit: int) -> list[ClosedComplaint]: ...

    async def take(self, wave: str, version: int, seen: Sequence[DrawnComplaint], at: datetime) -> int:
        """Note complaints as seen and make contacts of those that were drawn; how many."""
        ...


@dataclass(frozen=True, slots=True)
class Happened:
    """An event of a contact, and whether it ends the field work on it."""

    number: int
    event: ContactEvent
    ends: bool = False


@dataclass(frozen=True, slots=True)
class Invited:
    """By what way contacts were invited, and to which version of the questionnaire: that one stays theirs."""

    channel: Channel
    version: int


class FieldRecords(Protocol):
    """Contacts, what was written to them, and the contact-frequency ledger."""

    async def to_invite(self, wave: str, at: datetime, limit: int) -> list[Invitee]: ...

    async def next_put_off(self, wave: str) -> datetime | None: ...

    async def reserve_askings(
        self, wave: str, customers: Sequence[str], at: datetime, until: datetime
    ) -> dict[str, datetime]:
        """Reserve the right to ask; of those that were asked too lately, when they may be asked again."""
        ...

    async def put_off(self, wave: str, until: dict[int, datetime]) -> None: ...

    async def record(
        self,
        wave: str,
        happened: Sequence[Happened],
        thresholds: CompletenessThresholds,
        invited: Invited | None = None,
    ) -> None:
        """Record events with the dispositions that follow; `invited` marks the contacts as invited."""
        ...

    async def hand_over(self, wave: str, numbers: Sequence[int], invited: Invited, at: datetime) -> None:
        """Put contacts on the list of a channel on which people do the asking."""
        ...

    async def hand_on(self, wave: str, reminder: int, numbers: Sequence[int], channel: Channel) -> None:
        """Put contacts that were invited on another way on the list of a channel on which people do the asking."""
        ...

    async def passed_over(self, wave: str, reminder: int, numbers: Sequence[int]) -> None:
        """Leave contacts out of a reminder that cannot reach them."""
        ...

    async def reminded(
        self, wave: str, number: int, happened: Sequence[Happened], thresholds: CompletenessThresholds
    ) -> None: ...

    async def to_remind(self, wave: str, kind: ReminderKind, reminder: int, limit: int) -> list[Invitee]: ...

    async def still_to_remind(self, wave: str, kind: ReminderKind, numbers: Sequence[int]) -> set[int]: ...

    async def release_reserve(self, wave: str) -> int: ...


class Identities(Protocol):
    """Who people are, many at once; those who were erased are left out."""

    async def identities(self, subjects: Iterable[str]) -> dict[str, Identity]: ...


class FrameKnowledge(Protocol):
    """Who of the frame somebody is."""

    async def same_person(self, identity: Identity) -> str | None:
        """The customer with this number, e-mail address or telephone number, if there is one."""
        ...


class Links(Protocol):
    """Signed personal links."""

    async def survey_links(self, contacts: Sequence[str], at: datetime, expires_at: datetime) -> dict[str, str]: ...


class WaveResults(Protocol):
    """The answers of waves and what was made of them."""

    async def sample(self, wave: str) -> WaveSample: ...

    async def freeze(self, wave: str, weights: dict[int, float], inputs_sha256: str, at: datetime) -> None: ...

    async def keep_report(self, wave: str, report: dict[str, Any], sha256: str) -> None: ...

    async def before(self, wave: str) -> Wave | None:
        """The last wave of the same survey that was computed before this one, and has an index."""
        ...


class Improvements(Protocol):
    """Where improvements are opened."""

    async def propose(self, measure: Measure, number: int, *, source: str, by: str, survey: str | None = None) -> str:
        """Open an improvement for the measure of this number of a source, once; its number."""
        ...


class WavePlanning(Protocol):
    """Where waves are planned."""

    async def plan_turn(self, survey: str, at: datetime) -> str | None:
        """Plan the wave of a turn, once; None where the survey has no waves by itself now."""
        ...
