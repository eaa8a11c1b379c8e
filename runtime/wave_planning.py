"""Planning waves: by a person, or by a turn of a survey's schedule, which plans one wave however often it runs."""

from collections.abc import Callable
from datetime import datetime

from domain.surveys.waves.decide import plan_wave
from domain.surveys.waves.evolve import fold_wave
from domain.surveys.waves.wave import Wave
from runtime.launcher import WaveLauncher
from storage.pool import Connection, Pool, transaction
from storage.recurrences import Recurrences, TurnTaken, take_turn
from storage.surveys import Surveys
from storage.waves import next_wave_reference, open_wave


class WavePlanner:
    """Opens waves of stored surveys."""

    def __init__(
        self,
        pool: Pool,
        surveys: Surveys,
        recurrences: Recurrences,
        launcher: WaveLauncher,
        now: Callable[[], datetime],
    ) -> None:
        self._pool = pool
        self._surveys = surveys
        self._recurrences = recurrences
        self._launcher = launcher
        self._now = now

    async def plan(self, survey: str, version: int, by: str, submission: str) -> Wave:
        """Plan a wave of a version and begin to draw its sample."""
        async with transaction(self._pool) as connection:
            wave = await self._open(connection, survey, version, by, submission, launches=False)
        await self._launcher.start(wave.reference)
        return wave

    async def plan_turn(self, survey: str, at: datetime) -> str | None:
        """Plan the wave of a turn, of the newest version, once; None where the survey has no waves by itself now."""
        known = await self._recurrences.of_turn(survey, at)
        if known is not None:
            return known
        found = await self._recurrences.find(survey)
        if found is None:
            return None
        recurrence, set_by = found
        version = (await self._surveys.newest(survey)).definition.version
        try:
            async with transaction(self._pool) as connection:
                submission = f"turn-{at:%Y%m%dT%H%M%S}"
                wave = await self._open(connection, survey, version, set_by, submission, launches=recurrence.launches)
                await take_turn(connection, survey, at, wave.reference)
        except TurnTaken:
            return await self._recurrences.of_turn(survey, at)
        await self._launcher.start(wave.reference)
        return wave.reference

    async def _open(
        self, connection: Connection, survey: str, version: int, by: str, submission: str, *, launches: bool
    ) -> Wave:
        now = self._now()
        reference = await next_wave_reference(connection, now)
        entries = plan_wave(reference, survey, version, by, submission, now, launches=launches)
        wave = fold_wave(entries)
        await open_wave(connection, entries, wave, now)
        return wave
