"""Follow-ups of bad answers over HTTP: listed, opened one at a time, finished."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi import Body as FromBody
from pydantic import Field

from domain.access import Permission, Person
from starter.api.entry import Allowed, House
from starter.api.interviews import ContactNumber
from starter.api.models import Answer
from starter.api.strict_json import StrictJsonRoute
from starter.api.survey_examples import FOLLOW_UP
from starter.api.waves import WaveReference
from starter.follow_ups import FollowUpForm
from starter.problems import FieldError, invalid
from storage.cases import MAX_PAGE
from storage.follow_ups import FollowUp

router = APIRouter(prefix="/v1/follow-ups", tags=["interviews"], route_class=StrictJsonRoute)

Follower = Annotated[Person, Depends(Allowed(Permission.FOLLOW_UP))]


class FollowUpView(Answer):
    """A follow-up in codes and times; `about` is the complaint that the survey had asked about."""

    wave: str
    number: int
    survey: str
    action: str
    question: str
    code: int = Field(description="the answer that opened it")
    opened_at: datetime
    about: str | None
    complaint: str | None = Field(description="the complaint that takes care of it")
    done_at: datetime | None
    done_by: str | None
    outcome: str | None

    @classmethod
    def of(cls, found: FollowUp) -> "FollowUpView":
        return cls(**{name: getattr(found, name) for name in FollowUpView.model_fields})


class OpenedFollowUp(FollowUpView):
    """The same with who it is and what was answered; nobody is there any more where the customer was erased."""

    name: str | None
    phone: str | None
    email: str | None
    language: str
    answers: dict[str, Any]
    note: str | None


class FollowUpList(Answer):
    items: tuple[FollowUpView, ...]
    next_cursor: str | None


@router.get("", summary="List follow-ups, the oldest first")
async def page(
    services: House,
    _: Follower,
    open_only: Annotated[bool, Query(alias="open", description="only those that nobody has dealt with")] = True,
    wave: Annotated[str | None, Query(pattern=r"^W-[0-9]{4}-[0-9]{6,9}$")] = None,
    complaint: Annotated[
        str | None, Query(pattern=r"^C-[0-9]{4}-[0-9]{6,9}$", description="that it opened, or was about")
    ] = None,
    cursor: Annotated[str | None, Query(max_length=100, description="as the page before gave it")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 50,
) -> FollowUpList:
    found = await services.surveys.follow_up_records.page(
        is_open=True if open_only else None,
        wave=wave,
        complaint=complaint,
        after=None if cursor is None else _place(cursor),
        limit=limit + 1,
    )
    items = tuple(map(FollowUpView.of, found[:limit]))
    last = items[-1] if len(found) > limit else None
    following = None if last is None else f"{last.opened_at.isoformat()}~{last.wave}~{last.number}"
    return FollowUpList(items=items, next_cursor=following)


@router.get("/{wave}/{number}", summary="Open a follow-up")
async def read(wave: WaveReference, number: ContactNumber, services: House, person: Follower) -> OpenedFollowUp:
    """Who is to be called back, and what was answered; that it is opened is logged."""
    found = await services.surveys.follow_ups.recorded(wave, number)
    identity, answers, note = await services.surveys.follow_ups.opened(person, found)
    return OpenedFollowUp(
        **dict(FollowUpView.of(found)),
        name=identity and identity.name,
        phone=identity and identity.phone,
        email=identity and identity.email,
        language=found.language,
        answers=answers,
        note=note,
    )


@router.post("/{wave}/{number}/done", summary="Finish a follow-up")
async def finish(
    wave: WaveReference,
    number: ContactNumber,
    form: Annotated[FollowUpForm, FromBody(openapi_examples=FOLLOW_UP)],
    services: House,
    person: Follower,
) -> FollowUpView:
    """Once; one that a complaint takes care of is finished there."""
    return FollowUpView.of(await services.surveys.follow_ups.finish(person, wave, number, form))


def _place(cursor: str) -> tuple[datetime, str, int]:
    at, _, behind = cursor.partition("~")
    wave, _, number = behind.partition("~")
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        moment = None
    is_number = number.isascii() and number.isdecimal() and len(number) <= 9
    if moment is None or moment.tzinfo is None or "\x00" in wave or not is_number:
        raise invalid([FieldError("query cursor", "expected a cursor as the page before gave it")])
    return moment, wave, int(number)
