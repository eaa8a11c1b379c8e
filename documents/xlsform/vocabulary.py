"""Words that writing and reading an XLSForm share: sheets, columns, names of rows, languages, standing texts."""

import re
from collections.abc import Mapping

from domain.surveys.questionnaire import MissingCode

SURVEY, CHOICES, SETTINGS = "survey", "choices", "settings"
OWN = "amends"
"""Our sheet: a row for every value that XLSForm has no place for, named by its place in the definition."""

OWN_TYPE, OWN_MISSING, OWN_ROLE = "amends_type", "amends_missing", "amends_role"
OWN_ORDER, OWN_PLACES, OWN_UNLABELLED = "amends_order", "amends_places", "amends_unlabelled"

PAGE, INTRODUCTION, THANKS = "page-", "note-introduction", "note-thanks"
"""With a hyphen, which no id has: in XLSForm, pages and notes share their names with questions."""

TRANSLATED = ("label", "hint", "constraint_message")

_LANGUAGE_NAMES = {"zh": "中文", "en": "English"}
_TAGGED = re.compile(r"^(?:.*\()?([a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*)\)?$")

STANDING_TEXTS: Mapping[str, Mapping[str, str]] = {
    MissingCode.NOT_APPLICABLE: {"zh": "不适用", "en": "Not applicable"},
    MissingCode.DONT_KNOW: {"zh": "不知道", "en": "Don't know"},
    THANKS: {"zh": "感谢您的回答。", "en": "Thank you for your answers."},
}


def standing_text(name: str, language: str) -> str:
    """The text in that language; in English where there is none."""
    texts = STANDING_TEXTS[name]
    return texts.get(language, texts["en"])


def language_header(tag: str) -> str:
    """How XLSForm names a language: "English (en)"."""
    return f"{_LANGUAGE_NAMES.get(tag, tag)} ({tag})"


def language_tag(header: str) -> str | None:
    """The tag in "English (en)" or "en"; none if there is none."""
    match = _TAGGED.match(header.strip())
    return match[1] if match else None
