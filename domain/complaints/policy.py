"""A policy: what a regulator or the organisation itself prescribes for a case, as versioned data."""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from domain.calendar import Span
from domain.complaints.contact import QuietHours
from domain.complaints.letter_points import Point
from domain.complaints.terms import ClockKind, HoldKind, StepKind, Way

HIGHEST_LEVEL = 9


class Anchor(StrEnum):
    """What starts a clock."""

    RECEIVED = "received"
    ACKNOWLEDGED = "acknowledged"
    ASSESSED_INVALID = "assessed_invalid"
    ACCEPTED = "accepted"
    RESPONDED = "responded"
    HELD = "held"
    REOPENED = "reopened"
    STAGE_TWO = "stage_two"
    SENT_TO_PARTNER = "sent_to_partner"
    CONSENT = "consent"
    PREVIOUS_UPDATE = "previous_update"
    BREACH = "breach"


class Duty(StrEnum):
    """Whether a separation of duties is enforced; tiny teams may settle for a remark in the record."""

    ENFORCE = "enforce"
    WARN = "warn"


class Rules(BaseModel):
    """Part of a policy document: unknown fields are refused by name."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Titles(Rules):
    zh: str
    en: str


class Money(Rules):
    """An amount in a currency (ISO 4217)."""

    amount: Decimal = Field(gt=0, max_digits=12, decimal_places=2)
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


class Warning(Rules):  # noqa: A001  the field's own word
    """At which percentage of the span somebody is warned, and whether the case escalates then."""

    percent: int = Field(ge=1, le=99)
    escalates: bool = False


class OnBreach(Rules):
    """What a breach sets off beside its fact."""

    escalates: bool = False
    penalty: Money | None = Field(None, description="owed to the customer without being asked for")


class ClockRule(Rules):
    """A clock that the policy starts: kind, what starts it, how long it runs, what stops it, what a breach sets off.

    `categories` and `severity_from` narrow it to some cases; of several rules for a kind and anchor the first that
    fits is taken.
    """

    kind: ClockKind
    anchor: Anchor
    span: Span
    paused_by: tuple[HoldKind, ...] = ()
    warnings: tuple[Warning, ...] = ()
    on_breach: OnBreach = OnBreach()
    categories: tuple[str, ...] = ()
    severity_from: int = Field(1, ge=1, le=5)

    def fits(self, category: str | None, severity: int) -> bool:
        return severity >= self.severity_from and (not self.categories or category in self.categories)


class HoldRule(Rules):
    """A hold that the policy allows, how long at most, and when whom we wait for is reminded."""

    kind: HoldKind
    longest: Span
    remind_after: Span | None = None


class ExtensionRule(Rules):
    """How far a clock may be extended beyond its first due time, and whether a supervisor must approve.

    `anchor` and `categories` narrow it to some clocks; the first that fits is taken.
    """

    kind: ClockKind
    longest: Span
    needs_approval: bool = False
    anchor: Anchor | None = None
    categories: tuple[str, ...] = ()

    def fits(self, kind: ClockKind, anchor: Anchor, category: str | None) -> bool:
        return (
            kind is self.kind and self.anchor in {None, anchor} and (not self.categories or category in self.categories)
        )


class Selection(StrEnum):
    """Which answered customers are called back."""

    NONE = "none"
    SAMPLE = "sample"
    ALL = "all"


class CallbackRule(Rules):
    """How customers are called back (回访)."""

    select: Selection = Selection.NONE
    share: Annotated[float, Field(gt=0, le=1)] = 1.0
    attempts: int = Field(5, ge=1, le=10)
    other_way_after: int = Field(3, ge=1, le=10, description="failed attempts after which another way must be tried")
    by_another: bool = Field(True, description="the caller is not the handler")


class LetterRule(Rules):
    """What a letter must say, and whether it is owed by law: then opt-outs and quiet hours do not stop it."""

    kind: StepKind
    must_say: tuple[Point, ...] = ()
    in_writing: bool = Field(False, description="telling it on the telephone is not enough")
    statutory: bool = False


class Retention(Rules):
    """How long the personal data of a case are kept after its end: in days, each kind for itself."""

    at_least_days: int = Field(0, ge=0, le=36_500, description="a request to erase is refused before")
    files_days: int = Field(1_095, ge=0, le=36_500)
    texts_days: int = Field(1_095, ge=0, le=36_500)
    identity_days: int = Field(1_095, ge=0, le=36_500)

    @model_validator(mode="after")
    def _identity_outlives_the_rest(self) -> Self:
        if not self.at_least_days <= min(self.files_days, self.texts_days):
            raise ValueError("retention: files or texts would go before at_least_days are over")
        if self.identity_days < max(self.files_days, self.texts_days):
            raise ValueError("retention: without the identity's key neither files nor texts can be kept")
        return self


class Policy(Rules):
    """One version of a policy. A case pins the version in force at its receipt."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
    version: int = Field(ge=1)
    title: Titles
    jurisdiction: str
    source: str
    article: str | None = None
    valid_from: date
    valid_to: date | None = None
    verified_on: date | None = Field(None, description="when the source was read; absent: second hand, unverified")
    notes: tuple[str, ...] = ()
    calendar: str = Field(description="id of the calendar that its clocks run in")
    clocks: tuple[ClockRule, ...]
    holds: tuple[HoldRule, ...] = ()
    extensions: tuple[ExtensionRule, ...] = ()
    callback: CallbackRule = CallbackRule()
    stage_two: bool = False
    emergency_level: int = Field(2, ge=1, le=HIGHEST_LEVEL, description="escalation level of a danger at intake")
    told_at_intake: tuple[Way, ...] = Field((), description="channels where the taker acknowledges in the conversation")
    automatic_ways: tuple[Way, ...] = Field(
        (Way.EMAIL,), description="how letters go that nobody orders, in this order"
    )
    other_ways: tuple[Way, ...] = Field((), description="what is tried in this order where a way does not work at all")
    quiet_hours: QuietHours | None = None
    letters: tuple[LetterRule, ...] = ()
    tell_staff_of_escalations: bool = False
    reopen_window: Span
    appeal_window: Span
    separation_of_duties: Duty = Duty.ENFORCE
    retention: Retention = Retention()

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        general = [(r.kind, r.anchor) for r in self.clocks if not r.categories and r.severity_from == 1]
        for name, keys in (
            ("clocks", general),
            ("holds", [rule.kind for rule in self.holds]),
            ("letters", [rule.kind for rule in self.letters]),
            ("extensions", [(rule.kind, rule.anchor) for rule in self.extensions if not rule.categories]),
        ):
            if len(set(keys)) != len(keys):
                raise ValueError(f"{name}: the same kind stands there twice")
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise ValueError("valid_to lies before valid_from")
        return self

    @property
    def pin(self) -> str:
        """How a case names the version that it is handled under."""
        return f"{self.id}@{self.version}"

    def hold_rule(self, kind: HoldKind) -> HoldRule | None:
        return next((rule for rule in self.holds if rule.kind is kind), None)

    def letter_rule(self, kind: StepKind) -> LetterRule:
        return next((rule for rule in self.letters if rule.kind is kind), LetterRule(kind=kind))

    def extension_rule(self, kind: ClockKind, anchor: Anchor, category: str | None) -> ExtensionRule | None:
        return next((rule for rule in self.extensions if rule.fits(kind, anchor, category)), None)
