"""The fields of a command's form, made from the command's own model: what kind each is, and what it sends back.

A field that a model gains is in the form without a line here; its label is a word of `fields`.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import Enum
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, BaseModel
from pydantic.fields import FieldInfo
from starlette.datastructures import FormData

from starter.bodies import body_of, sealed_fields
from starter.pages.entry import text_in

Option = tuple[str, str]
"""What is sent, and what is shown."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form. `name` has a dot where it is part of another (`money.amount`)."""

    name: str
    kind: Literal["text", "line", "number", "moment", "day", "choice", "several", "tick"]
    is_required: bool
    vocabulary: str = ""
    options: tuple[Option, ...] = ()
    suggestions: tuple[Option, ...] = ()
    given: str = ""
    chosen: frozenset[str] = frozenset()
    wrong: str | None = None
    values: tuple[str, ...] = field(default=())
    prefix: str = ""
    """What tells its id from that of the same field in another form of the page."""

    @property
    def id(self) -> str:
        return self.prefix + self.name.replace(".", "-").replace("_", "-")


def fields_of(command: str) -> tuple[Field, ...]:
    """The fields of a command, empty."""
    return fields_of_model(body_of(command), sealed_fields(command).keys())


def fields_of_model(model: type[BaseModel], sealed: Collection[str]) -> tuple[Field, ...]:
    """The fields of a body, empty; those that are sealed are texts of several lines."""
    return tuple(_fields(model, sealed))


def _fields(model: type[BaseModel], sealed: Any, prefix: str = "", *, optional: bool = False) -> Iterator[Field]:
    for name, info in model.model_fields.items():
        kind, is_optional = _bare(info)
        inner = isinstance(kind, type) and issubclass(kind, BaseModel)
        required = info.is_required() and not optional
        if inner:
            yield from _fields(kind, (), f"{prefix}{name}.", optional=not required)
        else:
            yield _field(f"{prefix}{name}", kind, is_sealed=name in sealed, required=required, is_optional=is_optional)


def _field(name: str, kind: Any, *, is_sealed: bool, required: bool, is_optional: bool) -> Field:
    if is_sealed:
        return Field(name, "line" if name == "their_reference" else "text", required)
    if get_origin(kind) is tuple:
        return Field(name, "several", required)
    if get_origin(kind) is Literal:
        return Field(name, "choice", required, values=get_args(kind))
    if kind is bool:
        return (
            Field(name, "choice", required, "Said", values=("yes", "no")) if is_optional else Field(name, "tick", False)
        )
    if kind in {datetime, AwareDatetime}:
        return Field(name, "moment", required)
    if kind is date:
        return Field(name, "day", required)
    if kind is int:
        return Field(name, "number", required)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return Field(name, "choice", required, kind.__name__, values=tuple(str(each.value) for each in kind))
    return Field(name, "line", required)


def _bare(info: FieldInfo) -> tuple[Any, bool]:
    """The type without its constraints, and whether it may be absent."""
    kind, optional = info.annotation, False
    while True:
        if get_origin(kind) is Annotated:
            kind = get_args(kind)[0]
        elif get_origin(kind) in {Union, UnionType}:
            kept = [part for part in get_args(kind) if part is not type(None)]
            kind, optional = kept[0], True
        else:
            return kind, optional


def filled(fields: tuple[Field, ...], form: FormData) -> tuple[Field, ...]:
    """The fields as somebody has filled them in."""
    return tuple(
        replace(each, given=text_in(form, each.name), chosen=frozenset(map(str, form.getlist(each.name))))
        for each in fields
    )


def values_of(fields: tuple[Field, ...], zone: ZoneInfo) -> dict[str, Any]:
    """The body that filled fields make; what was left empty is absent, so that the model says what is missing."""
    body: dict[str, Any] = {}
    for each in fields:
        value = _value(each, zone)
        if value is not None:
            _put(body, each.name, value)
    return body


def _value(filled_in: Field, zone: ZoneInfo) -> Any:
    given = filled_in.given
    match filled_in.kind:
        case "several":
            return sorted(code for code in filled_in.chosen if code) or None
        case "tick":
            return True if given else None
        case "number":
            return int(given) if given.isascii() and given.isdecimal() and len(given) < 10 else given or None
        case "moment":
            return moment_in(given, zone) or None
        case "choice" if filled_in.vocabulary == "Said":
            return {"yes": True, "no": False}.get(given)
        case "choice" if filled_in.vocabulary in {"Levels", "Numbers"}:
            return int(given) if given.isascii() and given.isdecimal() and len(given) < 10 else given or None
        case _:
            return given or None


def moment_in(given: str, zone: ZoneInfo) -> str:
    """A local time with its zone; what is none stays as it is, to be refused by name."""
    try:
        at = datetime.fromisoformat(given)
    except ValueError:
        return given
    return (at if at.tzinfo else at.replace(tzinfo=zone)).isoformat()


def _put(body: dict[str, Any], name: str, value: Any) -> None:
    outer, _, inner = name.partition(".")
    if inner:
        body.setdefault(outer, {})[inner] = value
    else:
        body[outer] = value


def with_errors(fields: tuple[Field, ...], errors: Mapping[str, str]) -> tuple[tuple[Field, ...], list[str]]:
    """The fields with what is wrong beside each, and what is wrong with none of them in particular.

    An error of the whole body names the field that it is about in its first word.
    """
    names = {each.name for each in fields}
    placed: dict[str, str] = {}
    loose: list[str] = []
    for pointer, message in errors.items():
        wanted = _named(pointer, message, names)
        if wanted is None:
            loose.append(message)
        else:
            placed.setdefault(wanted, message)
    return tuple(replace(each, wrong=placed.get(each.name)) for each in fields), loose


def _named(pointer: str, message: str, names: set[str]) -> str | None:
    steps = [step for step in pointer.split("/") if step and not step.isdecimal()]
    wanted = ".".join(steps)
    if wanted in names:
        return wanted
    inner = [name for name in names if name.startswith(f"{wanted}.")] if wanted else []
    if inner:
        return min(inner, key=len)
    if steps:
        return next((name for name in names if name == steps[0]), None)
    first = message.split(" ", 1)[0]
    return first if first in names else None
