"""Taking complaints in (投诉受理): needs PostgreSQL only.

One transaction decides, seals the personal data and writes the case, its clocks, the answer for a repeated request and
the note that its workflow must be started. The workflow is started behind it; Temporal may be away.
"""

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import AwareDatetime, Field, StringConstraints, ValidationError

from domain.access import Person
from domain.complaints.case import Case
from domain.complaints.commands import Code
from domain.complaints.decide import decide_intake
from domain.complaints.evolve import fold
from domain.complaints.intake import Intake
from domain.complaints.policy import Policy
from domain.complaints.situation import Circumstances
from domain.complaints.taxonomy import Taxonomy
from domain.complaints.terms import Way
from domain.privacy import Identity, Language, TextKind
from runtime.rulebook import Rulebook, UnknownPolicy
from starter.bodies import Body, FreeText
from starter.problems import FieldError, Problem, field_errors, invalid
from storage.cases import CaseRecords
from storage.idempotency import OtherBody, StillRunning, StoredAnswer, begin, finish
from storage.identities import IdentityError, LookupField, lookup_terms, normalise_account
from storage.intakes import claim_source, next_reference, open_case, serialise, source_key
from storage.pool import Connection, Pool, transaction
from storage.vault import Vault

CLOCK_SKEW = timedelta(minutes=2)
"""How far ahead another computer's clock may be before a time of receipt counts as lying in the future."""


class CustomerForm(Body):
    """Who complains; everything may be missing, a caller may be anonymous."""

    id: Annotated[str, StringConstraints(max_length=64)] | None = Field(None, description="your own customer number")
    name: str | None = None
    phone: str | None = None
    email: str | None = None
    address: str | None = None
    language: Language | None = None


class ComplaintForm(Body):
    """A complaint as a hotline takes it."""

    channel: Code
    source_ref: Annotated[str, StringConstraints(min_length=1, max_length=255)] | None = Field(
        None, description="the id that the source gave it; the same channel and source_ref is the same case"
    )
    received_at: AwareDatetime | None = Field(None, description="when it reached you; now, if absent")
    customer: CustomerForm = CustomerForm()
    product: Code | None = None
    region: Code | None = None
    partner: Code | None = None
    category: Code | None = None
    severity: int = Field(3, ge=1, le=5)
    narrative: FreeText
    demand: FreeText | None = None
    policy: Code | None = Field(None, description="id of the policy; the default one, if absent")


@dataclass(frozen=True, slots=True)
class Repeatable:
    """The key under which a request is done once, and the digest of its body."""

    key: bytes
    body: bytes


@dataclass(frozen=True, slots=True)
class Taken:
    """The answer to an intake."""

    answer: StoredAnswer
    reference: str | None = None
    was_replayed: bool = False


class IntakeDesk:
    """Takes complaints in, whatever the state of Temporal."""

    def __init__(
        self,
        *,
        pool: Pool,
        vault: Vault,
        rulebook: Rulebook,
        taxonomy: Taxonomy,
        records: CaseRecords,
        source_secret: bytes,
        region: str,
        default_policy: str,
        start: Callable[[str], Awaitable[bool]],
    ) -> None:
        self._pool = pool
        self._vault = vault
        self._rulebook = rulebook
        self._taxonomy = taxonomy
        self._records = records
        self._source_secret = source_secret
        self._region = region
        self._default_policy = default_policy
        self._start = start
        self._starting: set[asyncio.Task[bool]] = set()

    async def take(self, person: Person, form: ComplaintForm, repeatable: Repeatable | None) -> Taken:
        """Take a complaint. Raises `Problem` with every wrong field; then nothing was stored."""
        now = datetime.now(UTC)
        identity = self._checked(form, now)
        received_at = form.received_at or now
        policy = await self._policy(form, received_at)
        try:
            async with transaction(self._pool) as connection:
                stored = await _earlier_answer(connection, repeatable, now)
                if stored is not None:
                    return Taken(stored, was_replayed=True)
                reference, is_new = await self._reference(connection, form, received_at)
                case = (
                    await self._open(connection, reference, person, form, identity, policy, received_at, now)
                    if is_new
                    else await self._known(reference)
                )
                answer = StoredAnswer(201 if is_new else 200, json.dumps(receipt(case)), _location(case))
                if repeatable is not None:
                    await finish(connection, repeatable.key, answer)
        except StillRunning:
            raise Problem(409, "still_running", "the first request with this Idempotency-Key has not ended") from None
        except OtherBody:
            raise Problem(422, "key_reused", "this Idempotency-Key was used for another request") from None
        if is_new:
            self._start_behind(reference)
        return Taken(answer, reference)

    async def settle(self) -> None:
        """Wait for the starts that are under way."""
        await asyncio.gather(*self._starting, return_exceptions=True)

    def _checked(self, form: ComplaintForm, now: datetime) -> Identity:
        errors = [
            FieldError(f"/{field}", f"{code} is not in the list of codes; see GET /v1/taxonomy")
            for field, code in self._taxonomy.unknown({"channel": form.channel, "category": form.category})
        ]
        if form.received_at is not None and form.received_at > now + CLOCK_SKEW:
            errors.append(FieldError("/received_at", "lies in the future"))
        identity, wrong = _identity(form.customer, self._region)
        if identity is None or errors:
            raise invalid([*errors, *wrong])
        return identity

    async def _policy(self, form: ComplaintForm, received_at: datetime) -> Policy:
        try:
            return await self._rulebook.in_force(form.policy or self._default_policy, received_at.date())
        except UnknownPolicy:
            message = f"{form.policy} is no policy in force on {received_at.date()}; see GET /v1/policies"
            raise invalid([FieldError("/policy", message)]) from None

    async def _reference(self, connection: Connection, form: ComplaintForm, received_at: datetime) -> tuple[str, bool]:
        """The case's number, and whether it is a new one."""
        reference = await next_reference(connection, received_at)
        if form.source_ref is None:
            return reference, True
        source = source_key(self._source_secret, form.channel, form.source_ref)
        owner = await claim_source(connection, source, reference)
        return owner, owner == reference

    async def _open(
        self,
        connection: Connection,
        reference: str,
        person: Person,
        form: ComplaintForm,
        identity: Identity,
        policy: Policy,
        received_at: datetime,
        now: datetime,
    ) -> Case:
        customer = await self._customer(connection, reference, identity, now)
        narrative, demand = [
            await self._sealed(connection, customer, kind, text, now)
            for kind, text in ((TextKind.NARRATIVE, form.narrative), (TextKind.DEMAND, form.demand))
        ]
        intake = Intake(
            reference=reference,
            received_at=received_at,
            taken_by=person.id,
            customer=customer,
            language=identity.language or _language_of(form.narrative),
            reachable_by=tuple(_ways(identity)),
            narrative=narrative or "",
            demand=demand,
            **form.model_dump(include={"channel", "category", "severity", "product", "region", "partner"}),
        )
        circumstances = Circumstances(now=now, policy=policy, calendar=await self._rulebook.calendar(policy))
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
                await self._vault.update_identity(connection, known[0], changes, f"{reference}:intake", at=now)
                return known[0]
        return await self._vault.create_subject(connection, identity, at=now)

    async def _sealed(
        self, connection: Connection, customer: str, kind: TextKind, text: str | None, now: datetime
    ) -> str | None:
        if text is None:
            return None
        item = f"txt_{secrets.token_hex(16)}"
        await self._vault.seal(connection, customer, item, kind, text, at=now)
        return item

    async def _known(self, reference: str) -> Case:
        case = await self._records.find(reference)
        if case is None:
            raise Problem(409, "still_running", "the same message is being taken in by another request")
        return case

    def _start_behind(self, reference: str) -> None:
        """Start the workflow behind the answer; what fails here the reconciler does."""
        task = asyncio.ensure_future(self._start(reference))
        self._starting.add(task)
        task.add_done_callback(self._starting.discard)


def receipt(case: Case) -> dict[str, object]:
    """What the taker reads out: the number, and by when what is promised."""
    return {
        "reference": case.reference,
        "status": case.status,
        "received_at": _utc(case.intake.received_at),
        "policy": case.policy,
        "clocks": [
            {"kind": clock.kind, "due_at": _utc(clock.due_at), "state": clock.state, "provisional": clock.provisional}
            for clock in case.clocks
        ],
        "links": {
            "self": f"/v1/complaints/{case.reference}",
            "timeline": f"/v1/complaints/{case.reference}/timeline",
        },
    }


async def _earlier_answer(connection: Connection, repeatable: Repeatable | None, now: datetime) -> StoredAnswer | None:
    return None if repeatable is None else await begin(connection, repeatable.key, repeatable.body, now)


def _identity(form: CustomerForm, region: str) -> tuple[Identity | None, list[FieldError]]:
    """The identity, its telephone number and address understood; or what is wrong with it."""
    try:
        identity = Identity(account=form.id, **form.model_dump(exclude={"id"}))
        lookup_terms(identity, region)
    except ValidationError as error:
        return None, list(field_errors(error, "/customer"))
    except IdentityError as error:
        return None, [FieldError(f"/customer/{_FORM_FIELD.get(field, field)}", why) for field, why in error.problems]
    return identity, []


_FORM_FIELD = {"account": "id"}


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
