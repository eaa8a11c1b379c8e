"""Searching in what customers said, over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi import Body as FromBody
from pydantic import Field, StringConstraints

from domain.access import Permission, Person
from domain.privacy import TextKind
from starter.api.complaints import ComplaintFilter, case_filter
from starter.api.entry import Allowed, House
from starter.api.examples import SEARCH_NARRATIVES
from starter.api.models import Answer
from starter.api.strict_json import StrictJsonRoute
from starter.bodies import Body, Line
from starter.problems import FieldError, invalid
from starter.searching import MOST_SCANNED
from storage.cases import BadCursor

router = APIRouter(prefix="/v1/complaints", tags=["complaints"], route_class=StrictJsonRoute)


class NarrativeQuery(Body):
    """Which cases are looked into, and for what."""

    contains: Annotated[Line, StringConstraints(min_length=2, max_length=100)] = Field(
        description="words as they stand there; upper and lower case, full and half width are alike"
    )
    filter: ComplaintFilter = ComplaintFilter()
    scan: int = Field(200, ge=1, le=MOST_SCANNED, description="look into at most so many cases, the newest first")
    cursor: Annotated[str, Field(max_length=200)] | None = Field(None, description="where the search before stopped")


class MatchView(Answer):
    reference: str
    kind: TextKind
    excerpt: str


class NarrativeMatches(Answer):
    items: tuple[MatchView, ...]
    scanned: int = Field(description="how many cases were looked into")
    next_cursor: str | None = Field(description="where to go on; absent when all were looked into")


@router.post("/search-narratives", summary="Search in what customers said")
async def search(
    query: Annotated[NarrativeQuery, FromBody(openapi_examples=SEARCH_NARRATIVES)],
    services: House,
    person: Annotated[Person, Depends(Allowed(Permission.SEARCH_NARRATIVES))],
) -> NarrativeMatches:
    """Narratives are sealed: filter first. Every case that is looked into has a line in the log of personal data."""
    wanted = await case_filter(services, person, query.filter)
    try:
        found = await services.narratives.search(
            person, wanted, query.contains, cursor=query.cursor, at_most=query.scan
        )
    except BadCursor as error:
        raise invalid([FieldError("/cursor", str(error))]) from None
    items = tuple(MatchView(reference=m.reference, kind=m.kind, excerpt=m.excerpt) for m in found.matches)
    return NarrativeMatches(items=items, scanned=found.scanned, next_cursor=found.next_cursor)
