"""Giving commands to a case: the one way in for HTTP, CLI, console and bulk.

Authorise → check the body → claim the key → seal the texts → do the command in the case's workflow → keep the answer.
A refused command leaves nothing behind; one whose outcome is not known may be repeated under its key.
"""

import re
from collections.abc import Awaitable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from pydantic import ValidationError

from contracts.cases import Answer
from domain.access import Person, may, scope_of
from domain.complaints.case import Case
from domain.complaints.commands import STEP_COMMANDS, Reference, Submission
from domain.complaints.orders import letter_ordered
from domain.complaints.taxonomy import Taxonomy
from domain.complaints.terms import ORDERED, PERSONAL, Correctable
from domain.privacy import TextKind
from runtime import telemetry
from runtime.launcher import CaseLauncher
from runtime.rulebook import Rulebook, UnknownCalendar, UnknownPolicy
from starter.bodies import STEPS_COMMANDS, body_of, command_of, sealed_fields
from starter.carrying import carry
from starter.customers import misunderstood
from starter.keys import RequestKeys
from starter.letter_check import confirm_complete, confirm_wanted
from starter.problems import FieldError, Problem, field_errors, forbidden, invalid, not_found
from starter.repetitions import Repeatable, Repetitions, is_unknown
from storage.cases import CaseRecords, covers
from storage.contacts import Contacts
from storage.idempotency import StoredAnswer
from storage.ledger import Ledger
from storage.pool import Pool, StoreAway, transaction
from storage.vault import Vault

_CODED = frozenset({"ground", "outcome", "cause", "remedies", "body"})
_POINTER = {"category": "/code", "redress": "/kind"}
_REFERENCE = re.compile(get_args(Reference)[1].pattern)


@dataclass(frozen=True, slots=True)
class Request:
    """A command as an interface received it."""

    person: Person
    reference: str
    name: str
    values: Mapping[str, Any]
    key: str | None = None
    repeatable: Repeatable | None = None
    if_match: int | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a command: where it was recorded and the case as it is now, or the answer that it had before."""

    sequence: int | None
    case: Case | None
    replayed: StoredAnswer | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """A text of a command that is to be sealed."""

    item: str
    kind: TextKind
    text: str


class CaseDesk:
    """Takes commands for cases."""

    def __init__(
        self,
        *,
        pool: Pool,
        vault: Vault,
        ledger: Ledger,
        records: CaseRecords,
        rulebook: Rulebook,
        taxonomy: Taxonomy,
        launcher: CaseLauncher,
        repetitions: Repetitions,
        keys: RequestKeys,
        contacts: Contacts,
        region: str,
        zone: str,
    ) -> None:
        self._pool = pool
        self._vault = vault
        self._ledger = ledger
        self._records = records
        self._rulebook = rulebook
        self._taxonomy = taxonomy
        self._launcher = launcher
        self._repetitions = repetitions
        self._keys = keys
        self._contacts = contacts
        self._region = region
        self._zone = zone

    async def perform(self, request: Request) -> Done:
        """Do a command. Raises `Problem`: 403, 404, 409 (the guard), 412, 422 (the fields), 503.

        One that is recorded, whose answer was lost, is only answered: what held when it was first asked for held then.
        """
        case = await self._addressed_case(request)
        submission, texts = await self.understand(request, case)
        earlier = await self._repetitions.begin(request.repeatable)
        if earlier is not None:
            telemetry.count_command(request.name, "replayed")
            return Done(None, None, earlier)
        try:
            if case.recorded_sequence(submission.id) is None:
                _confirm_unchanged(request, case)
                await self._confirm_wanted(request, case)
            await self.seal(case.intake.customer, texts)
            answer = await self.carry(case.reference, submission)
        except (Problem, StoreAway) as error:
            await self._leave(request, texts, error)
            raise
        telemetry.count_command(request.name, "done")
        return Done(answer.sequence, answer.case)

    async def keep(self, request: Request, answer: StoredAnswer) -> None:
        """Keep the answer of a request for its repetition."""
        await self._repetitions.keep(request.repeatable, answer)

    async def visible_case(self, person: Person, reference: str) -> Case:
        """The recorded case; one out of the person's sight is one that is not there."""
        case = await self._recorded(reference)
        if case is None or not covers(scope_of(person), case):
            raise not_found("there is no complaint of this number that you may see")
        return case

    async def current_case(self, person: Person, reference: str) -> tuple[Case, Literal["live", "record"]]:
        """As it is recorded, which is before anybody is answered, and whether its process runs."""
        recorded = await self.visible_case(person, reference)
        runs = not recorded.has_ended and await self._launcher.is_running(reference)
        return recorded, "live" if runs else "record"

    async def _recorded(self, reference: str) -> Case | None:
        return await self._records.find(reference) if _REFERENCE.fullmatch(reference) else None

    async def _addressed_case(self, request: Request) -> Case:
        """The case that the command is for. Operators see no case, and reach any through its steps."""
        if not may(request.person, request.name):
            raise forbidden(request.name)
        if request.name not in STEPS_COMMANDS:
            return await self.visible_case(request.person, request.reference)
        case = await self._recorded(request.reference)
        if case is None or case.step(request.values["step"]) is None:
            raise not_found("there is no such step")
        return case

    async def understand(self, request: Request, case: Case) -> tuple[Submission, list[Text]]:
        """The command with the ids of its texts in their places. Raises `Problem` with every wrong field."""
        values = await self._checked(request)
        ordered = letter_ordered(request.name, values)
        if ordered is not None:
            confirm_complete(case, await self._rulebook.policy(case.policy), ordered, self._zone)
        submission_id = self._keys.submission(request.name, request.person.id, request.reference, request.key)
        texts = {
            field: Text(self._keys.text(submission_id, field), kind, values[field])
            for field, kind in sealed_fields(request.name).items()
            if values.get(field) is not None
        }
        try:
            command = command_of(request.name, values | {field: text.item for field, text in texts.items()})
        except ValidationError as error:
            raise invalid(field_errors(error.errors())) from None
        submission = Submission(id=submission_id, actor=request.person.id, command=command, as_of=case.sequence)
        return submission, list(texts.values())

    async def _confirm_wanted(self, request: Request, case: Case) -> None:
        """A way that the customer opted out of is refused before anything is sealed."""
        ordered = letter_ordered(request.name, request.values)
        if ordered is not None and ordered.way in ORDERED:
            limits = await self._contacts.limits(case.intake.customer)
            confirm_wanted(await self._rulebook.policy(case.policy), ordered, limits)

    async def _checked(self, request: Request) -> dict[str, Any]:
        """The body's values, each understood. A repeated request has the same ones."""
        given = dict(request.values)
        step = {"step": given.pop("step")} if request.name in STEPS_COMMANDS else {}
        try:
            values = body_of(request.name).model_validate(given).model_dump(exclude_unset=True)
        except ValidationError as error:
            raise invalid(field_errors(error.errors())) from None
        errors = [
            *self._unknown_codes(request.name, values),
            *self._misunderstood(values),
            *await self._missing_case(values),
            *await self._missing_rules(request.name, values),
        ]
        if errors:
            raise invalid(errors)
        return values | step if request.name in STEP_COMMANDS else values

    def _unknown_codes(self, request_name: str, values: Mapping[str, Any]) -> Iterator[FieldError]:
        coded = {name: values[name] for name in _CODED & values.keys() if values[name]}
        if request_name == "request_redress":
            coded["redress"] = values.get("kind")
        if values.get("field") == Correctable.CATEGORY:
            coded["category"] = values.get("code")
        for name, code in self._taxonomy.unknown(coded):
            pointer = _POINTER.get(name, f"/{name}")
            yield FieldError(pointer, f"{code} is not in the list of codes; see GET /v1/taxonomy")

    def _misunderstood(self, values: Mapping[str, Any]) -> Iterator[FieldError]:
        """Corrected personal data that cannot be what they should be."""
        field, text = values.get("field"), values.get("text")
        if field in PERSONAL and text is not None:
            yield from (FieldError("/text", why) for why in misunderstood(field, text, self._region))

    async def _missing_case(self, values: Mapping[str, Any]) -> list[FieldError]:
        """Other cases that the body names and that do not exist."""
        named = [(field, values[field]) for field in ("duplicate_of", "into") if values.get(field)]
        return [
            FieldError(f"/{field}", f"there is no case {other}")
            for field, other in named
            if await self._recorded(other) is None
        ]

    async def _missing_rules(self, request_name: str, values: Mapping[str, Any]) -> list[FieldError]:
        """A policy or a version of a calendar that the body names and that does not exist: it would stop the case."""
        if request_name == "change_policy":
            return await self._unless_known("/policy", self._rulebook.policy(values["policy"]))
        if request_name == "recalculate_clocks":
            return await self._unless_known("/calendar", self._rulebook.pinned_calendar(values["calendar"]))
        return []

    async def _unless_known(self, pointer: str, asked: Awaitable[object]) -> list[FieldError]:
        try:
            await asked
        except (UnknownPolicy, UnknownCalendar) as error:
            return [FieldError(pointer, f"there is no such version: {error}")]
        return []

    async def seal(self, customer: str, texts: list[Text]) -> None:
        """Seal the texts of a command; a repeated request seals the same ones."""
        if not texts:
            return
        async with transaction(self._pool) as connection:
            for text in texts:
                await self._vault.seal(connection, customer, text.item, text.kind, text.text, at=datetime.now(UTC))

    async def carry(self, reference: str, submission: Submission) -> Answer:
        """Bring the command to the workflow. Its refusal is a 409; an unknown outcome is a 503."""
        epoch = await self._ledger.epoch(reference)
        return await carry(self._launcher, reference, epoch, submission)

    async def _leave(self, request: Request, texts: list[Text], error: Problem | StoreAway) -> None:
        """After a refusal nothing has happened, and nothing stays.

        Only a refusal lets the texts go: where the outcome is unknown, the ledger may name them.
        """
        telemetry.count_command(request.name, "unavailable" if is_unknown(error) else "refused")
        try:
            if not is_unknown(error):
                async with transaction(self._pool) as connection:
                    await self._vault.forget(connection, [text.item for text in texts])
        finally:
            await self._repetitions.leave(request.repeatable, error)


def _confirm_unchanged(request: Request, case: Case) -> None:
    if request.if_match is not None and request.if_match != case.sequence:
        raise Problem(412, "changed_meanwhile", f"the case is at {case.sequence}, not at {request.if_match}")
