"""Documents that people write in files: TOML, or JSON."""

import json
import tomllib
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from starter.cli.output import Exit, fail


def read_document(file: Path) -> dict[str, Any]:
    """What the file holds; ends the program where it cannot be read."""
    try:
        text = file.read_text("utf-8")
        document = tomllib.loads(text) if file.suffix == ".toml" else json.loads(text)
    except (OSError, ValueError) as error:
        fail(f"{file}: {error}", Exit.USAGE)
    if not isinstance(document, dict):
        fail(f"{file}: expected fields with their values", Exit.USAGE)
    return document


def as_plain_json(document: dict[str, Any]) -> Any:
    """The document as JSON has it: days and times as texts."""
    return json.loads(json.dumps(document, default=_as_text))


def _as_text(value: object) -> str:
    match value:
        case time(second=0, microsecond=0):
            return value.isoformat("minutes")
        case date() | datetime() | time():
            return value.isoformat()
        case _:
            raise TypeError(f"{type(value).__name__} has no place in JSON")
