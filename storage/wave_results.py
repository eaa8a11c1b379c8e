"""The answers of a wave as a whole, the weights that they were frozen with, and the report."""

import json
from datetime import datetime
from typing import Any

from domain.surveys.dispositions import Disposition
from domain.surveys.waves.results import SampledContact, SampledStratum, WaveSample
from domain.surveys.waves.wave import Wave
from storage.pool import Pool, borrow, transaction

CONTACTS_AT_ONCE = 20_000


class WaveResults:
    """What the index of a wave is computed on, and what came out."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def sample(self, wave: str) -> WaveSample:
        """The whole sample with its answers, in the order of contacts; read page by page."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                "SELECT stratum, units, taken + released AS taken FROM wave_stratum WHERE wave = $1 ORDER BY stratum",
                wave,
            )
        strata = {row["stratum"]: SampledStratum(row["units"], row["taken"]) for row in rows}
        contacts: list[SampledContact] = []
        while page := await self._contacts(wave, contacts[-1].number if contacts else 0):
            contacts += page
        return WaveSample(strata, contacts)

    async def _contacts(self, wave: str, after: int) -> list[SampledContact]:
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                """SELECT c.number, c.stratum, c.disposition, c.attributes::text, r.answers::text, c.version
                     FROM contact c LEFT JOIN response r USING (wave, number)
                    WHERE c.wave = $1 AND c.number > $2 AND NOT c.is_reserve ORDER BY c.number LIMIT $3""",
                wave,
                after,
                CONTACTS_AT_ONCE,
            )
        return [
            SampledContact(
                row["number"],
                row["stratum"],
                Disposition(row["disposition"]),
                json.loads(row["attributes"]),
                None if row["answers"] is None else json.loads(row["answers"]),
                row["version"],
            )
            for row in rows
        ]

    async def freeze(self, wave: str, weights: dict[int, float], inputs_sha256: str, at: datetime) -> None:
        """Keep the final weight of each response and the digest of what they were computed from."""
        async with transaction(self._pool) as connection:
            numbers, finals = list(weights), list(weights.values())
            for begin in range(0, len(numbers), CONTACTS_AT_ONCE):
                await connection.execute(
                    """UPDATE response r SET weight = n.weight
                         FROM unnest($2::integer[], $3::double precision[]) AS n(number, weight)
                        WHERE r.wave = $1 AND r.number = n.number""",
                    wave,
                    numbers[begin : begin + CONTACTS_AT_ONCE],
                    finals[begin : begin + CONTACTS_AT_ONCE],
                )
            await connection.execute(
                """INSERT INTO wave_result (wave, computed_at, inputs_sha256) VALUES ($1, $2, $3)
                   ON CONFLICT (wave) DO NOTHING""",
                wave,
                at,
                inputs_sha256,
            )

    async def keep_report(self, wave: str, report: dict[str, Any], sha256: str) -> None:
        """Keep the report of a wave; it is written once."""
        async with borrow(self._pool) as connection:
            await connection.execute(
                "UPDATE wave_result SET report = $2::jsonb, report_sha256 = $3 WHERE wave = $1 AND report IS NULL",
                wave,
                json.dumps(report, ensure_ascii=False),
                sha256,
            )

    async def before(self, wave: str) -> Wave | None:
        """The last wave of the same survey that was computed before this one, and has an index."""
        async with borrow(self._pool) as connection:
            state = await connection.fetchval(
                """SELECT w.state::text FROM wave w JOIN wave_result r ON r.wave = w.reference
                    WHERE w.survey = (SELECT survey FROM wave WHERE reference = $1) AND w.reference <> $1
                      AND jsonb_typeof(w.state #> '{result,index}') = 'number'
                      AND r.computed_at < (SELECT computed_at FROM wave_result WHERE wave = $1)
                    ORDER BY r.computed_at DESC LIMIT 1""",
                wave,
            )
        return None if state is None else Wave.model_validate_json(state)

    async def report(self, wave: str) -> str | None:
        """The report as JSON, once there is one."""
        async with borrow(self._pool) as connection:
            found: str | None = await connection.fetchval("SELECT report::text FROM wave_result WHERE wave = $1", wave)
        return found
