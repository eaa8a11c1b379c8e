"""How pages say a time, and which language they speak."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from domain.privacy import Language
from starter.pages.wording import deadline, language_wanted, moment, offset

SHANGHAI, LONDON = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/London")
EVENING = datetime(2026, 11, 27, 14, 5, tzinfo=UTC)
MIDNIGHT = datetime(2026, 12, 31, 16, 0, tzinfo=UTC)


def test_a_time_is_said_where_the_organisation_is() -> None:
    assert moment(EVENING, SHANGHAI, Language.EN) == "27 November 2026, 22:05"
    assert moment(EVENING, SHANGHAI, Language.ZH) == "2026年11月27日 22:05"
    assert moment(EVENING, LONDON, Language.EN) == "27 November 2026, 14:05"


def test_what_is_due_at_midnight_is_due_by_the_end_of_the_day_before() -> None:
    assert deadline(MIDNIGHT, SHANGHAI, Language.EN) == "the end of 31 December 2026"
    assert deadline(MIDNIGHT, SHANGHAI, Language.ZH) == "2026年12月31日 24:00"
    assert deadline(EVENING, SHANGHAI, Language.EN) == moment(EVENING, SHANGHAI, Language.EN)


def test_the_zone_is_said_by_its_distance_from_utc() -> None:
    assert offset(EVENING, SHANGHAI) == "UTC+08:00"
    assert offset(datetime(2026, 7, 1, tzinfo=UTC), LONDON) == "UTC+01:00"


@pytest.mark.parametrize(
    ("asked", "accepted", "expected"),
    [
        ("zh", "en", "zh"),
        (None, "zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        (None, "en-GB,en;q=0.9", "en"),
        (None, "en;q=0.2, zh-Hans;q=0.7", "zh"),
        (None, "zh;q=0, en", "en"),
        (None, "fr, de;q=0.5", "en"),
        (None, "", "en"),
        ("fr", "zh", "zh"),
        (None, ";q=,,zh;q=x,=;;", "en"),
        (None, "zh;q=nan", "en"),
    ],
)
def test_the_language_is_the_one_asked_for_or_the_best_that_the_browser_accepts(
    asked: str | None, accepted: str, expected: str
) -> None:
    assert language_wanted(asked, accepted) == expected
