"""The words of the forms, in the language of the paper: labels, closed lists, codes, times."""

import tomllib
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from domain.complaints.forms.paper import Choice, Option
from domain.complaints.policy import Money
from domain.complaints.taxonomy import Taxonomy
from domain.privacy import Language

AN_HOUR = 3600


class Words:
    """Says things in one language, at the times of one zone; `legacy` has the names that an old system used."""

    def __init__(self, language: Language, taxonomy: Taxonomy, zone: str, legacy: Mapping[str, str] | None = None):
        self.language = language
        self._taxonomy = taxonomy
        self._zone = ZoneInfo(zone)
        self.zone_name = zone
        self._legacy = legacy or {}

    def said(self, key: str) -> str:
        """The words of a key (`section.name` in words.toml). Raises KeyError for one that is not there."""
        section, _, name = key.partition(".")
        return _words()[section][name][self.language]

    def label(self, name: str) -> str:
        return self.said(f"label.{name}")

    def code(self, of: str, code: str | None) -> str:
        """A code by its name; one that is in no list by what the old system called it, or as it is."""
        if code is None:
            return ""
        term = getattr(self._taxonomy, of, {}).get(code)
        if term is not None:
            return str(getattr(term, self.language))
        return self._legacy.get(of, code)

    def choice(self, of: str, *chosen: object) -> Choice:
        """A closed list with the chosen ones ticked."""
        ticked = {str(each) for each in chosen if each is not None}
        return Choice(tuple(Option(names[self.language], value in ticked) for value, names in _words()[of].items()))

    def coded_choice(self, of: str, chosen: Iterable[str | None]) -> Choice:
        """A code list with the chosen ones ticked; a legacy code is ticked behind the others."""
        ticked, terms = {each for each in chosen if each is not None}, getattr(self._taxonomy, of)
        known = [Option(self.code(of, code), code in ticked) for code in terms]
        return Choice(
            (*known, *(Option(self.code(of, code), is_ticked=True) for code in sorted(ticked - terms.keys())))
        )

    def yes_or_no(self, answer: bool | None) -> Choice:
        return self.choice("yes_no", None if answer is None else ("yes" if answer else "no"))

    def moment(self, at: datetime | None) -> str:
        return "" if at is None else f"{at.astimezone(self._zone):%Y-%m-%d %H:%M}"

    def delay(self, seconds: float) -> str:
        """How late something was, in days and hours."""
        hours = int(seconds // AN_HOUR)
        unit_days, unit_hours = self.said("unit.days"), self.said("unit.hours")
        return f"{hours // 24} {unit_days} {hours % 24} {unit_hours}" if hours >= 24 else f"{hours} {unit_hours}"

    def money(self, money: Money | None) -> str:
        return "" if money is None else f"{money.currency} {Decimal(money.amount):,.2f}"

    def listed(self, parts: Iterable[str]) -> str:
        return ("；" if self.language is Language.ZH else "; ").join(part for part in parts if part)


@cache
def _words() -> dict[str, dict[str, dict[str, str]]]:
    return tomllib.loads((files("domain.complaints.forms") / "words.toml").read_text("utf-8"))
