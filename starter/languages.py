"""In which of our languages somebody is answered, by what the client prefers (RFC 9110, 12.5.4)."""

from collections.abc import Iterator

from domain.privacy import Language

FALLBACK = Language.EN
MOST_LOOKED_AT = 20
"""Wishes in the header beyond these are not read."""


def preferred_language(header: str | None, fallback: Language = FALLBACK) -> Language:
    """The best of our languages for an `Accept-Language` header; what cannot be understood is passed over."""
    wishes = sorted(_wishes(header or ""), key=lambda wish: wish[0], reverse=True)
    for quality, tag in wishes:
        if quality <= 0:
            continue
        if tag == "*":
            return fallback
        for language in Language:
            if tag.split("-")[0] == language:
                return language
    return fallback


def _wishes(header: str) -> Iterator[tuple[float, str]]:
    """Each wish with its weight, in the order in which they stand."""
    for wish in header.split(",")[:MOST_LOOKED_AT]:
        tag, *parameters = (part.strip().lower() for part in wish.split(";"))
        try:
            yield next((float(each[2:]) for each in parameters if each.startswith("q=")), 1.0), tag
        except ValueError:
            continue
