"""How often surveys have a wave by themselves, and the turns that their schedules have had."""

from collections.abc import Mapping
from datetime import datetime

from domain.surveys.waves.recurrence import Recurrence
from storage.pool import Connection, Pool, borrow


class TurnTaken(Exception):
    """Another process has just planned the wave of this turn."""


class Recurrences:
    """What people have set, by survey."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def set(self, survey: str, recurrence: Recurrence | None, by: str, at: datetime) -> None:
        """Set how often a survey has a wave; None ends it."""
        async with borrow(self._pool) as connection:
            await connection.execute(
                """INSERT INTO survey_recurrence (survey, recurrence, set_by, set_at) VALUES ($1, $2::jsonb, $3, $4)
                   ON CONFLICT (survey) DO UPDATE SET recurrence = excluded.recurrence, set_by = excluded.set_by,
                                                      set_at = excluded.set_at""",
                survey,
                None if recurrence is None else recurrence.model_dump_json(),
                by,
                at,
            )

    async def find(self, survey: str) -> tuple[Recurrence, str] | None:
        """How often a survey has a wave, and who said so."""
        async with borrow(self._pool) as connection:
            row = await connection.fetchrow(
                "SELECT recurrence::text, set_by FROM survey_recurrence WHERE survey = $1", survey
            )
        if row is None or row["recurrence"] is None:
            return None
        return Recurrence.model_validate_json(row["recurrence"]), row["set_by"]

    async def all(self) -> Mapping[str, Recurrence | None]:
        """Every survey for which somebody has set anything; None where that has ended."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch("SELECT survey, recurrence::text FROM survey_recurrence ORDER BY survey")
        return {
            row["survey"]: None if row["recurrence"] is None else Recurrence.model_validate_json(row["recurrence"])
            for row in rows
        }

    async def of_turn(self, survey: str, at: datetime) -> str | None:
        """The wave that a turn has planned, if it has."""
        async with borrow(self._pool) as connection:
            wave: str | None = await connection.fetchval(
                "SELECT wave FROM wave_turn WHERE survey = $1 AND at = $2", survey, at
            )
        return wave


async def take_turn(connection: Connection, survey: str, at: datetime, wave: str) -> None:
    """Note which wave a turn has planned. Raises TurnTaken."""
    taken = await connection.fetchval(
        """INSERT INTO wave_turn (survey, at, wave) VALUES ($1, $2, $3)
           ON CONFLICT (survey, at) DO NOTHING RETURNING wave""",
        survey,
        at,
        wave,
    )
    if taken is None:
        raise TurnTaken
