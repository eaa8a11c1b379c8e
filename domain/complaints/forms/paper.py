"""What a form consists of: sheets with sections of labelled fields, and lines to sign on."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, TypeAlias

from domain.privacy import Language


class Room(StrEnum):
    """How much room an answer by hand needs."""

    SHORT = "short"
    LINE = "line"
    PARAGRAPH = "paragraph"
    PAGE = "page"
    """The whole width, without a label beside it."""


@dataclass(frozen=True, slots=True)
class Written:
    """A text, or room for one."""

    text: str = ""
    kind: Literal["written"] = "written"


@dataclass(frozen=True, slots=True)
class Option:
    label: str
    is_ticked: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """Boxes to tick."""

    options: tuple[Option, ...]
    kind: Literal["choice"] = "choice"


@dataclass(frozen=True, slots=True)
class Listing:
    """Rows of a small table, with empty ones behind to be filled by hand; `widths` are shares, equal where absent."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    spare: int = 0
    widths: tuple[int, ...] = ()
    kind: Literal["listing"] = "listing"

    @property
    def all_rows(self) -> tuple[tuple[str, ...], ...]:
        return self.rows + (("",) * len(self.columns),) * self.spare


Content: TypeAlias = Written | Choice | Listing


@dataclass(frozen=True, slots=True)
class Field:
    label: str
    content: Content
    room: Room = Room.LINE


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A form to itself, begun on a page of its own; where several forms are bound together, with its own title."""

    sections: tuple[Section, ...]
    signatures: tuple[str, ...]
    title: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """A form in one language; `number` is empty where nobody has a case yet."""

    language: Language
    title: str
    number_label: str
    number: str
    date_label: str
    note: str
    sheets: tuple[Sheet, ...]
