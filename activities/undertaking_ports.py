"""What the activities of undertakings need of the outside, in the words of the domain."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol, TypeAlias

from activities.ports import LedgerOf
from domain.analysis.observation import Counts, Observed
from domain.surveys.comparison.defection import DefectionStudy as Study
from domain.undertakings.analysis_run import Period
from domain.undertakings.kinds import AnyUndertaking, Entry
from domain.undertakings.measure import Measure

UndertakingLedger: TypeAlias = LedgerOf[AnyUndertaking, Entry]


class Observations(Protocol):
    """What analyses observe."""

    async def observe(self, period: Period) -> Observed: ...

    async def counts(self, period: Period, days: int) -> Counts: ...

    async def narratives(self, period: Period) -> tuple[int, tuple[str, ...]]:
        """How many narratives there are, and the ids of a sample."""
        ...

    async def complaints_between(
        self, target: dict[str, str], begin: datetime, end: datetime, zone: str
    ) -> list[tuple[date, int]]: ...


class AnalysisDesk(Protocol):
    """Where what was computed is kept, and what it leads to is opened."""

    async def keep(self, run: AnyUndertaking, figures: dict[str, Any], report: dict[str, Any], inputs: str) -> str:
        """Keep figures and report once; the hash of the report."""
        ...

    async def propose(self, measure: Measure, number: int, *, source: str, by: str, survey: str | None = None) -> str:
        """Open an improvement for the measure of this number of a source, once; its number."""
        ...


class Opening(Protocol):
    """Where undertakings are opened."""

    async def open(
        self,
        kind: str,
        actor: str,
        *,
        texts: Mapping[str, str],
        values: Mapping[str, Any],
        origin: str | None = None,
    ) -> AnyUndertaking:
        """Open one with its texts sealed; what an origin has opened already is answered."""
        ...


class OpenCases(Protocol):
    """Open cases of a target that belong to no incident yet."""

    async def open_cases(
        self, target: dict[str, str], since: datetime, after: str, limit: int
    ) -> list[tuple[str, int]]: ...


@dataclass(frozen=True, slots=True)
class Defectors:
    """The study of who left and the customers, by row, that it is about; of `unusable` ones the values are no numbers.

    There is no study of no customers.
    """

    study: Study | None
    customers: tuple[str, ...]
    value_before: tuple[float, ...]
    was_satisfied: tuple[bool, ...]
    unusable: int = 0


class Texts(Protocol):
    """Sealed texts."""

    async def open_texts(self, items: Sequence[str]) -> dict[str, str]: ...


@dataclass(frozen=True, slots=True)
class WaveIndex:
    """What a wave of a survey came to, with its 95 % interval."""

    wave: str
    index: float
    low: float
    high: float


class WaveIndices(Protocol):
    """The indices of waves."""

    async def around(self, survey: str, began: datetime, done: datetime) -> tuple[WaveIndex | None, WaveIndex | None]:
        """The last wave computed before the measure began, and the first launched after it was done."""
        ...


class CustomerValues(Protocol):
    """What customers bought before and buy now."""

    async def defectors(self) -> Defectors: ...
