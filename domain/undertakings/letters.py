"""Letters about improvements: a template in the reader's language, filled in; a paragraph that lacks its word goes."""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any


def write_letter(kind: str, language: str, fields: Mapping[str, str]) -> tuple[str, str]:
    """Subject and body of a letter; `fields` are `reference`, `title`, `description`, `due`, `link` as far as known."""
    template = _templates()[kind]
    spoken = language if language in template else "en"
    paragraphs = template[spoken].strip().split("\n\n")
    said = (paragraph for paragraph in paragraphs if all(fields.get(name) for name in _names(paragraph)))
    return _filled(template["subject"][spoken], fields), "\n\n".join(_filled(paragraph, fields) for paragraph in said)


@cache
def _templates() -> dict[str, Any]:
    return tomllib.loads((files("domain.undertakings") / "letters.toml").read_text("utf-8"))


def _names(paragraph: str) -> list[str]:
    return re.findall(r"\$([a-z]+)", paragraph)


def _filled(text: str, fields: Mapping[str, str]) -> str:
    """Each name replaced once: what people wrote is never read as a template."""
    return re.sub(r"\$([a-z]+)", lambda found: fields[found[1]], text)
