"""What a return counts, as a versioned document: bands of time to the answer, the limit, what else is said.

Definitions come as TOML files beside the policies whose cases they count. One that nobody has checked against its
source says `unverified`, here and on every page; no return is legal advice.
"""

import tomllib
from datetime import date
from functools import cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict, Field

from domain.calendar import Span


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Titles(_Part):
    zh: str
    en: str


class Band(_Part):
    """Answers up to a span after receipt, beyond the band before."""

    up_to: Span
    title: Titles


class ReturnDefinition(_Part):
    """One version of a return; `limit` is within what an answer is owed, where a case has no clock for it."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")
    version: int = Field(ge=1)
    title: Titles
    policy: str = Field(description="whose cases it counts: the id of a policy, every version of it")
    jurisdiction: str
    source: str
    article: str | None = None
    verified_on: date | None = Field(None, description="when the source was read; absent: second hand, unverified")
    limit: Span
    bands: tuple[Band, ...] = Field(min_length=1, description="in their order, each longer than the one before")
    notes: tuple[Titles, ...] = ()

    @property
    def pin(self) -> str:
        return f"{self.id}@{self.version}"


@cache
def definitions() -> tuple[ReturnDefinition, ...]:
    """Every return that comes with Amends, in the order of their ids."""
    folder = files("domain.analysis.returns") / "definitions"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".toml"))
    return tuple(ReturnDefinition.model_validate(tomllib.loads((folder / name).read_text("utf-8"))) for name in names)


def definition(return_id: str) -> ReturnDefinition | None:
    """The newest version of a return."""
    found = [each for each in definitions() if each.id == return_id]
    return max(found, key=lambda each: each.version, default=None)
