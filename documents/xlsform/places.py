"""A nested document as flat rows of place and value, and back; places read as `sampling.strata[0]`."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, NoReturn, TypeAlias

Value: TypeAlias = str | int | float | bool
Step: TypeAlias = str | int

_PLAIN = re.compile(r"[A-Za-z0-9_-]+")
_STEP = re.compile(r'\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]|\.?([A-Za-z0-9_-]+)')


def flattened(content: Any, place: str = "") -> Iterator[tuple[str, Value]]:
    """Every value with its place, in the order of the document."""
    if isinstance(content, dict):
        for name, inner in content.items():
            yield from flattened(inner, _below(place, str(name)))
    elif isinstance(content, list):
        for number, inner in enumerate(content):
            yield from flattened(inner, f"{place}[{number}]")
    else:
        yield place, content


def nested(values: Iterable[tuple[str, Value]]) -> dict[str, Any]:
    """The document that `flattened` took apart. Raises ValueError, naming the place, where two places contradict each
    other, a place cannot be read, or a list has a gap."""
    content: dict[str, Any] = {}
    for place, value in values:
        *above, last = _steps(place)
        _inner(content, above, place)[last] = value
    return {name: _with_lists(inner, name) for name, inner in content.items()}


def _below(place: str, name: str) -> str:
    if not _PLAIN.fullmatch(name):
        return f"{place}[{json.dumps(name, ensure_ascii=False)}]"
    return f"{place}.{name}" if place else name


def _steps(place: str) -> list[Step]:
    steps: list[Step] = []
    position = 0
    while position < len(place):
        match = _STEP.match(place, position)
        if match is None:
            raise ValueError(f"{place}: not a place such as sampling.strata[0]")
        number, quoted, plain = match.groups()
        steps.append(int(number) if number else plain or json.loads(f'"{quoted}"'))
        position = match.end()
    return steps


def _inner(content: dict[Any, Any], steps: list[Step], place: str) -> dict[Any, Any]:
    """The mapping at the end of the steps, made on the way; lists are mappings by number until they are complete."""
    for step in steps:
        inner = content.setdefault(step, {})
        content = inner if isinstance(inner, dict) else _refuse(place)
    return content


def _refuse(place: str) -> NoReturn:
    raise ValueError(f"{place}: there is a value above it")


def _with_lists(content: Any, place: str) -> Any:
    if not isinstance(content, dict):
        return content
    inner = {step: _with_lists(value, f"{place}.{step}") for step, value in content.items()}
    if not any(isinstance(step, int) for step in inner):
        return inner
    if {*inner} != {*range(len(inner))}:
        raise ValueError(f"{place}: its numbers must run from 0 without a gap")
    return [inner[number] for number in range(len(inner))]
