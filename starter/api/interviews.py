"""Field work by people over HTTP: lists, the next person to call, tries, answers taken down, files from paper."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi import Body as FromBody

from domain.access import Permission, Person
from domain.surveys.dispositions import Channel
from starter.api.entry import Allowed, House, Once
from starter.api.models import Answer
from starter.api.repeating import answered_once
from starter.api.strict_json import StrictJsonRoute
from starter.api.survey_examples import ANSWERS, TRY
from starter.api.surveys import CSV_BODY
from starter.api.waves import WaveReference
from starter.interviewers import AnswersForm, TryForm, questionnaire_of
from starter.repetitions import stored
from starter.respondents import Visit
from storage.cases import MAX_PAGE
from storage.idempotency import StoredAnswer
from storage.interviews import ListedContact
from storage.responses import Standing

router = APIRouter(prefix="/v1/waves", tags=["interviews"], route_class=StrictJsonRoute)

Interviewer = Annotated[Person, Depends(Allowed(Permission.INTERVIEW))]
Importer = Annotated[Person, Depends(Allowed(Permission.IMPORT_ANSWERS))]
ContactNumber = Annotated[int, Path(ge=1, le=2**31 - 1, description="the number of the contact in the wave")]
ByHand = Literal[Channel.TELEPHONE, Channel.POST, Channel.IN_PERSON]


class ListedView(Answer):
    """A contact that people make, without who it is."""

    number: int
    channel: Channel
    stratum: str
    language: str
    attempts: int
    try_at: datetime | None
    held_by: str | None
    held_until: datetime | None
    last: str | None
    has_begun: bool

    @classmethod
    def of(cls, contact: ListedContact) -> "ListedView":
        return cls(**{name: getattr(contact, name) for name in cls.model_fields})


class InterviewList(Answer):
    items: tuple[ListedView, ...]
    next_cursor: int | None


class CallView(Answer):
    """The person in hand, and the questionnaire to go through."""

    number: int
    channel: Channel
    name: str | None
    phone: str | None
    address: str | None
    language: str
    attempts: int
    held_until: datetime
    questionnaire: dict[str, Any]


class NextCall(Answer):
    call: CallView | None


class ContactState(Answer):
    """What can be done with a contact after this."""

    number: int
    standing: Standing
    attempts: int

    @classmethod
    def of(cls, visit: Visit) -> "ContactState":
        return cls(number=visit.interview.number, standing=visit.standing, attempts=visit.interview.attempts)


class AnswersBroughtIn(Answer):
    taken: int
    already: tuple[int, ...]
    refused: tuple[int, ...]


@router.get("/{wave}/interviews", summary="List the contacts that people make")
async def page(
    wave: WaveReference,
    services: House,
    _: Interviewer,
    channel: ByHand | None = None,
    cursor: Annotated[int, Query(ge=0, le=2**31 - 1, description="the number after which to go on")] = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 50,
) -> InterviewList:
    """Those that are still to be reached, by their numbers; who they are is told one at a time."""
    recorded = await services.surveys.waves.recorded(wave)
    found = await services.surveys.interviews.page(recorded, channel, cursor, limit + 1)
    items = tuple(map(ListedView.of, found[:limit]))
    return InterviewList(items=items, next_cursor=items[-1].number if len(found) > limit else None)


@router.post("/{wave}/interviews/next", summary="Take the next person in hand")
async def take_next(
    wave: WaveReference,
    services: House,
    person: Interviewer,
    channel: Annotated[ByHand, Query(description="which list")] = Channel.TELEPHONE,
) -> NextCall:
    """Agreed callbacks first, then who was tried least; the same person until it is dealt with, for half an hour."""
    recorded = await services.surveys.waves.recorded(wave)
    call = await services.surveys.interviews.next(person, recorded, channel)
    if call is None:
        return NextCall(call=None)
    return NextCall(
        call=CallView(
            number=call.number,
            channel=call.channel,
            name=call.identity.name,
            phone=call.identity.phone,
            address=call.identity.address,
            language=call.visit.interview.language,
            attempts=call.visit.interview.attempts,
            held_until=call.held_until,
            questionnaire=questionnaire_of(call.visit),
        )
    )


@router.post("/{wave}/interviews/{number}/tries", response_model=ContactState, summary="Say what became of a try")
async def record_try(
    wave: WaveReference,
    number: ContactNumber,
    form: Annotated[TryForm, FromBody(openapi_examples=TRY)],
    services: House,
    person: Interviewer,
    once: Once,
) -> Response:
    """`no_answer` is tried again after a while, `call_back` at the time agreed; other outcomes end it."""

    async def tried() -> StoredAnswer:
        recorded = await services.surveys.waves.recorded(wave)
        visit = await services.surveys.interviews.tried(person, recorded, number, form)
        return stored(ContactState.of(visit).model_dump(mode="json"))

    return await answered_once(services, once, tried)


@router.post("/{wave}/interviews/{number}/answers", response_model=ContactState, summary="Enter answers taken down")
async def enter(
    wave: WaveReference,
    number: ContactNumber,
    form: Annotated[AnswersForm, FromBody(openapi_examples=ANSWERS)],
    services: House,
    person: Interviewer,
    once: Once,
) -> Response:
    """All answers of an interview; one that was broken off leaves questions open. Faults are named by question."""

    async def entered() -> StoredAnswer:
        recorded = await services.surveys.waves.recorded(wave)
        visit = await services.surveys.interviews.enter(person, recorded, number, form)
        return stored(ContactState.of(visit).model_dump(mode="json"))

    return await answered_once(services, once, entered)


@router.post("/{wave}/answers/import", summary="Take a CSV file of answers in", openapi_extra=CSV_BODY)
async def bring_in(
    wave: WaveReference,
    request: Request,
    services: House,
    person: Importer,
    channel: Annotated[ByHand, Query(description="how the answers came")] = Channel.POST,
) -> AnswersBroughtIn:
    """A row a contact (`contact`, `language`), a column a question, choices with `;` between; at most 5,000 rows.

    Nothing is written if a cell is wrong. Contacts that have answered already stay as they are.
    """
    recorded = await services.surveys.waves.recorded(wave)
    done = await services.surveys.paper.bring_in(person, recorded, await request.body(), channel)
    return AnswersBroughtIn(taken=done.taken, already=done.already, refused=done.refused)
