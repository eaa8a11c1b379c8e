"""How often a survey has a wave by itself: set by a person, kept in the record, carried out by a schedule."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from temporalio.client import Client

from domain.access import Person
from domain.surveys.waves.recurrence import Recurrence
from runtime.launcher import TEMPORAL_AWAY
from runtime.schedules import apply_recurrences, next_turn
from starter.problems import not_found
from storage.recurrences import Recurrences
from storage.surveys import Surveys, UnknownSurvey


@dataclass(frozen=True, slots=True)
class Recurring:
    """How often, and when next; that is not known while Temporal is away."""

    survey: str
    recurrence: Recurrence
    time_zone: str
    set_by: str
    next_at: datetime | None


class RecurrenceDesk:
    """Sets, shows and ends recurrences. A schedule that Temporal could not take now is put right by a chore."""

    def __init__(self, surveys: Surveys, recurrences: Recurrences, client: Client, task_queue: str, zone: str) -> None:
        self._surveys = surveys
        self._recurrences = recurrences
        self._client = client
        self._task_queue = task_queue
        self._zone = zone

    async def set(self, person: Person, survey: str, recurrence: Recurrence) -> Recurring:
        """Let a survey have waves by itself. Raises `Problem` 404."""
        try:
            await self._surveys.newest(survey)
        except UnknownSurvey:
            raise not_found("there is no such survey") from None
        await self._recurrences.set(survey, recurrence, person.id, datetime.now(UTC))
        await self._apply(survey, recurrence)
        return await self.show(survey)

    async def end(self, person: Person, survey: str) -> None:
        """Let it have none any more; those that were planned go on. Raises `Problem` 404."""
        await self.show(survey)
        await self._recurrences.set(survey, None, person.id, datetime.now(UTC))
        await self._apply(survey, None)

    async def show(self, survey: str) -> Recurring:
        """How often a survey has a wave. Raises `Problem` 404 where nobody has set anything."""
        found = await self._recurrences.find(survey)
        if found is None:
            raise not_found("this survey has no waves by itself")
        recurrence, set_by = found
        return Recurring(survey, recurrence, self._zone, set_by, await next_turn(self._client, survey))

    async def _apply(self, survey: str, recurrence: Recurrence | None) -> None:
        with suppress(*TEMPORAL_AWAY):
            await apply_recurrences(self._client, self._task_queue, self._zone, {survey: recurrence})
