"""The forms of the procedure over HTTP: as a page to print from the browser, or as PDF."""

import asyncio
import base64
import hashlib
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Response

from documents.forms import FormFormat, render_form, stylesheet
from domain.access import Permission, Person
from domain.complaints.forms import FormKind
from domain.complaints.forms.paper import Form
from domain.privacy import Language
from starter.api.complaints import Reference
from starter.api.entry import Allowed, House
from starter.api.models import ProblemView
from starter.problems import Problem

router = APIRouter(prefix="/v1", tags=["forms"])

MEDIA_TYPES = {"text/html": FormFormat.HTML, "application/pdf": FormFormat.PDF}
"""What a form is given as; the first one to whoever takes anything."""

FORMS: dict[int | str, dict[str, Any]] = {
    200: {"description": "The form", "content": {media_type: {} for media_type in MEDIA_TYPES}},
    406: {"model": ProblemView, "description": "Neither HTML nor PDF is accepted"},
}

Printer = Annotated[Person, Depends(Allowed(Permission.PRINT_FORMS))]
FormLanguage = Annotated[Language, Query(alias="lang", description="the language of the form's own words")]


def wanted_format(accept: Annotated[str, Header(description="text/html or application/pdf")] = "*/*") -> FormFormat:
    """The format that the Accept header prefers (RFC 9110, 12.5.1). Raises `Problem`: 406."""
    wishes = [_wish(part) for part in accept.split(",")]
    best: tuple[float, FormFormat] | None = None
    for media_type, kind in MEDIA_TYPES.items():
        fitting = [(specific, quality) for name, specific, quality in wishes if _fits(name, media_type)]
        quality = max(fitting)[1] if fitting else 0.0
        if quality > 0 and (best is None or quality > best[0]):
            best = quality, kind
    if best is None:
        raise Problem(406, "not_acceptable", f"a form is given as {' or '.join(MEDIA_TYPES)}")
    return best[1]


Wanted = Annotated[FormFormat, Depends(wanted_format)]


@router.get(
    "/complaints/{reference}/register-form",
    summary="The complaint handling register of a case",
    response_class=Response,
    responses=FORMS,
)
async def register_form(
    reference: Reference, services: House, person: Printer, wanted: Wanted, language: FormLanguage = Language.ZH
) -> Response:
    """顾客投诉处理登记表, filled in as far as your roles see the case. The read of personal data is logged."""
    form = await services.forms.filled(person, reference, FormKind.REGISTER, language)
    return await handed_out(form, wanted, f"{reference}-register")


@router.get(
    "/complaints/{reference}/visit-form",
    summary="The customer visit record of a case",
    response_class=Response,
    responses=FORMS,
)
async def visit_form(
    reference: Reference, services: House, person: Printer, wanted: Wanted, language: FormLanguage = Language.ZH
) -> Response:
    """访问顾客记录表, one sheet an attempt to call back; before the first, a sheet to take along."""
    form = await services.forms.filled(person, reference, FormKind.VISIT, language)
    return await handed_out(form, wanted, f"{reference}-visit")


@router.get("/forms/register", summary="An empty register to fill in", response_class=Response, responses=FORMS)
async def blank_register(services: House, _: Printer, wanted: Wanted, language: FormLanguage = Language.ZH) -> Response:
    return await handed_out(services.forms.blank(FormKind.REGISTER, language), wanted, "register")


@router.get("/forms/visit", summary="An empty visit record to fill in", response_class=Response, responses=FORMS)
async def blank_visit(services: House, _: Printer, wanted: Wanted, language: FormLanguage = Language.ZH) -> Response:
    return await handed_out(services.forms.blank(FormKind.VISIT, language), wanted, "visit")


async def handed_out(form: Form, wanted: FormFormat, name: str) -> Response:
    """The form as a page for the browser, which may use our one style and nothing else; or as a PDF to show."""
    content = await asyncio.to_thread(render_form, form, wanted)
    if wanted is FormFormat.HTML:
        policy = f"default-src 'none'; style-src '{_hash_of_style()}'; frame-ancestors 'none'"
        return Response(content, media_type="text/html", headers={"Content-Security-Policy": policy, "Vary": "Accept"})
    shown = {"Content-Disposition": f'inline; filename="{name}.pdf"', "Vary": "Accept"}
    return Response(content, media_type="application/pdf", headers=shown)


def _hash_of_style() -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(stylesheet().encode()).digest()).decode()}"


def _wish(part: str) -> tuple[str, int, float]:
    """A part of an Accept header: the media range, how specific it is, its quality; nonsense has none."""
    name, *parameters = (piece.strip().lower() for piece in part.split(";"))
    quality = 1.0
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                quality = float(parameter[2:])
            except ValueError:
                quality = 0.0
    return name, 2 - name.count("*"), quality if 0 <= quality <= 1 else 0.0


def _fits(wished: str, media_type: str) -> bool:
    return wished in {media_type, f"{media_type.partition('/')[0]}/*", "*/*"}
