"""Giving commands to a case: the one way in for HTTP, CLI, console and bulk.

Authorise → check the body → keep the key → seal the texts → do the command in the case's workflow → keep the answer.
A refused command leaves nothing behind; one whose outcome is not known may be repeated under its key.
"""

import asyncio
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import ValidationError
from temporalio.client import WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from contracts.cases import Answer
from contracts.names import REFUSED
from domain.access import Person, may, scope_of
from domain.complaints.case import Case
from domain.complaints.commands import STEP_COMMANDS, Submission
from domain.complaints.taxonomy import Taxonomy
from domain.complaints.terms import PERSONAL, Correctable
from domain.privacy import TextKind
from runtime.launcher import CaseLauncher
from starter.bodies import body_of, command_of, sealed_fields
from starter.intake import Repeatable
from starter.keys import RequestKeys
from starter.problems import FieldError, Problem, field_errors, forbidden, invalid, not_found, unavailable
from storage.cases import CaseRecords, covers
from storage.idempotency import OtherBody, StillRunning, StoredAnswer, begin, finish, release
from storage.identities import LookupField, normalise
from storage.pool import Pool, borrow, transaction
from storage.vault import Vault

UPDATE_LIMIT = timedelta(seconds=10)
NOT_READY_TRIES = 5
NOT_READY_PAUSE_SECONDS = 0.3


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


class CaseDesk:
    """Takes commands for cases."""

    def __init__(
        self,
        *,
        pool: Pool,
        vault: Vault,
        records: CaseRecords,
        taxonomy: Taxonomy,
        launcher: CaseLauncher,
        keys: RequestKeys,
        region: str,
    ) -> None:
        self._pool = pool
        self._vault = vault
        self._records = records
        self._taxonomy = taxonomy
        self._launcher = launcher
        self._keys = keys
        self._region = region

    async def perform(self, request: Request) -> Done:
        """Do a command. Raises `Problem`: 403, 404, 409 (the guard), 412, 422 (the fields), 503."""
        case = await self._addressed_case(request)
        if request.if_match is not None and request.if_match != case.sequence:
            raise Problem(412, "changed_meanwhile", f"the case is at {case.sequence}, not at {request.if_match}")
        values = await self._checked(request)
        earlier = await self._begin(request)
        if earlier is not None:
            return Done(None, None, earlier)
        submission = await self._sealed(request, values, case.intake.customer)
        answer = await self._carry(request, submission, case)
        return Done(answer.sequence, answer.case)

    async def keep(self, request: Request, answer: StoredAnswer) -> None:
        """Keep the answer of a request for its repetition."""
        if request.repeatable is not None:
            async with borrow(self._pool) as connection:
                await finish(connection, request.repeatable.key, answer)

    async def visible_case(self, person: Person, reference: str) -> Case:
        """The recorded case; one out of the person's sight is one that is not there."""
        case = await self._records.find(reference)
        if case is None or not covers(scope_of(person), case):
            raise not_found("there is no complaint of this number that you may see")
        return case

    async def _addressed_case(self, request: Request) -> Case:
        """The case that the command is for. Operators see no case, and reach any through its steps."""
        if not may(request.person, request.name):
            raise forbidden(request.name)
        if request.name not in STEP_COMMANDS:
            return await self.visible_case(request.person, request.reference)
        case = await self._records.find(request.reference)
        if case is None:
            raise not_found("there is no such step")
        return case

    async def _checked(self, request: Request) -> dict[str, Any]:
        """The body's values, each understood. Raises `Problem` with every wrong field."""
        model = body_of(request.name)
        extra = {"step": request.values["step"]} if request.name in STEP_COMMANDS else {}
        given = {name: value for name, value in request.values.items() if name not in extra}
        try:
            body = model.model_validate(given)
        except ValidationError as error:
            raise invalid(field_errors(error)) from None
        values = body.model_dump(exclude_unset=True) | extra
        errors = [*self._unknown_codes(values), *self._misunderstood(values), *await self._missing_case(values)]
        if errors:
            raise invalid(errors)
        return values

    def _unknown_codes(self, values: Mapping[str, Any]) -> Iterator[FieldError]:
        coded = {name: values[name] for name in ("ground", "outcome", "cause", "remedies") if values.get(name)}
        if values.get("field") == Correctable.CATEGORY:
            coded["category"] = values.get("code")
        for name, code in self._taxonomy.unknown(coded):
            pointer = "/code" if name == "category" else f"/{name}"
            yield FieldError(pointer, f"{code} is not in the list of codes; see GET /v1/taxonomy")

    def _misunderstood(self, values: Mapping[str, Any]) -> Iterator[FieldError]:
        """Corrected contact data that cannot be what they should be."""
        field, text = values.get("field"), values.get("text")
        if field not in PERSONAL or text is None or field not in {item.value for item in LookupField}:
            return
        try:
            normalise(LookupField(field), text, self._region)
        except ValueError as error:
            yield FieldError("/text", str(error))

    async def _missing_case(self, values: Mapping[str, Any]) -> list[FieldError]:
        other = values.get("duplicate_of")
        if other is None or await self._records.find(other) is not None:
            return []
        return [FieldError("/duplicate_of", f"there is no case {other}")]

    async def _begin(self, request: Request) -> StoredAnswer | None:
        if request.repeatable is None:
            return None
        try:
            async with borrow(self._pool) as connection:
                return await begin(connection, request.repeatable.key, request.repeatable.body, datetime.now(UTC))
        except StillRunning:
            raise Problem(409, "still_running", "the first request with this Idempotency-Key has not ended") from None
        except OtherBody:
            raise Problem(422, "key_reused", "this Idempotency-Key was used for another request") from None

    async def _sealed(self, request: Request, values: dict[str, Any], customer: str) -> Submission:
        """The command with its texts sealed; a repeated request seals the same ones."""
        submission_id = self._keys.submission(request.name, request.person.id, request.reference, request.key)
        texts = {
            field: (self._keys.text(submission_id, field), kind, values[field])
            for field, kind in sealed_fields(request.name).items()
            if values.get(field) is not None
        }
        try:
            command = command_of(request.name, values | {field: item for field, (item, _, _) in texts.items()})
        except ValidationError as error:
            await self._give_up(request)
            raise invalid(field_errors(error)) from None
        await self._seal(customer, list(texts.values()))
        return Submission(id=submission_id, actor=request.person.id, command=command)

    async def _seal(self, customer: str, texts: list[tuple[str, TextKind, str]]) -> None:
        if not texts:
            return
        async with transaction(self._pool) as connection:
            for item, kind, text in texts:
                await self._vault.seal(connection, customer, item, kind, text, at=datetime.now(UTC))

    async def _carry(self, request: Request, submission: Submission, case: Case) -> Answer:
        """Bring the command to the workflow. Its refusal is a 409; an unknown outcome is a 503."""
        for _ in range(NOT_READY_TRIES):
            try:
                return await self._launcher.perform(case.reference, case.epoch, submission, UPDATE_LIMIT)
            except WorkflowUpdateFailedError as error:
                await self._give_up(request, submission)
                raise _refused(error) from None
            except WorkflowUpdateRPCTimeoutOrCancelledError:
                break
            except RPCError as error:
                if error.status is not RPCStatusCode.FAILED_PRECONDITION:
                    break
            await asyncio.sleep(NOT_READY_PAUSE_SECONDS)
        raise unavailable(
            "outcome_unknown", "the case does not answer now; repeat the request with the same Idempotency-Key"
        )

    async def _give_up(self, request: Request, submission: Submission | None = None) -> None:
        """Nothing happened: forget the sealed texts and set the key free."""
        async with transaction(self._pool) as connection:
            if submission is not None:
                values = submission.command.model_dump()
                texts = [values[field] for field in sealed_fields(request.name) if values.get(field)]
                await self._vault.forget(connection, texts)
            if request.repeatable is not None:
                await release(connection, request.repeatable.key)


def stored(body: object, status: int = 200) -> StoredAnswer:
    return StoredAnswer(status, json.dumps(body), {})


def _refused(error: WorkflowUpdateFailedError) -> Problem:
    cause = error.cause
    if isinstance(cause, ApplicationError) and cause.type == REFUSED:
        guard = str(cause.details[0]) if cause.details else "refused"
        return Problem(409, guard, cause.message)
    return unavailable("case_unavailable", "the case cannot take the command now")
