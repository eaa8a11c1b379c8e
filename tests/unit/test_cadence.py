from datetime import UTC, date, datetime

import pytest

from domain.undertakings.cadence import Cadence, days_over

SHANGHAI = "Asia/Shanghai"


@pytest.mark.parametrize(
    ("cadence", "at", "expected"),
    [
        (Cadence.SURGES, datetime(2026, 3, 1, 1, tzinfo=UTC), (date(2026, 2, 28), date(2026, 2, 28))),
        (Cadence.SURGES, datetime(2026, 2, 28, 17, tzinfo=UTC), (date(2026, 2, 28), date(2026, 2, 28))),
        (Cadence.WEEKLY, datetime(2026, 1, 5, 1, tzinfo=UTC), (date(2025, 12, 29), date(2026, 1, 4))),
        (Cadence.WEEKLY, datetime(2026, 1, 11, 1, tzinfo=UTC), (date(2025, 12, 29), date(2026, 1, 4))),
        (Cadence.MONTHLY, datetime(2024, 3, 1, 0, tzinfo=UTC), (date(2024, 2, 1), date(2024, 2, 29))),
        (Cadence.MONTHLY, datetime(2026, 1, 31, 20, tzinfo=UTC), (date(2026, 1, 1), date(2026, 1, 31))),
    ],
)
def test_the_days_that_are_over_are_those_of_the_zone(
    cadence: Cadence, at: datetime, expected: tuple[date, date]
) -> None:
    assert days_over(cadence, at, SHANGHAI) == expected
