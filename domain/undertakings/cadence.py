"""What is undertaken again and again: the scan for surges each day, the analysis of each week and of each month."""

from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo


class Cadence(StrEnum):
    SURGES = "surges"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


def days_over(cadence: Cadence, at: datetime, zone: str) -> tuple[date, date]:
    """The first and the last of the days that are over at that moment: yesterday, last week (ISO), last month."""
    today = at.astimezone(ZoneInfo(zone)).date()
    match cadence:
        case Cadence.SURGES:
            return today - timedelta(days=1), today - timedelta(days=1)
        case Cadence.WEEKLY:
            monday = today - timedelta(days=today.weekday())
            return monday - timedelta(days=7), monday - timedelta(days=1)
        case Cadence.MONTHLY:
            last = today.replace(day=1) - timedelta(days=1)
            return last.replace(day=1), last
