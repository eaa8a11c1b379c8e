"""The Open311 GeoReport v2 facade: our categories are its services, our cases its requests."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import ValidationError

from domain.access import Permission, Person, may, scope_of
from domain.complaints.case import Case
from domain.complaints.commands import Code
from domain.complaints.terms import ENDED, Status
from domain.privacy import Act, Language
from starter.api.entry import House
from starter.api.georeport import JSON, XML, GeoReportRoute, Item, KeyAllowed, answered, form_of
from starter.bodies import Moment
from starter.intake import ComplaintForm
from starter.problems import FieldError, Problem, field_errors, invalid, not_found
from starter.reading import STORY
from starter.services import Services
from storage.cases import CaseFilter

router = APIRouter(prefix="/open311/v2", tags=["open311"], route_class=GeoReportRoute)

CHANNEL = "app"
LONGEST_SPAN = timedelta(days=90)
MOST_REQUESTS = 1_000
PAGE, LARGEST_PAGE = 50, 100
ENDINGS = ("", ".json", ".xml")
_ANSWERS: dict[int | str, dict[str, Any]] = {
    status: {"description": said, "content": {JSON: {"schema": {}}, XML: {"schema": {"type": "string"}}}}
    for status, said in {
        200: "The answer, in JSON or XML",
        400: "The request cannot be understood",
        403: "api_key is missing, not valid, or its roles do not allow it",
        404: "There is no such service or request",
        410: "The customer's data were erased on request",
        413: "The body is too large",
        500: "A defect",
        503: "Something is away; repeat the request",
    }.items()
}
_POSTED: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {
                    "type": "object",
                    "required": ["api_key", "service_code", "description"],
                    "properties": {
                        name: {"type": "string"}
                        for name in (
                            *("api_key", "service_code", "description", "lat", "long", "address_string", "address_id"),
                            *("first_name", "last_name", "email", "phone", "account_id", "device_id", "media_url"),
                        )
                    },
                }
            }
        },
    }
}

Taker = Annotated[Person, Depends(KeyAllowed(Permission.TAKE_COMPLAINT))]
Lister = Annotated[Person, Depends(KeyAllowed(Permission.LIST_COMPLAINTS))]
Reader = Annotated[Person, Depends(KeyAllowed(Permission.READ_COMPLAINT))]
Anybody = Annotated[Person, Depends(KeyAllowed(Permission.READ_TAXONOMY))]
When = Annotated[Moment | None, Query(description="W3C format, such as 2026-03-01T00:00:00Z")]


async def services_list(request: Request, services: House, _: Anybody) -> Response:
    """Every category that a request may be of."""
    language, terms = _language(request), services.taxonomy.category
    return answered(request, "services", [_service(services, code, language) for code in terms])


async def service(
    request: Request,
    service_code: Annotated[str, Path(description="the code of a category")],
    services: House,
    _: Anybody,
) -> Response:
    """A category; ours ask for no attributes of their own."""
    code = _without_ending(service_code)
    if code not in services.taxonomy.category:
        raise not_found("there is no such service_code")
    return answered(request, "service_definition", {"service_code": code, "attributes": []})


async def take(request: Request, services: House, person: Taker) -> Response:
    """Take a request in as a complaint: 201 with its number."""
    form = await form_of(request)
    taken = await services.intake.take(person, _complaint(services, form), None)
    assert taken.reference is not None  # noqa: S101  without a key nothing is replayed
    case = await services.cases.visible_case(person, taken.reference)
    due = case.nearest_due()
    notice = "" if due is None else f"next promised time: {_utc(due)}"
    made = {"service_request_id": case.reference, "service_notice": notice, "account_id": form.get("account_id", "")}
    return answered(request, "service_requests", [made], 201)


async def requests_list(
    request: Request,
    services: House,
    person: Lister,
    service_request_id: Annotated[
        str | None, Query(max_length=2_000, description="numbers, with commas between")
    ] = None,
    service_code: Annotated[Code | None, Query(description="the code of a category")] = None,
    status: Annotated[str | None, Query(max_length=20, description="open, closed, or both with a comma")] = None,
    start_date: When = None,
    end_date: When = None,
    page: Annotated[int, Query(ge=1, le=MOST_REQUESTS)] = 1,
    page_size: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = PAGE,
) -> Response:
    """The newest first, of the last 90 days unless numbers or dates are given; at most 1,000."""
    if service_request_id is not None:
        named = [each.strip() for each in service_request_id.split(",") if each.strip()][:LARGEST_PAGE]
        cases: Sequence[Case] = await _named(services, person, named)
    else:
        begin, end = _span(start_date, end_date)
        wanted = CaseFilter(status=_statuses(status), category=service_code, received_from=begin, received_to=end)
        cases = await _paged(services, person, wanted, page, page_size)
    return answered(request, "service_requests", await _requests(services, person, cases, _language(request)))


async def one_request(
    request: Request,
    reference: Annotated[str, Path(description="the number of a request")],
    services: House,
    person: Reader,
) -> Response:
    case = await services.cases.visible_case(person, _without_ending(reference))
    return answered(request, "service_requests", await _requests(services, person, [case], _language(request)))


def _complaint(services: Services, form: dict[str, str]) -> ComplaintForm:
    """The form as a complaint. Raises `Problem` with every wrong field, named as the standard names it."""
    errors = []
    if form.get("service_code") not in services.taxonomy.category:
        errors.append(FieldError("service_code", "expected one of GET services"))
    if not form.get("description"):
        errors.append(FieldError("description", "expected what happened"))
    if not (form.get("lat") and form.get("long")) and not form.get("address_string") and not form.get("address_id"):
        errors.append(FieldError("lat, long, address_string or address_id", "expected one way to say where"))
    if errors:
        raise invalid(errors)
    customer = {
        "name": " ".join(form[name] for name in ("first_name", "last_name") if name in form),
        "email": form.get("email"),
        "phone": form.get("phone"),
        "id": form.get("account_id"),
    }
    try:
        return ComplaintForm.model_validate(
            {
                "channel": CHANNEL,
                "category": form["service_code"],
                "narrative": "\n".join([form["description"], *_where(form)]),
                "customer": {name: value for name, value in customer.items() if value},
            }
        )
    except ValidationError as error:
        raise invalid(field_errors(error.errors())) from None


def _where(form: dict[str, str]) -> Iterator[str]:
    """Where it happened: it may be somebody's home, so that it is sealed with what was said."""
    for name in ("address_string", "address_id", "lat", "long", "media_url"):
        if name in form:
            yield f"{name}: {form[name]}"


async def _named(services: Services, person: Person, references: Sequence[str]) -> list[Case]:
    cases = []
    for reference in references:
        try:
            cases.append(await services.cases.visible_case(person, reference))
        except Problem:
            continue
    return cases


async def _paged(services: Services, person: Person, wanted: CaseFilter, page: int, page_size: int) -> Sequence[Case]:
    """The page of that number; those before it are passed over, which the bound on all keeps short."""
    cursor: str | None = None
    for _ in range(min(page, MOST_REQUESTS // page_size + 1)):
        found = await services.parts.records.page(wanted, scope_of(person), cursor=cursor, limit=page_size)
        cursor, page = found.next_cursor, page - 1
        if page == 0:
            return found.cases
        if cursor is None:
            break
    return []


async def _requests(services: Services, person: Person, cases: Sequence[Case], language: Language) -> list[Item]:
    """The cases as requests; what was said, for those who may read it, and that is logged."""
    told: dict[str, str] = {}
    if cases and may(person, Permission.READ_CUSTOMER):
        await services.reads.note_all(person.id, [(c.intake.customer, c.reference) for c in cases], STORY, Act.READ)
        told = await services.parts.vault.open_kept_texts([case.intake.narrative for case in cases])
    return [_request(services, case, told.get(case.intake.narrative, ""), language) for case in cases]


def _request(services: Services, case: Case, description: str, language: Language) -> Item:
    code, due = case.intake.category or "", case.nearest_due()
    term = services.taxonomy.category.get(code)
    return {
        "service_request_id": case.reference,
        "status": "closed" if case.has_ended else "open",
        "status_notes": case.outcome or case.status,
        "service_name": case.legacy.get("category", code) if term is None else getattr(term, language),
        "service_code": code,
        "description": description,
        "agency_responsible": case.team or "",
        "service_notice": "",
        "requested_datetime": _utc(case.intake.received_at),
        "updated_datetime": _utc(case.ended_at or case.responded_at or case.acknowledged_at or case.intake.received_at),
        "expected_datetime": "" if due is None or case.has_ended else _utc(due),
        "address": "",
        "address_id": "",
        "zipcode": "",
        "lat": None,
        "long": None,
        "media_url": "",
    }


def _service(services: Services, code: str, language: Language) -> Item:
    term = services.taxonomy.category[code]
    group = services.taxonomy.category[term.under] if term.under is not None else term
    return {
        "service_code": code,
        "service_name": getattr(term, language),
        "description": getattr(term, language),
        "metadata": False,
        "type": "realtime",
        "keywords": ",".join(code.split("_")),
        "group": getattr(group, language),
    }


def _span(begin: datetime | None, end: datetime | None) -> tuple[datetime, datetime | None]:
    """From when to when; not more than 90 days. Raises `Problem`."""
    if begin is None:
        return (end or datetime.now(UTC)) - LONGEST_SPAN, end
    if end is None:
        end = begin + LONGEST_SPAN
    if not begin <= end <= begin + LONGEST_SPAN:
        raise invalid([FieldError("end_date", "expected at most 90 days from start_date")])
    return begin, end


def _statuses(wanted: str | None) -> tuple[Status, ...]:
    """Raises `Problem`."""
    asked = {each.strip() for each in (wanted or "open,closed").split(",")}
    if not asked <= {"open", "closed"}:
        raise invalid([FieldError("status", "expected open, closed, or open,closed")])
    if asked == {"open", "closed"}:
        return ()
    return tuple(ENDED if asked == {"closed"} else set(Status) - ENDED)


def _language(request: Request) -> Language:
    return Language.ZH if request.headers.get("accept-language", "").lower().startswith("zh") else Language.EN


def _without_ending(last: str) -> str:
    return last.removesuffix(".json").removesuffix(".xml")


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _add(path: str, handle: Callable[..., Any], method: str, summary: str, *, has_endings: bool = True) -> None:
    for ending in ENDINGS if has_endings else ("",):
        router.add_api_route(
            path + ending,
            handle,
            methods=[method],
            summary=summary,
            name=f"open311_{handle.__name__}{ending.replace('.', '_')}",
            response_class=Response,
            responses=_ANSWERS | ({201: _ANSWERS[200]} if method == "POST" else {}),
            openapi_extra=_POSTED if method == "POST" else None,
        )


_add("/services", services_list, "GET", "GeoReport v2: which services there are")
_add("/services/{service_code}", service, "GET", "GeoReport v2: what a service asks for", has_endings=False)
_add("/requests", take, "POST", "GeoReport v2: send a request")
_add("/requests", requests_list, "GET", "GeoReport v2: requests by number, service, status or time")
_add("/requests/{reference}", one_request, "GET", "GeoReport v2: one request", has_endings=False)
