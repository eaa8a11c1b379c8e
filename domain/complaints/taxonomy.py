"""The code lists of an organisation: channels, categories, grounds, causes, outcomes, remedies."""

from collections.abc import Iterable, Iterator, Mapping

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Term(BaseModel):
    """A code's names, and the code it belongs under."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    zh: str
    en: str
    under: str | None = None
    formerly: tuple[str, ...] = Field((), description="codes that it replaces; in analyses they count as this one")


class Taxonomy(BaseModel):
    """All code lists, as a version."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int = Field(ge=1)
    channel: dict[str, Term]
    category: dict[str, Term]
    ground: dict[str, Term]
    cause: dict[str, Term]
    outcome: dict[str, Term]
    remedy: dict[str, Term]
    redress: dict[str, Term]
    body: dict[str, Term]
    vulnerability: dict[str, Term]
    safety_words: dict[str, tuple[str, ...]] = Field(description="words by language that make a complaint an emergency")

    @model_validator(mode="after")
    def _parents_exist(self) -> "Taxonomy":
        for name in LISTS:
            terms: dict[str, Term] = getattr(self, name)
            orphans = [code for code, term in terms.items() if term.under is not None and term.under not in terms]
            if orphans:
                raise ValueError(f"{name}: {', '.join(orphans)} stand under codes that do not exist")
            former = [old for term in terms.values() for old in term.formerly]
            if len(set(former)) < len(former) or set(former) & set(terms):
                raise ValueError(f"{name}: what a code was formerly is in the list still, or stands there twice")
        return self

    def successors(self) -> dict[str, str]:
        """Retired codes of categories, with the code that each counts under now."""
        return {old: code for code, term in self.category.items() for old in term.formerly}

    def names_a_danger(self, text: str) -> bool:
        """Whether a text has a safety word of any language; better one alarm too many."""
        said = " ".join(text.casefold().split())
        return any(word.casefold() in said for words in self.safety_words.values() for word in words)

    def unknown(self, fields: Mapping[str, str | Iterable[str] | None]) -> Iterator[tuple[str, str]]:
        """Field and code of everything in `fields` that is in no list; `remedies` are looked up as remedies."""
        for field, given in fields.items():
            known: dict[str, Term] = getattr(self, _LIST_OF.get(field, field))
            codes = [given] if isinstance(given, str) else given or ()
            yield from ((field, code) for code in codes if code not in known)


LISTS = ("channel", "category", "ground", "cause", "outcome", "remedy", "redress", "body", "vulnerability")
_LIST_OF = {"remedies": "remedy"}
