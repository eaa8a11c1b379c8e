"""What the pages say, in both languages, and how they say a time."""

import tomllib
from collections.abc import Mapping
from datetime import datetime, time, timedelta
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from domain.privacy import Language

LANGUAGE_TAGS = {Language.ZH: "zh-CN", Language.EN: "en"}
NAMES = {Language.ZH: "中文", Language.EN: "English"}
MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September"),
    *("October", "November", "December"),
)

Words = Mapping[str, Any]


@cache
def words(language: Language) -> Words:
    """Every word of the pages in a language, by page and place."""
    text = (files("starter.pages") / "wording" / f"{language}.toml").read_text("utf-8")
    return tomllib.loads(text)


def language_wanted(asked: str | None, accepted: str, otherwise: Language = Language.EN) -> Language:
    """The language that the address asks for, else the first that the browser accepts and we speak (RFC 9110, 12.5.4).

    Anything that is not understood is passed over.
    """
    if asked in set(Language):
        return Language(asked)
    weighed = [_weighed(part) for part in accepted[:500].split(",")]
    for _, tag in sorted((each for each in weighed if each[0] > 0), key=lambda each: -each[0]):
        if tag in set(Language):
            return Language(tag)
    return otherwise


def deadline(at: datetime, zone: ZoneInfo, language: Language) -> str:
    """A time by which something is due; the first minute of a day is the end of the day before, as people say it."""
    local = at.astimezone(zone)
    if local.time() != time():
        return moment(at, zone, language)
    day = local.date() - timedelta(days=1)
    if language is Language.ZH:
        return f"{day.year}年{day.month}月{day.day}日 24:00"
    return f"the end of {day.day} {MONTHS[day.month - 1]} {day.year}"


def moment(at: datetime, zone: ZoneInfo, language: Language) -> str:
    """A time to the minute where the organisation is, such as "3 March 2026, 09:30"."""
    local = at.astimezone(zone)
    if language is Language.ZH:
        return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}"
    return f"{local.day} {MONTHS[local.month - 1]} {local.year}, {local:%H:%M}"


def offset(at: datetime, zone: ZoneInfo) -> str:
    """How far the zone is from UTC then, such as UTC+08:00."""
    written = at.astimezone(zone).strftime("%z")
    return f"UTC{written[:3]}:{written[3:5]}"


def _weighed(part: str) -> tuple[float, str]:
    tag, _, quality = part.strip().partition(";")
    primary = tag.strip().lower().partition("-")[0]
    weight = quality.strip().removeprefix("q=")
    try:
        return (float(weight) if weight else 1.0), primary
    except ValueError:
        return 0.0, primary
