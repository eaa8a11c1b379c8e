"""What customers bought before and buy now, from the attributes that the customers' import keeps.

Attributes `value_before`, `value_now` and `last_score` of a customer; who has no former value is no part of a study.
"""

import json

import numpy as np

from activities.undertaking_ports import Defectors
from domain.surveys.comparison.defection import study_defection
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
        known = [(row["subject"], json.loads(row["attributes"])) for row in rows]
        known = [(subject, values) for subject, values in known if float(values["value_before"]) > 0]
        before = [float(values["value_before"]) for _, values in known]
        after = [float(values["value_now"]) for _, values in known]
        scores = [float(values.get("last_score") or np.nan) for _, values in known]
        return Defectors(study_defection(before, after, scores), tuple(subject for subject, _ in known), tuple(before))
