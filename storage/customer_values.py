"""What customers bought before and buy now, from the attributes that the customers' import keeps.

Attributes `value_before`, `value_now` and `last_score` of a customer. Who has no former value is no part of a study;
whose values are no amounts is counted and left out.
"""

import json
import math
from collections.abc import Mapping
from typing import Any

from activities.undertaking_ports import Defectors
from domain.surveys.comparison.defection import SATISFIED_FROM, study_defection
from storage.pool import Pool, borrow


class CustomerValues:
    """Reads the customers whose values are known."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def defectors(self) -> Defectors:
        """All customers with a former value, those who left and those who did not, in a fixed order."""
        async with borrow(self._pool) as connection:
            rows = await connection.fetch(
                """SELECT subject, attributes::text FROM customer
                    WHERE attributes ? 'value_before' AND attributes ? 'value_now' ORDER BY subject"""
            )
        told = [(row["subject"], _values(json.loads(row["attributes"]))) for row in rows]
        known = [(subject, values) for subject, values in told if values is not None and values[0] > 0]
        before, after, scores = ([values[place] for _, values in known] for place in range(3))
        return Defectors(
            study_defection(before, after, scores) if known else None,
            tuple(subject for subject, _ in known),
            tuple(before),
            tuple(score >= SATISFIED_FROM for score in scores),
            sum(values is None for _, values in told),
        )


def _values(attributes: Mapping[str, Any]) -> tuple[float, float, float] | None:
    """Before, now, and the last score (not a number where there is none); none where an amount is no amount."""
    before, now = (_number(attributes[name]) for name in ("value_before", "value_now"))
    if not (before >= 0 and now >= 0):
        return None
    return before, now, _number(attributes.get("last_score"))


def _number(value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return math.nan
    return number if math.isfinite(number) else math.nan
