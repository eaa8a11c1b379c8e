"""What was handed to the outside, by effect key: the memory that keeps a message from going out twice."""

from datetime import datetime

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

    async def attempted(self, effect_key: str, at: datetime) -> None:
        """Remember that an attempt begins: an attempt without an outcome may have gone out."""
        async with borrow(self._pool) as connection:
            await connection.execute(
                """INSERT INTO delivery (effect_key, attempts, first_at) VALUES ($1, 1, $2)
                   ON CONFLICT (effect_key) DO UPDATE SET attempts = delivery.attempts + 1""",
                effect_key,
                at,
            )

    async def accept(self, effect_key: str, evidence: str, at: datetime) -> None:
        """Remember that the other side took it; the first evidence stays."""
        async with borrow(self._pool) as connection:
            await connection.execute(
                "UPDATE delivery SET accepted_at = $2, evidence = $3 WHERE effect_key = $1 AND accepted_at IS NULL",
                effect_key,
                at,
                evidence,
            )
