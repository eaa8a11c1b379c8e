"""Personal data over HTTP, for privacy officers and auditors: what was opened, by whom, through which route."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from domain.access import Permission, Person
from domain.privacy import Act
from starter.api.entry import Allowed, House
from starter.api.models import Answer
from starter.api.strict_json import StrictJsonRoute
from starter.bodies import Body, Line
from storage.cases import MAX_PAGE
from storage.personal_log import Logged

router = APIRouter(prefix="/v1", tags=["personal data"], route_class=StrictJsonRoute)

SUBJECT = r"^cus_[0-9a-f]{32}$"
LAST_NUMBER = 2**63 - 1


class LogLine(Answer):
    """One act on the personal data of a customer, without the data."""

    number: int
    at: datetime
    by: str = Field(description="a person's id, `customer`, or `system`")
    act: Act
    subject: str
    reference: str | None
    classes: tuple[str, ...] = Field(description="which kinds of personal data were opened")
    route: str = Field(description="the route or the command through which")
    request: str = Field(description="the id of the request, as in X-Request-Id and in the logs")

    @classmethod
    def of(cls, logged: Logged) -> "LogLine":
        line = logged.line
        named = {name: getattr(line, name) for name in cls.model_fields if name != "number"}
        return cls(number=logged.number, **named)


class LogPage(Answer):
    items: tuple[LogLine, ...]
    next_cursor: str | None


class LogQuery(Body):
    """What the log is narrowed to."""

    subject: Annotated[str, Field(pattern=SUBJECT)] | None = Field(None, description="the id of a customer")
    by: Line | None = Field(None, description="the id of a person")
    reference: Line | None = Field(None, description="a case number")
    cursor: int | None = Field(None, ge=1, le=LAST_NUMBER, description="the number before which to go on")
    limit: int = Field(50, ge=1, le=MAX_PAGE)


@router.get("/personal-data/log", summary="Read who opened whose personal data")
async def log(
    services: House,
    _: Annotated[Person, Depends(Allowed(Permission.READ_PERSONAL_DATA_LOG))],
    query: Annotated[LogQuery, Query()],
) -> LogPage:
    """The newest first. Every look-up, reading, search, export and erasure has a line."""
    found = await services.reads.log.page(
        subject=query.subject, by=query.by, reference=query.reference, before=query.cursor, limit=query.limit + 1
    )
    items = tuple(LogLine.of(logged) for logged in found[: query.limit])
    return LogPage(items=items, next_cursor=str(items[-1].number) if len(found) > query.limit else None)
