"""Taking complaints in (投诉受理): needs PostgreSQL only.

One transaction decides, seals the personal data and writes the case, its clocks, the answer for a repeated request and
the note that its workflow must be started. The workflow is started behind it; Temporal may be away.
"""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import Field, StringConstraints

from domain.access import Permission, Person, may
from domain.calendar import Calendar
from domain.complaints.case import Case
from domain.complaints.commands import Code, PersonId, Reference
from domain.complaints.decide import decide_intake
from domain.complaints.evolve import fold
from domain.complaints.intake import Intake
from domain.complaints.likeness import Likeness
from domain.complaints.policy import Money, Policy
from domain.complaints.situation import Circumstances
from domain.complaints.taxonomy import Taxonomy
from domain.complaints.terms import Way
from domain.privacy import Identity, Language, TextKind
from runtime.rulebook import Rulebook, UnknownPolicy
from starter.bodies import Body, FreeText, Line, Moment
from starter.customers import CustomerForm, identify
from starter.likeness import likenesses
from starter.problems import FieldError, invalid
from starter.repetitions import Repeatable, claim, stored
from storage.cases import find
from storage.idempotency import StoredAnswer, finish
from storage.identities import LookupField, normalise_account
from storage.intakes import claim_source, next_reference, open_case, serialise, source_key
from storage.pool import Connection, Pool, transaction
from storage.vault import Erased, Vault

GRAVEST = 5
_AS_GIVEN = {
    "channel",
    "category",
    "product",
    "region",
    "partner",
    "vulnerability",
    "subject_person",
    "occurred_at",
    "claimed",
    "repeat_of",
}
_DANGER = {
    "zh": "有危险：请立即告知客户远离现场、不要使用明火或电器，并拨打抢修/急救电话；本投诉已按紧急情况升级。",
    "en": "Danger: tell the customer at once to leave the place, to use no flame and no switch, and to call the "
    "emergency number. The complaint has been escalated.",
}
CLOCK_SKEW = timedelta(minutes=2)
"""How far ahead another computer's clock may be before a time of receipt counts as lying in the future."""

log = logging.getLogger(__name__)


class ComplaintForm(Body):
    """A complaint as a hotline takes it."""

    channel: Code
    source_ref: Annotated[Line, StringConstraints(max_length=255)] | None = Field(
        None, description="the id that the source gave it; the same channel and source_ref is the same case"
    )
    received_at: Moment | None = Field(None, description="when it reached you; now, if absent")
    customer: CustomerForm = CustomerForm()
    product: Code | None = None
    region: Code | None = None
    partner: Code | None = None
    category: Code | None = None
    severity: int = Field(3, ge=1, le=5, strict=True)
    narrative: FreeText
    demand: FreeText | None = None
    policy: Code | None = Field(None, description="id of the policy; the default one, if absent")
    emergency: bool = Field(False, description="somebody is in danger; safety words in the narrative say so too")
    vulnerability: Annotated[tuple[Code, ...], Field(max_length=10)] = ()
    representative: FreeText | None = Field(None, description="who complains for the customer, by what authority")
    subject_person: PersonId | None = Field(None, description="the member of staff that it is about")
    occurred_at: Moment | None = None
    claimed: Money | None = None
    repeat_of: Reference | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """The answer to an intake."""

    answer: StoredAnswer
    reference: str | None = None
    was_replayed: bool = False


@dataclass(frozen=True, slots=True)
class _Understood:
    """A complaint whose every field was understood."""

    form: ComplaintForm
    identity: Identity
    policy: Policy
    calendar: Calendar
    received_at: datetime
    person: Person
    now: datetime


class IntakeDesk:
    """Takes complaints in, whatever the state of Temporal."""

    def __init__(
        self,
        *,
        pool: Pool,
        vault: Vault,
        rulebook: Rulebook,
        taxonomy: Taxonomy,
        source_secret: bytes,
        region: str,
        default_policy: str,
        start: Callable[[str], Awaitable[bool]],
    ) -> None:
        self._pool = pool
        self._vault = vault
        self._rulebook = rulebook
        self._taxonomy = taxonomy
        self._source_secret = source_secret
        self._region = region
        self._default_policy = default_policy
        self._start = start
        self._starting: set[asyncio.Task[bool]] = set()

    async def take(self, person: Person, form: ComplaintForm, repeatable: Repeatable | None) -> Taken:
        """Take a complaint. Raises `Problem` with every wrong field; then nothing was stored."""
        complaint = await self._understood(person, form, datetime.now(UTC))
        async with transaction(self._pool) as connection:
            earlier = None if repeatable is None else await claim(connection, repeatable)
            if earlier is not None:
                return Taken(earlier, was_replayed=True)
            case, is_new = await self._case(connection, complaint)
            earlier_cases = await _earlier_cases(connection, person, case)
            answer = stored(receipt(case, earlier_cases), 201 if is_new else 200, _location(case))
            if repeatable is not None:
                await finish(connection, repeatable.key, answer)
        if is_new:
            self._start_behind(case.reference)
        return Taken(answer, case.reference)

    async def settle(self) -> None:
        """Wait for the starts that are under way."""
        await asyncio.gather(*self._starting, return_exceptions=True)

    async def _understood(self, person: Person, form: ComplaintForm, now: datetime) -> _Understood:
        received_at = (form.received_at or now).astimezone(UTC)
        errors = [
            FieldError(f"/{field}", f"{code} is not in the list of codes; see GET /v1/taxonomy")
            for field, code in self._taxonomy.unknown(form.model_dump(include={"channel", "category", "vulnerability"}))
        ]
        if received_at > now + CLOCK_SKEW:
            errors.append(FieldError("/received_at", "lies in the future"))
        identity, wrong = identify(form.customer, self._region)
        errors += [FieldError(f"/customer{error.pointer}", error.message) for error in wrong]
        policy, why_not = await self._policy(form, received_at)
        errors += why_not
        if identity is None or policy is None or errors:
            raise invalid(errors)
        calendar = await self._rulebook.calendar(policy)  # before the transaction: it borrows a connection itself
        return _Understood(form, identity, policy, calendar, received_at, person, now)

    async def _policy(self, form: ComplaintForm, received_at: datetime) -> tuple[Policy | None, list[FieldError]]:
        """The policy in force at receipt; the default one may be too young for what is brought in late."""
        wanted, pointer = (form.policy, "/policy") if form.policy else (self._default_policy, "/received_at")
        try:
            return await self._rulebook.in_force(wanted, received_at.date()), []
        except UnknownPolicy:
            message = f"the policy {wanted} is not in force on {received_at.date()}; see GET /v1/policies"
            return None, [FieldError(pointer, message)]

    async def _case(self, connection: Connection, complaint: _Understood) -> tuple[Case, bool]:
        """The new case, or the one that the same message from the same source has already."""
        form, reference = complaint.form, await next_reference(connection, complaint.received_at)
        if form.source_ref is not None:
            source = source_key(self._source_secret, form.channel, form.source_ref)
            owner = await claim_source(connection, source, reference)
            if owner != reference:
                known = await find(connection, owner)
                assert known is not None  # noqa: S101  a source and its case are written together
                return known, False
        return await self._open(connection, reference, complaint), True

    async def _open(self, connection: Connection, reference: str, complaint: _Understood) -> Case:
        form, identity, now = complaint.form, complaint.identity, complaint.now
        customer = await self._customer(connection, reference, identity, now)
        narrative = await self._sealed(connection, customer, TextKind.NARRATIVE, form.narrative, now)
        demand = form.demand and await self._sealed(connection, customer, TextKind.DEMAND, form.demand, now)
        who = form.representative and await self._sealed(connection, customer, TextKind.NOTE, form.representative, now)
        is_emergency = form.emergency or self._taxonomy.names_a_danger(form.narrative)
        intake = Intake(
            reference=reference,
            received_at=complaint.received_at,
            taken_by=complaint.person.id,
            customer=customer,
            language=identity.language or _language_of(form.narrative),
            reachable_by=tuple(_ways(identity)),
            narrative=narrative,
            demand=demand,
            representative=who,
            is_emergency=is_emergency,
            severity=GRAVEST if is_emergency else form.severity,
            **form.model_dump(include=_AS_GIVEN),
        )
        circumstances = Circumstances(now=now, policy=complaint.policy, calendar=complaint.calendar)
        entries = decide_intake(intake, f"receive-{reference}", circumstances)
        case = fold(entries)
        await open_case(connection, entries, case, now)
        return case

    async def _customer(self, connection: Connection, reference: str, identity: Identity, now: datetime) -> str:
        """The data subject: known by the customer number, else a new one."""
        if identity.account is not None:
            await serialise(connection, source_key(self._source_secret, "account", normalise_account(identity.account)))
            known = await self._vault.subjects_seen_by(connection, LookupField.ACCOUNT, identity.account)
            if known:
                changes = identity.model_dump(exclude_none=True)
                with suppress(Erased):  # between the look-up and the lock: a stranger from now on
                    await self._vault.update_identity(connection, known[0], changes, f"{reference}:intake", at=now)
                    return known[0]
        return await self._vault.create_subject(connection, identity, at=now)

    async def _sealed(self, connection: Connection, customer: str, kind: TextKind, text: str, now: datetime) -> str:
        item = f"txt_{secrets.token_hex(16)}"
        await self._vault.seal(connection, customer, item, kind, text, at=now)
        return item

    def _start_behind(self, reference: str) -> None:
        """Start the workflow behind the answer; what fails here the reconciler does."""
        task = asyncio.ensure_future(self._start(reference))
        self._starting.add(task)
        task.add_done_callback(self._has_started)

    def _has_started(self, task: asyncio.Task[bool]) -> None:
        self._starting.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.warning("a case was not started yet", exc_info=task.exception())


async def _earlier_cases(connection: Connection, person: Person, case: Case) -> list[Likeness]:
    """What the taker should know at once: whether this was complained about before."""
    return await likenesses(connection, person, case) if may(person, Permission.LOOK_UP_CALLERS) else []


def receipt(case: Case, earlier_cases: Iterable[Likeness] = ()) -> dict[str, object]:
    """What the taker reads out: the number, by when what is promised, and what there was before."""
    return {
        "reference": case.reference,
        "status": case.status,
        "received_at": _utc(case.intake.received_at),
        "policy": case.policy,
        "advice": _DANGER.get(case.intake.language, _DANGER["en"]) if case.intake.is_emergency else None,
        "clocks": [
            {"kind": clock.kind, "due_at": _utc(clock.due_at), "state": clock.state, "provisional": clock.provisional}
            for clock in case.clocks
        ],
        "earlier_cases": [
            {
                "reference": each.case.reference,
                "status": each.case.status,
                "received_at": _utc(each.case.received_at),
                "category": each.case.category,
                "product": each.case.product,
                "is_likely_duplicate": each.is_likely_duplicate,
                "reasons": list(each.reasons),
            }
            for each in earlier_cases
        ],
        "links": {
            "self": f"/v1/complaints/{case.reference}",
            "timeline": f"/v1/complaints/{case.reference}/timeline",
        },
    }


def _ways(identity: Identity) -> Iterator[Way]:
    if identity.email:
        yield Way.EMAIL
    if identity.phone:
        yield Way.PHONE
    if identity.address:
        yield Way.POST


def _language_of(text: str) -> Language:
    return Language.ZH if any("\u4e00" <= sign <= "\u9fff" for sign in text) else Language.EN


def _location(case: Case) -> dict[str, str]:
    return {"Location": f"/v1/complaints/{case.reference}"}


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
