"""Planning waves and giving them commands: the one way in for HTTP and CLI.

A wave is planned by one transaction in PostgreSQL and started behind the answer; a command is an update of its
workflow, answered after it was recorded.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from pydantic import ValidationError
from temporalio.client import (
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from contracts.names import REFUSED
from contracts.waves import WaveAnswer
from domain.access import Person
from domain.surveys.waves.commands import PERSONS_WAVE_COMMANDS, WaveSubmission
from domain.surveys.waves.decide import plan_wave
from domain.surveys.waves.evolve import fold_wave
from domain.surveys.waves.wave import Wave
from runtime.launcher import TEMPORAL_AWAY
from runtime.wave_launcher import WaveLauncher
from starter.keys import RequestKeys
from starter.problems import Problem, field_errors, invalid, not_found, unavailable
from starter.repetitions import Repeatable, Repetitions
from storage.idempotency import StoredAnswer
from storage.pool import Pool, StoreAway, transaction
from storage.surveys import StoredSurvey, Surveys, UnknownSurvey
from storage.waves import Waves, next_wave_reference, open_wave

UPDATE_LIMIT = timedelta(seconds=10)
NOT_READY_TRIES = 5
NOT_READY_PAUSE_SECONDS = 0.3


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


class WaveDesk:
    """Plans waves and takes commands for them."""

    def __init__(
        self,
        *,
        pool: Pool,
        surveys: Surveys,
        waves: Waves,
        launcher: WaveLauncher,
        repetitions: Repetitions,
        keys: RequestKeys,
    ) -> None:
        self._pool = pool
        self._surveys = surveys
        self._waves = waves
        self._launcher = launcher
        self._repetitions = repetitions
        self._keys = keys

    async def plan(self, person: Person, survey: str, version: int | None, key: str | None) -> Wave:
        """Plan a wave of a survey, of its newest version unless another is named, and begin to draw its sample."""
        pinned = await self.survey(survey, version)
        now = datetime.now(UTC)
        submission = self._keys.submission("plan", person.id, survey, key)
        async with transaction(self._pool) as connection:
            reference = await next_wave_reference(connection, now)
            entries = plan_wave(reference, survey, pinned.definition.version, person.id, submission, now)
            wave = fold_wave(entries)
            await open_wave(connection, entries, wave, now)
        await self._launcher.start(reference)
        return wave

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
        submission = self._understood(request, wave)
        earlier = await self._repetitions.begin(request.repeatable)
        if earlier is not None:
            return WaveDone(None, earlier)
        try:
            return WaveDone(await self._carry(request.reference, submission))
        except (Problem, StoreAway) as error:
            await self._repetitions.leave(request.repeatable, error)
            raise

    async def keep(self, request: WaveRequest, answer: StoredAnswer) -> None:
        """Keep the answer of a request for its repetition."""
        await self._repetitions.keep(request.repeatable, answer)

    def _understood(self, request: WaveRequest, wave: Wave) -> WaveSubmission:
        try:
            command = PERSONS_WAVE_COMMANDS[request.name].model_validate({"command": request.name, **request.values})
        except ValidationError as error:
            raise invalid(field_errors(error.errors())) from None
        submission_id = self._keys.submission(request.name, request.person.id, request.reference, request.key)
        return WaveSubmission.model_validate(
            {"id": submission_id, "actor": request.person.id, "command": command, "as_of": wave.sequence}
        )

    async def _carry(self, reference: str, submission: WaveSubmission) -> WaveAnswer:
        """Bring the command to the workflow. Its refusal is a 409; an unknown outcome is a 503."""
        epoch = await self._waves.epoch(reference)
        for _ in range(NOT_READY_TRIES):
            try:
                return await self._launcher.perform(reference, epoch, submission, UPDATE_LIMIT)
            except WorkflowUpdateFailedError as error:
                raise _refused(error) from None
            except WorkflowUpdateRPCTimeoutOrCancelledError:
                break
            except TEMPORAL_AWAY as error:
                if not isinstance(error, RPCError) or error.status is not RPCStatusCode.FAILED_PRECONDITION:
                    break
            await asyncio.sleep(NOT_READY_PAUSE_SECONDS)
        raise unavailable(
            "outcome_unknown", "the wave does not answer now; repeat the request with the same Idempotency-Key"
        )


def _refused(error: WorkflowUpdateFailedError) -> Problem:
    cause = error.cause
    if isinstance(cause, ApplicationError) and cause.type == REFUSED:
        guard = str(cause.details[0]) if cause.details else "refused"
        return Problem(409, guard, cause.message)
    return unavailable("outcome_unknown", "the wave's process was replaced meanwhile; repeat the request")
