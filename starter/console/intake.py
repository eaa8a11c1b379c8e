"""Taking a complaint during a call: who calls, what there was before, what is promised, and what stops everything.

While somebody types, our script asks `check` for the part beside the form; without it a button does the same.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request, Response
from pydantic import ValidationError

from domain.access import Permission
from domain.calendar import Calendar
from domain.complaints.clocks import Clock, rules_of, start
from domain.complaints.intake import Intake
from domain.complaints.likeness import Likeness, Matter
from domain.complaints.policy import Anchor
from domain.privacy import IDENTIFYING, Identity, Language
from domain.undertakings.incident import Incident
from starter.api.entry import House, once_for
from starter.console.command_forms import codes
from starter.console.entry import ConsoleRoute, Seat, Visit, form_of, redirect
from starter.console.faults import said
from starter.console.rendering import fragment, show, speech_of
from starter.customers import CustomerForm, identify
from starter.intake import ComplaintForm
from starter.pages.entry import text_in
from starter.problems import FieldError, Problem, field_errors
from starter.services import Services
from storage.identities import LookupField

router = APIRouter(prefix="/console/intake", route_class=ConsoleRoute, include_in_schema=False)

Taker = Annotated[Visit, Depends(Seat(Permission.TAKE_COMPLAINT))]

CUSTOMER = ("name", "phone", "email", "address", "language")
ABOUT = ("channel", "product", "region", "partner", "narrative", "demand", "representative")
FIELDS = (*CUSTOMER, "account", *ABOUT, "category", "severity", "key", "heard", "emergency", "occurred_at")
MOST_INCIDENTS = 20
_NOBODY: Mapping[str, Any] = {
    "reference": "C-2026-000000",
    "channel": "phone",
    "taken_by": "nobody",
    "customer": f"cus_{'0' * 32}",
    "narrative": f"txt_{'0' * 32}",
}
"""Of whom it is when only what would be promised is asked."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known while the caller still speaks."""

    earlier: list[Likeness]
    customer: Identity | None
    incidents: list[tuple[Incident, str]]
    promises: list[Clock]
    is_danger: bool
    is_looked_up: bool


@router.get("")
async def ask(request: Request, services: House, visit: Taker) -> Response:
    """An empty form, with the telephone number first."""
    given = {"channel": "phone", "severity": "3", "language": visit.language.value, "key": _key(services)}
    return await _page(request, services, visit, given)


@router.post("")
async def take(request: Request, services: House, visit: Taker) -> Response:
    """Check what is known, or take the complaint; in danger the advice is read out first."""
    form = await form_of(request, visit.csrf)
    given = {name: text_in(form, name) for name in FIELDS}
    given["category"] = _category(services, given["category"], visit)
    if text_in(form, "do") == "check":
        return await _page(request, services, visit, given, looked_up=True)
    if _is_danger(services, given) and not given["heard"]:
        return await _page(request, services, visit, given, looked_up=True, status=422)
    try:
        complaint = _complaint(given, ZoneInfo(services.parts.settings.time_zone))
        body = json.dumps({name: given[name] for name in sorted(given)}, ensure_ascii=False).encode()
        once = once_for(request, visit.person, services, given["key"] or _key(services), body)
        taken = await services.intake.take(visit.person, complaint, once)
    except ValidationError as error:
        errors = (*field_errors(error.errors()), *_misunderstood(services, given))
        problem = Problem(422, "invalid", "not accepted", errors=errors)
        return await _page(request, services, visit, given, wrong=_wrong(problem, visit), status=422)
    except Problem as problem:
        if problem.status != 422:
            raise
        return await _page(request, services, visit, given, wrong=_wrong(problem, visit), status=422)
    reference = taken.reference or json.loads(taken.answer.body)["reference"]
    return redirect(f"/console/intake/{reference}")


@router.post("/check")
async def check(request: Request, services: House, visit: Taker) -> Response:
    """The part beside the form, as it is now known."""
    form = await form_of(request, visit.csrf)
    given = {name: text_in(form, name) for name in FIELDS}
    given["category"] = _category(services, given["category"], visit)
    known = await _known(services, visit, given, looked_up=True)
    return fragment(request, "intake_known.html.jinja", visit, **_shown(services, given, known))


@router.get("/{reference}")
async def receipt(request: Request, services: House, reference: str, visit: Taker) -> Response:
    """The number and the promises, to be read out."""
    case = await services.cases.visible_case(visit.person, reference)
    earlier = await services.likeness.of_case(visit.person, case)
    promises = sorted((clock for clock in case.clocks if clock.is_open), key=lambda clock: clock.due_at)
    return show(
        request,
        "intake_receipt.html.jinja",
        visit,
        case=case,
        earlier=earlier,
        promises=promises,
        emergency_phone=services.parts.settings.emergency_phone,
    )


async def _page(
    request: Request,
    services: Services,
    visit: Visit,
    given: Mapping[str, str],
    *,
    wrong: Mapping[str, str] | None = None,
    looked_up: bool = False,
    status: int = 200,
) -> Response:
    say = speech_of(request, visit.language)
    known = await _known(services, visit, given, looked_up=looked_up)
    return show(
        request,
        "intake.html.jinja",
        visit,
        status=status,
        wrong=wrong or {},
        channels=codes(services, "channel", say),
        categories=codes(services, "category", say),
        severities=[(level, say.of("Severity", level)) for level in "12345"],
        **_shown(services, given, known),
    )


def _shown(services: Services, given: Mapping[str, str], known: Known) -> dict[str, Any]:
    return {"given": given, "known": known, "emergency_phone": services.parts.settings.emergency_phone}


async def _known(services: Services, visit: Visit, given: Mapping[str, str], *, looked_up: bool) -> Known:
    """What there is about this caller and this matter; that somebody was found is logged."""
    identifiers = _identifiers(services, given) if looked_up else {}
    matter = Matter(at=datetime.now(UTC), category=given.get("category") or None, product=given.get("product") or None)
    earlier = await services.likeness.of_caller(visit.person, identifiers, matter) if identifiers else []
    return Known(
        earlier=earlier,
        customer=await _customer(services, visit, identifiers),
        incidents=await _incidents(services, given) if looked_up else [],
        promises=await _promises(services, given),
        is_danger=_is_danger(services, given),
        is_looked_up=bool(identifiers),
    )


def _identifiers(services: Services, given: Mapping[str, str]) -> dict[LookupField, str]:
    """What the caller is known by, as far as it is understood while it is typed."""
    region, understood = services.parts.settings.default_region, {}
    for field in LookupField:
        value = given.get(field.value, "")
        if not value:
            continue
        name = "id" if field is LookupField.ACCOUNT else field.value
        try:
            _, errors = identify(CustomerForm.model_validate({name: value}), region)
        except ValidationError:
            continue
        if not errors:
            understood[field] = value
    return understood


async def _customer(services: Services, visit: Visit, identifiers: Mapping[LookupField, str]) -> Identity | None:
    """The customer, where the identifiers lead to one person only; the read is logged."""
    found = {s for field, value in identifiers.items() for s in await services.parts.vault.subjects_of(field, value)}
    if len(found) != 1:
        return None
    (subject,) = found
    await services.reads.note(visit.person.id, subject, IDENTIFYING)
    return await services.parts.vault.identity(subject)


async def _incidents(services: Services, given: Mapping[str, str]) -> list[tuple[Incident, str]]:
    """Incidents that go on and may be behind this: none of the codes given speaks against it."""
    going_on = [
        each
        for each in await services.undertakings.page("incident", limit=MOST_INCIDENTS)
        if isinstance(each, Incident) and not each.has_ended and _may_be(each, given)
    ]
    titles = await services.undertaker.titles(going_on)
    return [(each, titles.get(each.title, "")) for each in going_on]


def _may_be(incident: Incident, given: Mapping[str, str]) -> bool:
    wanted = incident.target.model_dump(exclude_none=True)
    fits = {name: given.get(name) == code for name, code in wanted.items() if given.get(name)}
    return bool(fits) and all(fits.values())


async def _promises(services: Services, given: Mapping[str, str]) -> list[Clock]:
    """What the policy would promise for such a complaint, were it received now."""
    now = datetime.now(UTC)
    policy = await services.parts.rulebook.in_force(services.parts.settings.default_policy, now.date())
    calendar: Calendar = await services.parts.rulebook.calendar(policy)
    severity = int(given["severity"]) if given.get("severity", "") in set("12345") else 3
    likely = Intake(
        **_NOBODY,
        received_at=now,
        category=category if (category := given.get("category")) in services.taxonomy.category else None,
        severity=5 if _is_danger(services, given) else severity,
    )
    clocks = [start(rule, now, 1, calendar) for rule in rules_of(Anchor.RECEIVED, likely, policy)]
    return sorted(clocks, key=lambda clock: clock.due_at)


def _is_danger(services: Services, given: Mapping[str, str]) -> bool:
    return bool(given.get("emergency")) or services.taxonomy.names_a_danger(given.get("narrative", ""))


def _category(services: Services, typed: str, visit: Visit) -> str:
    """The code of a category that was typed or chosen by its name; what is unknown stays, to be refused by name."""
    terms = services.taxonomy.category
    for code, term in terms.items():
        under = f"{getattr(terms[term.under], visit.language.value)} › " if term.under else ""
        name = getattr(term, visit.language.value)
        if typed.casefold() in {code.casefold(), name.casefold(), f"{under}{name}".casefold()}:
            return code
    return typed


def _complaint(given: Mapping[str, str], zone: ZoneInfo) -> ComplaintForm:
    """The form of the API, from what was filled in. Raises ValidationError."""
    customer = {name: given[name] for name in CUSTOMER if given[name]}
    if given["account"]:
        customer["id"] = given["account"]
    body: dict[str, Any] = {name: given[name] for name in (*ABOUT, "category") if given[name]}
    if given["severity"].isdecimal():
        body["severity"] = int(given["severity"])
    if given["occurred_at"]:
        try:
            body["occurred_at"] = datetime.fromisoformat(given["occurred_at"]).replace(tzinfo=zone).isoformat()
        except ValueError:
            body["occurred_at"] = given["occurred_at"]
    return ComplaintForm.model_validate(body | {"customer": customer, "emergency": bool(given["emergency"])})


def _misunderstood(services: Services, given: Mapping[str, str]) -> Iterator[FieldError]:
    """What cannot be what it should be among the caller's data, told in one round with everything else."""
    for name in ("phone", "email"):
        if not given[name]:
            continue
        try:
            _, errors = identify(
                CustomerForm.model_validate({name: given[name]}), services.parts.settings.default_region
            )
        except ValidationError:
            continue
        yield from errors


def _wrong(problem: Problem, visit: Visit) -> dict[str, str]:
    """What is wrong, by the names of the form's fields."""
    language: Language = visit.language
    return {_field(error.pointer): said(error.message, language) for error in reversed(problem.errors)} or {
        "narrative": problem.detail
    }


def _field(pointer: str) -> str:
    name = pointer.rpartition("/")[2]
    return "account" if pointer == "/customer/id" else name if name in FIELDS else "narrative"


def _key(services: Services) -> str:
    return services.keys.form("console intake", datetime.now(UTC))
