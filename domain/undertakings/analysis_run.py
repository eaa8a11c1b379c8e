"""A periodic analysis (定期分析): its inputs frozen, computed, reported, signed off, and made into improvements.

    computing ─► reported ─► signed off
        └───────────┴─► cancelled

What it found stays as it was: the figures are kept with the hash of all that went in, and the same days looked at as
of the same moment give the same figures, whatever happened since.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from domain.complaints.command_parts import SealedText
from domain.undertakings.envelope import Command, Fact
from domain.undertakings.measure import MOST_MEASURES, Measure
from domain.undertakings.undertaking import Part, Undertaking

COMPUTE = "compute_analysis"
PROPOSE = "propose_improvements"


class Status(StrEnum):
    COMPUTING = "computing"
    REPORTED = "reported"
    SIGNED_OFF = "signed_off"
    CANCELLED = "cancelled"


ENDED = frozenset({Status.SIGNED_OFF, Status.CANCELLED})


class Dimension(StrEnum):
    """By what complaints are grouped."""

    CATEGORY = "category"
    PRODUCT = "product"
    REGION = "region"
    PARTNER = "partner"


class Period(Part):
    """Days in a zone, the first and the last taken, looked at as the record stood at `as_of`."""

    first: date
    last: date
    zone: str
    as_of: datetime


class AnalysisRun(Undertaking):
    """An analysis as its ledger makes it."""

    kind: Literal["analysis"] = "analysis"
    status: Status = Status.COMPUTING
    period: Period
    group_by: tuple[Dimension, ...]
    inputs_sha256: str | None = None
    report_sha256: str | None = None
    measures: tuple[Measure, ...] = ()
    proposed: tuple[str, ...] = ()
    signed_off_by: str | None = None

    @property
    def has_ended(self) -> bool:
        return self.status in ENDED and not self.unfinished_steps

    def nearest_due(self) -> datetime | None:
        """Nothing comes due by itself."""
        return None


class SignOff(Command):
    """Take responsibility for the report, and accept measures."""

    command: Literal["analysis.sign_off"] = "analysis.sign_off"
    measures: tuple[Measure, ...] = Field((), max_length=MOST_MEASURES)


class Cancel(Command):
    """Drop it, with the reason."""

    command: Literal["analysis.cancel"] = "analysis.cancel"
    reason: SealedText


class Computed(Command):
    """What the step has kept; only the system says so."""

    command: Literal["analysis.computed"] = "analysis.computed"
    step: str
    inputs_sha256: str
    report_sha256: str


class ImprovementsProposed(Command):
    """The improvements that the step has opened; only the system says so."""

    command: Literal["analysis.improvements"] = "analysis.improvements"
    step: str
    references: tuple[str, ...]


class Ordered(Fact):
    type: Literal["analysis.ordered"] = "analysis.ordered"
    subject: str
    title: str
    period: Period
    group_by: tuple[Dimension, ...]


class Reported(Fact):
    type: Literal["analysis.reported"] = "analysis.reported"
    inputs_sha256: str
    report_sha256: str


class SignedOff(Fact):
    type: Literal["analysis.signed_off"] = "analysis.signed_off"
    measures: tuple[Measure, ...]


class Proposed(Fact):
    type: Literal["analysis.improvements_proposed"] = "analysis.improvements_proposed"
    references: tuple[str, ...]


class Cancelled(Fact):
    type: Literal["analysis.cancelled"] = "analysis.cancelled"
    reason: str


PersonsAnalysisCommand = SignOff | Cancel
AnalysisFact = Annotated[Ordered | Reported | SignedOff | Proposed | Cancelled, Field(discriminator="type")]

LAWFUL: Mapping[type[Command], frozenset[Status]] = {
    SignOff: frozenset({Status.REPORTED}),
    Cancel: frozenset({Status.COMPUTING, Status.REPORTED}),
}


def check(run: AnalysisRun, command: Command, actor: str, now: datetime) -> None:
    """No guard of its own beside the status."""


def facts_of(run: AnalysisRun, command: Command, now: datetime) -> Iterator[Fact]:  # noqa: ARG001  as all kinds
    """The facts that a lawful command makes."""
    match command:
        case Computed(inputs_sha256=inputs, report_sha256=report):
            yield Reported(inputs_sha256=inputs, report_sha256=report)
        case SignOff(measures=measures):
            yield SignedOff(measures=measures, steps=(run.planned(PROPOSE),) if measures else ())
        case ImprovementsProposed(references=references):
            yield Proposed(references=references)
        case Cancel(reason=reason):
            yield Cancelled(reason=reason)


def overdue(run: AnalysisRun, now: datetime) -> Iterator[Fact]:  # noqa: ARG001  as all kinds
    """Nothing comes due by itself."""
    yield from ()


def ordered(reference: str, fact: Ordered, actor: str, at: datetime) -> AnalysisRun:
    """The analysis that its first fact makes."""
    given = {"subject": fact.subject, "title": fact.title, "period": fact.period, "group_by": fact.group_by}
    return AnalysisRun.model_validate({"reference": reference, "opened_by": actor, "opened_at": at, **given})


def evolve(run: AnalysisRun, fact: Fact, at: datetime, by: str) -> AnalysisRun:  # noqa: ARG001  as all kinds
    """What the analysis is after a fact. Total: every recorded fact applies."""
    match fact:
        case Reported(inputs_sha256=inputs, report_sha256=report):
            return _with(run, status=Status.REPORTED, inputs_sha256=inputs, report_sha256=report)
        case SignedOff(measures=measures):
            return _with(run, status=Status.SIGNED_OFF, measures=measures, signed_off_by=by)
        case Proposed(references=references):
            return _with(run, proposed=references)
        case Cancelled():
            return _with(run, status=Status.CANCELLED)
        case _:
            return run


def _with(run: AnalysisRun, **changes: object) -> AnalysisRun:
    return run.model_copy(update=changes)
