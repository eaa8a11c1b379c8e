"""What the console says: every word in both languages, and how times, codes and names are said on a page."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from domain.complaints.taxonomy import Taxonomy, Term
from domain.privacy import Language
from starter.pages.wording import deadline, moment, offset

Words = Mapping[str, Any]


@cache
def words(language: Language) -> Words:
    """Every word in a language: one file a page, under the file's name."""
    folder = files("starter.console") / "wording" / language.value
    return {
        file.name.removesuffix(".toml"): tomllib.loads(file.read_text("utf-8"))
        for file in sorted(folder.iterdir(), key=lambda file: file.name)
        if file.name.endswith(".toml")
    }


@dataclass(frozen=True, slots=True)
class Speech:
    """How one page speaks: its language, where its readers are, what time it is, which codes there are."""

    language: Language
    zone: ZoneInfo
    now: datetime
    taxonomy: Taxonomy

    @property
    def words(self) -> Words:
        return words(self.language)

    def moment(self, at: datetime) -> str:
        """A time to the minute, in full."""
        return moment(at, self.zone, self.language)

    def deadline(self, at: datetime) -> str:
        """A time by which something is due, in full, as it is read out."""
        return deadline(at, self.zone, self.language)

    def brief(self, at: datetime) -> str:
        """A time for a table: without the year while it is this one."""
        local, here = at.astimezone(self.zone), self.now.astimezone(self.zone)
        if local.date() == here.date():
            return f"{self.words['layout']['today']} {local:%H:%M}"
        return f"{local:%m-%d %H:%M}" if local.year == here.year else f"{local:%Y-%m-%d}"

    def brief_deadline(self, at: datetime) -> str:
        """A due time for a table; the first minute of a day is the end of the day before, as people say it."""
        local = at.astimezone(self.zone)
        if local.time() != time():
            return self.brief(at)
        return f"{local - timedelta(days=1):%m-%d} 24:00"

    def stamp(self, at: datetime) -> str:
        """A time for programs, as `datetime` attributes have it."""
        return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")

    def local(self, at: datetime) -> str:
        """A time as a field for local times has it."""
        return at.astimezone(self.zone).strftime("%Y-%m-%dT%H:%M")

    def left(self, due: datetime) -> str:
        """How long until then, or how long over, in two units."""
        said = self.words["layout"]["left"]
        span = abs(due - self.now)
        return str(said["over" if due < self.now else "still"]).format(span=self.span(span))

    def span(self, span: timedelta) -> str:
        """A length of time in its two largest units."""
        units = self.words["layout"]["units"]
        days, minutes = span.days, span.seconds // 60
        hours, minutes = divmod(minutes, 60)
        if days:
            return f"{days}{units['day']} {hours}{units['hour']}"
        return f"{hours}{units['hour']} {minutes}{units['minute']}" if hours else f"{minutes}{units['minute']}"

    def urgency(self, due: datetime | None) -> str:
        """How a due time is coloured: over, within a day, or later."""
        if due is None:
            return "none"
        return "over" if due < self.now else "soon" if due - self.now < timedelta(hours=24) else "later"

    def term(self, listed: str, code: str | None) -> str:
        """A code of the taxonomy by its name; one that is unknown stays as it is."""
        if not code:
            return ""
        terms: dict[str, Term] = getattr(self.taxonomy, listed)
        return getattr(terms[code], self.language.value) if code in terms else code

    def of(self, vocabulary: str, value: Any) -> str:
        """A word of a closed list, such as `Status`."""
        known: Mapping[str, str] = self.words["terms"].get(vocabulary, {})
        return known.get(str(value), str(value))

    @property
    def offset(self) -> str:
        return offset(self.now, self.zone)
