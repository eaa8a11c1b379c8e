"""Which earlier cases are likely about the same matter, and the reasons that are told."""

from datetime import datetime, timedelta

import pytest

from domain.complaints.likeness import Alike, EarlierCase, Matter, compare
from domain.complaints.terms import Status
from tests.unit.complaints.story import march

NOW = march(31)


def earlier(
    days_ago: float, *, is_open: bool = False, category: str | None = None, product: str | None = None
) -> EarlierCase:
    return EarlierCase(
        reference="C-2026-000001",
        status=Status.ASSIGNED if is_open else Status.CLOSED,
        received_at=NOW - timedelta(days=days_ago),
        is_open=is_open,
        category=category,
        product=product,
        known_by=frozenset({Alike.SAME_PHONE}),
    )


def matter(category: str | None = None, product: str | None = None, at: datetime = NOW) -> Matter:
    return Matter(at=at, category=category, product=product)


@pytest.mark.parametrize(
    ("new", "case", "likely"),
    [
        (matter("billing"), earlier(5, category="billing"), True),
        (matter("billing"), earlier(5, category="safety"), False),
        (matter("billing"), earlier(80, category="billing"), False),
        (matter("billing"), earlier(80, is_open=True, category="billing"), True),
        (matter("billing"), earlier(30, category="billing"), True),
        (matter("billing"), earlier(30.1, category="billing"), False),
        (matter("billing", "meter-7"), earlier(5, category="safety", product="meter-7"), True),
        (matter("billing", "meter-7"), earlier(5, category="safety", product="boiler"), False),
        (matter(), earlier(5, category="safety"), True),
        (matter("billing"), earlier(5), True),
        (matter(), earlier(80), False),
    ],
)
def test_what_is_open_or_recent_and_does_not_differ_is_likely_the_same(
    new: Matter, case: EarlierCase, likely: bool
) -> None:
    assert compare(new, case).is_likely_duplicate is likely


def test_every_reason_is_told_in_one_order() -> None:
    case = earlier(5, is_open=True, category="billing", product="meter-7")
    assert compare(matter("billing", "meter-7"), case).reasons == (
        Alike.SAME_PHONE,
        Alike.SAME_CATEGORY,
        Alike.SAME_PRODUCT,
        Alike.STILL_OPEN,
        Alike.RECENT,
    )
