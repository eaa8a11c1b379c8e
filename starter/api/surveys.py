"""Customers and surveys over HTTP: the frame that samples are drawn from, and the stored definitions."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi import Body as FromBody
from pydantic import Field

from domain.access import Permission, Person
from domain.surveys.definition import SurveyDefinition
from domain.surveys.errors import SurveyProblem, parse_document
from starter.api.entry import Allowed, House, Once
from starter.api.models import Answer
from starter.api.repeating import answered_once
from starter.api.strict_json import StrictJsonRoute
from starter.api.survey_examples import CUSTOMER, SURVEY
from starter.bodies import Body
from starter.frame import FrameForm
from starter.problems import FieldError, Problem, invalid
from starter.repetitions import stored
from storage.cases import MAX_PAGE
from storage.idempotency import StoredAnswer
from storage.surveys import StoredSurvey, VersionTaken

router = APIRouter(prefix="/v1", tags=["surveys"], route_class=StrictJsonRoute)

SurveyId = Annotated[
    str, Path(pattern=r"^[a-z][a-z0-9_]{0,63}$", description="the id of a survey, such as gas_utility")
]
FrameKeeper = Annotated[Person, Depends(Allowed(Permission.MANAGE_FRAME))]
SurveyKeeper = Annotated[Person, Depends(Allowed(Permission.MANAGE_SURVEYS))]
SurveyReader = Annotated[Person, Depends(Allowed(Permission.READ_SURVEYS))]

CSV_BODY = {"requestBody": {"required": True, "content": {"text/csv": {"schema": {"type": "string"}}}}}


class CustomerView(Answer):
    """A unit of the frame, without who it is."""

    id: str
    district: str
    customer_type: str
    attributes: dict[str, str]
    language: str
    has_email: bool
    has_phone: bool
    active: bool
    opted_out_at: datetime | None


class CustomerList(Answer):
    items: tuple[CustomerView, ...]
    next_cursor: str | None


class CustomerTaken(Answer):
    id: str
    is_new: bool


class ImportedView(Answer):
    added: int
    renewed: int


class SurveyForm(Body):
    """The whole definition of a survey: see `amends survey convert NAME --to json`."""

    definition: dict[str, Any] = Field(description="a document of format amends-survey/1")


class SurveyView(Answer):
    """A version of a survey."""

    id: str
    version: int
    title: dict[str, str]
    languages: tuple[str, ...]
    questions: int
    sha256: str
    stored_by: str
    stored_at: datetime

    @classmethod
    def of(cls, stored_survey: StoredSurvey) -> "SurveyView":
        return cls(**_summary(stored_survey))


class SurveyDocument(SurveyView):
    definition: dict[str, Any]

    @classmethod
    def of(cls, stored_survey: StoredSurvey) -> "SurveyDocument":
        plain = stored_survey.definition.model_dump(mode="json", exclude_none=True)
        return cls(**_summary(stored_survey), definition=plain)


class SurveyList(Answer):
    items: tuple[SurveyView, ...]
    next_cursor: str | None


@router.get("/customers", summary="List the frame of surveys")
async def customers(
    services: House,
    _: Annotated[Person, Depends(Allowed(Permission.READ_FRAME))],
    cursor: Annotated[str, Query(pattern=r"^(cus_[0-9a-f]{32})?$", description="the id after which to go on")] = "",
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 50,
) -> CustomerList:
    found = await services.surveys.frame_records.page(cursor, limit + 1)
    items = tuple(
        CustomerView(
            id=each.subject,
            active=each.is_active,
            **{name: getattr(each, name) for name in CustomerView.model_fields.keys() - {"id", "active"}},
        )
        for each in found[:limit]
    )
    return CustomerList(items=items, next_cursor=items[-1].id if len(found) > limit else None)


@router.post("/customers", status_code=201, response_model=CustomerTaken, summary="Take a customer into the frame")
async def put_customer(
    form: Annotated[FrameForm, FromBody(openapi_examples=CUSTOMER)], services: House, _: FrameKeeper, once: Once
) -> Response:
    """A customer number that is known renews what is known; the random number by which samples are drawn stays."""

    async def take() -> StoredAnswer:
        subject, is_new = await services.surveys.frame.put(form)
        return stored(CustomerTaken(id=subject, is_new=is_new).model_dump(), 201)

    return await answered_once(services, once, take)


@router.post("/customers/import", summary="Take a CSV file of customers into the frame", openapi_extra=CSV_BODY)
async def import_customers(request: Request, services: House, _: FrameKeeper) -> ImportedView:
    """Columns `id`, `name`, `phone`, `email`, `address`, `language`, `district`, `customer_type`, `active`; further
    ones are attributes. At most 20,000 rows; nothing is written if a cell is wrong.
    """
    imported = await services.surveys.frame.bring_in(await request.body())
    return ImportedView(added=imported.added, renewed=imported.renewed)


@router.get("/surveys", summary="List surveys, the newest version of each")
async def page(
    services: House,
    _: SurveyReader,
    cursor: Annotated[str, Query(pattern=r"^([a-z][a-z0-9_]{0,63})?$", description="the id after which to go on")] = "",
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 50,
) -> SurveyList:
    found = await services.surveys.survey_records.page(cursor, limit + 1)
    items = tuple(SurveyView.of(each) for each in found[:limit])
    return SurveyList(items=items, next_cursor=items[-1].id if len(found) > limit else None)


@router.post("/surveys", status_code=201, summary="Store a survey, or a new version of it")
async def store(
    form: Annotated[SurveyForm, FromBody(openapi_examples=SURVEY)], services: House, person: SurveyKeeper
) -> SurveyView:
    """Checked whole: translations, references, dead ends, weights. The same version with the same text changes
    nothing; a changed text needs the next version.
    """
    return SurveyView.of(await _store(services, form, person))


@router.get("/surveys/{survey_id}", summary="Read a survey")
async def read(
    survey_id: SurveyId,
    services: House,
    _: SurveyReader,
    version: Annotated[int | None, Query(ge=1, le=1_000_000, description="the newest one if absent")] = None,
) -> SurveyDocument:
    return SurveyDocument.of(await services.surveys.waves.survey(survey_id, version))


@router.put("/surveys/{survey_id}", summary="Store a new version of a survey")
async def put(
    survey_id: SurveyId,
    form: Annotated[SurveyForm, FromBody(openapi_examples=SURVEY)],
    services: House,
    person: SurveyKeeper,
) -> SurveyView:
    """Waves that run keep the version that they began with."""
    if form.definition.get("id") != survey_id:
        raise invalid([FieldError("/definition/id", f"expected {survey_id}")])
    await services.surveys.waves.survey(survey_id)
    return SurveyView.of(await _store(services, form, person))


async def _store(services: House, form: SurveyForm, person: Person) -> StoredSurvey:
    try:
        definition = parse_document(SurveyDefinition, form.definition)
    except SurveyProblem as refusal:
        places = (FieldError(f"/definition/{each.place.replace('.', '/')}", each.message) for each in refusal.problems)
        raise invalid(places) from None
    try:
        return await services.surveys.survey_records.store(definition, person.id, datetime.now(UTC))
    except VersionTaken as taken:
        detail = (
            f"this version is stored with another text, or the one before it is missing: store version {taken.expected}"
        )
        raise Problem(409, "version_taken", detail) from None


def _summary(stored_survey: StoredSurvey) -> dict[str, Any]:
    definition = stored_survey.definition
    return {
        "id": definition.id,
        "version": definition.version,
        "title": definition.title,
        "languages": definition.languages,
        "questions": len(definition.questionnaire.items()),
        "sha256": stored_survey.sha256,
        "stored_by": stored_survey.stored_by,
        "stored_at": stored_survey.stored_at,
    }
