"""The bodies that the interfaces accept, made from the commands themselves, and what a text or a time may be.

A command carries sealed texts by id; its body carries the text. So one definition of a command serves the wire, the
API's schema and the CLI. Sealing happens in `starter.desk`.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    create_model,
)
from pydantic.fields import FieldInfo

from domain.complaints.commands import PERSONS_COMMANDS, STEP_COMMANDS, Command, SealedText
from domain.privacy import TextKind

LONGEST_TEXT = 20_000
ONE_LINE = r"^[^\x00-\x1f\x7f-\x9f]*$"
PARAGRAPHS = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$"
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d.*")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_EARLIEST, _LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
"""What the calendars know; it also keeps every time where arithmetic on it cannot overflow."""


def _as_written(value: object) -> object:
    """Let only a written time pass: pydantic would take a number for seconds since 1970."""
    if not isinstance(value, str) or _RFC_3339.fullmatch(value) is None:
        raise ValueError("expected a time with its zone, such as 2026-03-01T09:30:00+08:00")
    return value


def _written_day(value: object) -> object:
    """Let only a written day pass, for the same reason."""
    if not isinstance(value, date) and (not isinstance(value, str) or _DAY.fullmatch(value) is None):
        raise ValueError("expected a day, such as 2026-03-01")
    return value


def _within_the_calendars(value: datetime) -> datetime:
    if not _EARLIEST <= value < _LATEST:
        raise ValueError(f"expected a time from {_EARLIEST.year} to {_LATEST.year}")
    return value


FreeText = Annotated[
    str, StringConstraints(min_length=1, max_length=LONGEST_TEXT, strip_whitespace=True, pattern=PARAGRAPHS)
]
Line = Annotated[str, StringConstraints(min_length=1, max_length=255, strip_whitespace=True, pattern=ONE_LINE)]
Moment = Annotated[AwareDatetime, BeforeValidator(_as_written), AfterValidator(_within_the_calendars)]
Day = Annotated[date, BeforeValidator(_written_day), Field(ge=date(1970, 1, 1), le=date(2999, 12, 31))]

STEPS_COMMANDS = STEP_COMMANDS | {"abort"}
"""What operators ask for by naming a step; they see no case."""
CASE_COMMANDS = tuple(sorted(PERSONS_COMMANDS.keys() - STEPS_COMMANDS - {"attach"}))
"""What is asked of a case by a body of its own; a file is attached by handing it in."""

_SEALED_PATTERN = get_args(SealedText)[1].pattern
_KIND_OF = {
    "evidence": TextKind.EVIDENCE,
    "letter": TextKind.LETTER,
    "reason": TextKind.REASON,
    "text": TextKind.NOTE,
    "question": TextKind.NOTE,
    "answer": TextKind.NOTE,
    "their_reference": TextKind.NOTE,
    "new_demand": TextKind.DEMAND,
}


class Body(BaseModel):
    """A request body: unknown fields are refused by name."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@cache
def body_of(name: str) -> type[Body]:
    """The model of a command's request body: its fields, sealed texts as texts."""
    kind = PERSONS_COMMANDS[name]
    fields: dict[str, Any] = {
        field: (_open_type(info), _open_info(info))
        for field, info in kind.model_fields.items()
        if field not in {"command", "step"}
    }
    return create_model(f"{kind.__name__}Body", __base__=Body, __doc__=kind.__doc__, **fields)


def sealed_fields(name: str) -> Mapping[str, TextKind]:
    """The fields of a command that are sealed, and what kind of text each is."""
    return {field: _KIND_OF[field] for field, info in PERSONS_COMMANDS[name].model_fields.items() if _is_sealed(info)}


def command_of(name: str, values: Mapping[str, Any]) -> Command:
    """The command itself, from checked values with the texts' ids in their places. Raises ValidationError."""
    return PERSONS_COMMANDS[name].model_validate({"command": name, **values})


def _is_sealed(info: FieldInfo) -> bool:
    return _SEALED_PATTERN in _patterns(info.annotation) | {getattr(part, "pattern", None) for part in info.metadata}


def _patterns(annotation: Any) -> set[str | None]:
    """The string patterns anywhere in a type."""
    parts = get_args(annotation)
    if get_origin(annotation) is Annotated:
        return {getattr(part, "pattern", None) for part in parts[1:]}
    return {pattern for part in parts for pattern in _patterns(part)}


def _open_type(info: FieldInfo) -> Any:
    if not _is_sealed(info):
        return Annotated[(info.annotation, *info.metadata)] if info.metadata else info.annotation
    return FreeText if info.is_required() else Union[FreeText, None]  # noqa: UP007  built at run time


def _open_info(info: FieldInfo) -> Any:
    return FieldInfo(default=info.default, description=info.description)
