"""A mapping: which of their columns is which of our fields, what their codes mean, in which zone their times are."""

import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Annotated, Self
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from domain.complaints.command_parts import Code
from domain.complaints.importing.dates import parse_format
from domain.privacy import Language

Column = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
LegacyName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
OPEN, CLOSED = "open", "closed"
DATES = ("received_at", "ended_at", "occurred_at")
CODED = ("channel", "category")
"""Fields with a list of codes; a value that is in none is kept as a legacy code."""
FREE_CODES = ("product", "region", "partner")
PERSONAL = ("name", "phone", "email", "address", "account")


def _zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("expected a zone of the IANA database such as America/New_York")
    return name


def _format(name: str) -> str:
    return parse_format(name).name


class Part(BaseModel):
    """Part of a mapping: unknown fields are refused by name."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Columns(Part):
    """Our fields and their columns. A column is found whatever its case and whatever stands between its words."""

    received_at: Column
    id: Column | None = Field(None, description="their number of the row; absent: the file's hash and the row's number")
    ended_at: Column | None = None
    status: Column | None = Field(None, description="absent: a row that has ended is closed, any other open")
    occurred_at: Column | None = None
    channel: Column | None = None
    category: Column | None = None
    severity: Column | None = Field(None, description="1 slight … 5 grave, or mapped to it under [codes.severity]")
    product: Column | None = None
    region: Column | None = None
    partner: Column | None = None
    name: Column | None = None
    phone: Column | None = None
    email: Column | None = None
    address: Column | None = None
    account: Column | None = None
    demand: Column | None = None
    narrative: tuple[Column, ...] = Field((), description="the first of these that says something")
    summary: tuple[Column, ...] = Field((), description="put together where no narrative says anything")


class Codes(Part):
    """What their values mean in ours."""

    status: dict[str, Annotated[str, Field(pattern="^(open|closed)$")]] = {}
    channel: dict[str, Code] = {}
    category: dict[str, Code] = {}
    severity: dict[str, Annotated[int, Field(ge=1, le=5)]] = {}
    product: dict[str, Code] = {}
    region: dict[str, Code] = {}
    partner: dict[str, Code] = {}


class Mapping(Part):
    """How the rows of one kind of file become complaints."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
    title: dict[Language, str]
    time_zone: Annotated[str, AfterValidator(_zone)]
    encoding: Annotated[str, Field(pattern="^(utf-8|gb18030|latin-1)$")] = "utf-8"
    delimiter: Annotated[str, Field(pattern=r"^[,;\t|]$")] = ","
    language: Language = Language.EN
    policy: Code | None = Field(None, description="the policy of the cases; absent: the installation's default")
    channel: Code = Field(description="of rows that name none")
    missing: tuple[str, ...] = Field(("N/A", "None"), description="what stands for nothing, besides an empty cell")
    columns: Columns
    legacy: dict[LegacyName, Column] = Field({}, description="kept as they are, in the record: never free text")
    not_before: tuple[tuple[Column, Column], ...] = Field(
        (), description="pairs: the first date is not before the other"
    )
    codes: Codes = Codes()
    formats: dict[
        Annotated[str, Field(pattern="^(received_at|ended_at|occurred_at)$")], Annotated[str, AfterValidator(_format)]
    ] = {}

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.columns.narrative and not self.columns.summary:
            raise ValueError("columns: narrative or summary must say what a complaint is about")
        return self

    def named_columns(self) -> Iterator[tuple[str, str]]:
        """Our fields with their columns, in order; a field with several is there several times."""
        for field, columns in self.columns.model_dump().items():
            for column in [columns] if isinstance(columns, str) else columns or ():
                yield field, column
        yield from self.legacy.items()
        yield from (("not_before", column) for pair in self.not_before for column in pair)


_SHIPPED = files("domain.complaints.importing") / "mappings"


@cache
def shipped_mappings() -> tuple[Mapping, ...]:
    """The mappings that come with Amends, the example left out."""
    return tuple(shipped_mapping(name) for name in ("cfpb", "nyc311"))


@cache
def shipped_mapping(name: str) -> Mapping:
    return Mapping.model_validate(tomllib.loads(mapping_text(name)))


def mapping_text(name: str) -> str:
    """A shipped mapping as its file has it; `example` explains every field."""
    return (_SHIPPED / f"{name}.toml").read_text("utf-8")
