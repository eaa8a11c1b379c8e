"""Planning waves and giving them commands: the one way in for HTTP and CLI.

A wave is planned by one transaction in PostgreSQL and started behind the answer; a command is an update of its
workflow, answered after it was recorded.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import ValidationError, create_model
from pydantic.fields import FieldInfo

from contracts.waves import WaveAnswer
from domain.access import Person
from domain.privacy import Identity, TextKind
from domain.surveys.waves.commands import PERSONS_WAVE_COMMANDS, Revise, WaveSubmission
from domain.surveys.waves.revision import revision_faults
from domain.surveys.waves.wave import Wave
from runtime.launcher import WaveLauncher
from runtime.wave_planning import WavePlanner
from starter.bodies import Body, FreeText, Moment
from starter.carrying import carry
from starter.keys import RequestKeys
from starter.problems import Problem, field_errors, invalid, not_found
from starter.repetitions import Repeatable, Repetitions
from starter.undertakings import SignOffBody
from storage.idempotency import StoredAnswer
from storage.pool import Pool, StoreAway, transaction
from storage.surveys import StoredSurvey, Surveys, UnknownSurvey
from storage.vault import Vault
from storage.waves import Waves, keep_wave_subject, wave_subject


@dataclass(frozen=True, slots=True)
class WaveRequest:
    """A command for a wave as an interface received it."""

    person: Person
    reference: str
    name: str
    values: Mapping[str, Any]
    key: str | None = None
    repeatable: Repeatable | None = None


@dataclass(frozen=True, slots=True)
class WaveDone:
    """What became of a command: where it was recorded and the wave as it is now, or the answer that it had before."""

    answer: WaveAnswer | None
    replayed: StoredAnswer | None = None


@cache
def wave_body_of(name: str) -> type[Body]:
    """The model of a command's request body: its fields, sealed texts as texts."""
    if name == "sign_off":
        return SignOffBody
    kind = PERSONS_WAVE_COMMANDS[name]
    fields: dict[str, Any] = {
        field: (_open_type(field, info), FieldInfo(default=info.default, description=info.description))
        for field, info in kind.model_fields.items()
        if field != "command"
    }
    return create_model(f"{kind.__name__}WaveBody", __base__=Body, __doc__=kind.__doc__, **fields)


def _open_type(field: str, info: FieldInfo) -> Any:
    match field:
        case "reason":
            return FreeText if info.is_required() else FreeText | None
        case "until":
            return Moment
        case _:
            return Annotated[(info.annotation, *info.metadata)] if info.metadata else info.annotation


class WaveDesk:
    """Plans waves and takes commands for them."""

    def __init__(
        self,
        *,
        pool: Pool,
        vault: Vault,
        surveys: Surveys,
        waves: Waves,
        launcher: WaveLauncher,
        planner: WavePlanner,
        repetitions: Repetitions,
        keys: RequestKeys,
    ) -> None:
        self._pool = pool
        self._vault = vault
        self._surveys = surveys
        self._waves = waves
        self._launcher = launcher
        self._planner = planner
        self._repetitions = repetitions
        self._keys = keys

    async def plan(self, person: Person, survey: str, version: int | None, key: str | None) -> Wave:
        """Plan a wave of a survey, of its newest version unless another is named, and begin to draw its sample."""
        pinned = await self.survey(survey, version)
        submission = self._keys.submission("plan", person.id, survey, key)
        return await self._planner.plan(survey, pinned.definition.version, person.id, submission)

    async def survey(self, survey: str, version: int | None = None) -> StoredSurvey:
        """A stored survey. Raises `Problem` 404."""
        try:
            if version is None:
                return await self._surveys.newest(survey)
            return await self._surveys.version(survey, version)
        except UnknownSurvey:
            raise not_found("there is no such survey, or no such version of it") from None

    async def recorded(self, reference: str) -> Wave:
        """The wave as it is recorded. Raises `Problem` 404."""
        wave = await self._waves.find(reference)
        if wave is None:
            raise not_found("there is no wave of this number")
        return wave

    async def current(self, reference: str) -> tuple[Wave, Literal["live", "record"]]:
        """As it is recorded, which is before anybody is answered, and whether its process runs."""
        recorded = await self.recorded(reference)
        runs = not recorded.has_ended and await self._launcher.is_running(reference)
        return recorded, "live" if runs else "record"

    async def perform(self, request: WaveRequest) -> WaveDone:
        """Do a command. Raises `Problem`: 404, 409 (the guard), 422 (the fields), 503."""
        wave = await self.recorded(request.reference)
        submission, texts = self._understood(request, wave)
        if isinstance(submission.command, Revise):
            await self._check_revision(wave, submission.command.version)
        earlier = await self._repetitions.begin(request.repeatable)
        if earlier is not None:
            return WaveDone(None, earlier)
        try:
            await self._seal(request.reference, texts)
            return WaveDone(await self._carry(request.reference, submission))
        except (Problem, StoreAway) as error:
            await self._repetitions.leave(request.repeatable, error)
            raise

    async def keep(self, request: WaveRequest, answer: StoredAnswer) -> None:
        """Keep the answer of a request for its repetition."""
        await self._repetitions.keep(request.repeatable, answer)

    async def _check_revision(self, wave: Wave, version: int) -> None:
        """Refuse a version that a running wave cannot take over. Raises `Problem`: 404, 409."""
        before, after = [await self.survey(wave.survey, each) for each in (wave.version, version)]
        faults = ", ".join(revision_faults(before.definition, after.definition))
        if faults:
            raise Problem(
                409, "not_compatible", f"version {version} differs where the wave has begun already: {faults}"
            )

    async def texts(self, facts: Iterable[Any]) -> dict[str, str]:
        """What people wrote in the facts of a wave, by the ids that stand in them."""
        found = re.findall(r"txt_[0-9a-f]{32}", " ".join(fact.model_dump_json() for fact in facts))
        return await self._vault.open_texts(found) if found else {}

    async def _seal(self, reference: str, texts: Mapping[str, str]) -> None:
        """Seal what a person writes about a wave under the wave's own key."""
        if not texts:
            return
        now = datetime.now(UTC)
        async with transaction(self._pool) as connection:
            subject = await wave_subject(connection, reference)
            if subject is None:
                subject = await self._vault.create_subject(connection, Identity(), at=now)
                await keep_wave_subject(connection, reference, subject)
            for item, text in texts.items():
                await self._vault.seal(connection, subject, item, TextKind.NOTE, text, at=now)

    def _understood(self, request: WaveRequest, wave: Wave) -> tuple[WaveSubmission, dict[str, str]]:
        """The submission, and its texts by the ids under which they are to be sealed. Raises `Problem` 422."""
        submission_id = self._keys.submission(request.name, request.person.id, request.reference, request.key)
        try:
            body = wave_body_of(request.name).model_validate(request.values)
            values, texts = self._with_sealed_texts(submission_id, body)
            command = PERSONS_WAVE_COMMANDS[request.name].model_validate({"command": request.name, **values})
        except ValidationError as error:
            raise invalid(field_errors(error.errors())) from None
        given = {"id": submission_id, "actor": request.person.id, "command": command, "as_of": wave.sequence}
        return WaveSubmission.model_validate(given), texts

    def _with_sealed_texts(self, submission: str, body: Body) -> tuple[dict[str, Any], dict[str, str]]:
        values, texts = body.model_dump(exclude_none=True), {}
        if "reason" in values:
            item = self._keys.text(submission, "reason")
            texts[item], values["reason"] = values["reason"], item
        for number, measure in enumerate(values.get("measures", ())):
            item = self._keys.text(submission, f"measures.{number}.title")
            texts[item], measure["title"] = measure["title"], item
        return values, texts

    async def _carry(self, reference: str, submission: WaveSubmission) -> WaveAnswer:
        """Bring the command to the workflow. Its refusal is a 409; an unknown outcome is a 503."""
        epoch = await self._waves.epoch(reference)
        return await carry(self._launcher, reference, epoch, submission)
