"""Plain data as TOML to be read by people: short mappings on one line, longer ones as tables. tomllib reads it."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def as_toml(content: Mapping[str, Any]) -> str:
    """A document of texts, numbers, booleans, lists and mappings; there is no way to write an absent value."""
    return "\n".join(_table(content, "")).lstrip("\n") + "\n"


def _table(content: Mapping[str, Any], path: str) -> Iterator[str]:
    """What stands on one line first: after a table's heading nothing of the table around it can follow."""
    yield from (f"{_key(name)} = {_inline(value)}" for name, value in content.items() if _fits_a_line(value))
    for name, value in content.items():
        if not _fits_a_line(value):
            yield from _section(value, f"{path}.{_key(name)}" if path else _key(name))


def _section(value: Any, path: str) -> Iterator[str]:
    is_list = isinstance(value, list)
    for inner in value if is_list else [value]:
        yield from ("", f"[[{path}]]" if is_list else f"[{path}]")
        yield from _table(inner, path)


def _fits_a_line(value: Any) -> bool:
    if isinstance(value, Mapping):
        return not any(isinstance(inner, Mapping | list) for inner in value.values())
    return not isinstance(value, list) or not any(isinstance(inner, Mapping) for inner in value)


def _inline(value: Any) -> str:
    match value:
        case str():
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case bool():
            return str(value).lower()
        case int() | float():
            return repr(value)
        case Mapping():
            pairs = (f"{_key(name)} = {_inline(inner)}" for name, inner in value.items())
            return f"{{ {', '.join(pairs)} }}" if value else "{}"
        case list():
            return f"[{', '.join(map(_inline, value))}]"
    raise TypeError(f"TOML has no {type(value).__name__}")


def _key(name: str) -> str:
    return name if _BARE_KEY.fullmatch(name) else _inline(name)
