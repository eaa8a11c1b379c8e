"""What was handed to the outside, by effect key: the memory that keeps a message from going out twice."""

from datetime import datetime

from activities.ports import HandOverUnderWay
from storage.pool import Pool, borrow


class Deliveries:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def accepted(self, effect_key: str) -> str | None:
        """The evidence of an earlier hand-over, if there was one."""
        async with borrow(self._pool) as connection:
            evidence: str | None = await connection.fetchval(
                "SELECT evidence FROM delivery WHERE effect_key = $1 AND accepted_at IS NOT NULL", effect_key
            )
        return evidence

    async def attempted(self, effect_key: str, way: str, at: datetime, held_until: datetime) -> None:
        """Remember that an attempt begins, which may go out without our hearing of it, and hold the message.

        Raises HandOverUnderWay while another attempt holds it: the two could both go out.
        """
        async with borrow(self._pool) as connection:
            held = await connection.fetchval(
                """INSERT INTO delivery (effect_key, way, attempts, first_at, held_until) VALUES ($1, $2, 1, $3, $4)
                   ON CONFLICT (effect_key) DO UPDATE SET attempts = delivery.attempts + 1, held_until = $4
                    WHERE delivery.held_until IS NULL OR delivery.held_until <= $3
                   RETURNING true""",
                effect_key,
                way,
                at,
                held_until,
            )
        if not held:
            raise HandOverUnderWay(effect_key)

    async def refused(self, effect_key: str) -> None:
        """The attempt is over and nothing went out: the next one may begin."""
        async with borrow(self._pool) as connection:
            await connection.execute("UPDATE delivery SET held_until = NULL WHERE effect_key = $1", effect_key)

    async def accept(self, effect_key: str, evidence: str, at: datetime) -> None:
        """Remember that the other side took it; the first evidence stays."""
        async with borrow(self._pool) as connection:
            await connection.execute(
                """UPDATE delivery SET accepted_at = $2, evidence = $3, held_until = NULL
                    WHERE effect_key = $1 AND accepted_at IS NULL""",
                effect_key,
                at,
                evidence,
            )

    async def of_evidence(self, evidence: str) -> str | None:
        """The effect key of the message that the other side calls so."""
        async with borrow(self._pool) as connection:
            found: str | None = await connection.fetchval(
                "SELECT effect_key FROM delivery WHERE evidence = $1 ORDER BY first_at LIMIT 1", evidence
            )
        return found

    async def bounced(self, effect_key: str, code: str, at: datetime) -> None:
        """Remember that the message came back; the first report stays."""
        async with borrow(self._pool) as connection:
            await connection.execute(
                "UPDATE delivery SET bounced_at = $3, bounce_code = $2 WHERE effect_key = $1 AND bounced_at IS NULL",
                effect_key,
                code,
                at,
            )
