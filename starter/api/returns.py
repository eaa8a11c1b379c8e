"""Regulator-style returns over HTTP: which there are, and one of them filled in for some days."""

import asyncio
import hashlib
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import Field

from documents.rendering import ReportFormat, render
from domain.access import Permission, Person, may
from domain.analysis.returns.definition import ReturnDefinition, definition, definitions
from domain.analysis.returns.filling import fill_return
from domain.analysis.returns.report import report_of_return
from domain.calendar import due
from domain.surveys.report.wording import ReportLanguage
from starter.api.entry import Allowed, House
from starter.api.models import Answer
from starter.api.strict_json import StrictJsonRoute
from starter.api.undertakings import MEDIA, REPORT_POLICY
from starter.bodies import Day, Moment
from starter.problems import FieldError, invalid, not_found
from storage.returns import ReturnedCases

router = APIRouter(prefix="/v1/returns", tags=["returns"], route_class=StrictJsonRoute)

LONGEST = timedelta(days=1100)
Reader = Annotated[Person, Depends(Allowed(Permission.READ_RETURNS))]


class ReturnView(Answer):
    """A return that can be filled in."""

    id: str
    version: int
    title: dict[str, str]
    policy: str
    jurisdiction: str
    source: str
    verified_on: date | None = Field(description="when the source was read; absent: unverified")


class ReturnList(Answer):
    items: tuple[ReturnView, ...]


@router.get("", summary="List the returns that can be filled in")
async def listed(_: Reader) -> ReturnList:
    return ReturnList(items=tuple(_view(each) for each in definitions()))


@router.get(
    "/{return_id}",
    response_class=Response,
    responses={200: {"content": {media: {"schema": {}} for media in MEDIA.values()}}},
    summary="Fill a return in",
)
async def filled(
    return_id: Annotated[str, Path(description="its id, such as uk-fca-disp")],
    services: House,
    person: Reader,
    first: Annotated[Day, Query(description="the first day of receipt")],
    last: Annotated[Day, Query(description="the last day of receipt")],
    as_of: Annotated[Moment | None, Query(description="as the record stood then; now, if absent")] = None,
    format: Annotated[ReportFormat, Query(description="json, xlsx, html or pdf")] = ReportFormat.JSON,  # noqa: A002
    lang: ReportLanguage = ReportLanguage.ENGLISH,
) -> Response:
    """The cases of its policy, received on those days. Categories of few cases are withheld from some roles."""
    chosen = definition(return_id)
    if chosen is None:
        raise not_found("there is no such return")
    if not timedelta(0) <= last - first <= LONGEST or last == date.max:
        raise invalid([FieldError("/last", f"on or after first, and at most {LONGEST.days} days later")])
    now = datetime.now(UTC)
    looked = min(as_of or now, now)
    zone = ZoneInfo(services.parts.settings.time_zone)
    begin, end = (datetime.combine(day, time.min, zone) for day in (first, last + timedelta(days=1)))
    cases = await ReturnedCases(services.parts.pool).received(chosen.policy, begin, end, looked)
    policy = await services.parts.rulebook.in_force_or_oldest(chosen.policy, last)
    calendar = await services.parts.rulebook.calendar(policy)

    def fill() -> bytes:
        figures = fill_return(chosen, cases, (first, last), looked, lambda start, span: due(start, span, calendar).at)
        digest = hashlib.sha256(repr(cases).encode()).hexdigest()
        withhold = not may(person, Permission.LIST_COMPLAINTS)
        return render(report_of_return(chosen, figures, digest, withhold=withhold), format, lang)

    content = await asyncio.to_thread(fill)
    return Response(content, media_type=MEDIA[format], headers={"Content-Security-Policy": REPORT_POLICY})


def _view(each: ReturnDefinition) -> ReturnView:
    return ReturnView(
        id=each.id,
        version=each.version,
        title={"zh": each.title.zh, "en": each.title.en},
        policy=each.policy,
        jurisdiction=each.jurisdiction,
        source=each.source,
        verified_on=each.verified_on,
    )
