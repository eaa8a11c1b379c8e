"""What the pages of a questionnaire say beside its own words, in both languages."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from domain.privacy import Language


@cache
def survey_words(language: Language) -> Mapping[str, Any]:
    """Every word of the questionnaire's pages in a language."""
    return tomllib.loads((files("starter.pages") / "wording" / f"survey.{language}.toml").read_text("utf-8"))
