"""A form in the format that a reader asks for. The same form gives the same bytes."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from domain.complaints.forms.paper import Field, Form, Room, Section
from domain.privacy import Language

if TYPE_CHECKING:
    from jinja2 import Template

TEMPLATES = files("documents") / "templates"
LANGUAGE_TAGS = {Language.ZH: "zh-CN", Language.EN: "en"}


class FormFormat(StrEnum):
    """Named like the ending of the file."""

    HTML = "html"
    PDF = "pdf"


def render_form(form: Form, kind: FormFormat) -> bytes:
    """The form as a file of that format."""
    return _as_html(form) if kind is FormFormat.HTML else _as_pdf(form)


@cache
def stylesheet() -> str:
    """The one style of the page; a server names its hash to let a browser use it."""
    return (TEMPLATES / "form.css").read_text("utf-8")


def _as_html(form: Form) -> bytes:
    """The form as one page: no script, nothing loaded from elsewhere, made to be printed on A4."""
    page = _template().render(
        form=form, language_tag=LANGUAGE_TAGS[form.language], stylesheet=stylesheet(), rows_of=rows_of
    )
    return page.encode()


def _as_pdf(form: Form) -> bytes:
    """The form on A4, tagged for screen readers (PDF/UA-1), with no date in it."""
    import typst

    from documents.pdf import fonts

    made = typst.compile(
        (TEMPLATES / "form.typ").read_bytes(),
        format="pdf",
        pdf_standards="ua-1",
        font_paths=fonts(),
        ignore_system_fonts=True,
        sys_inputs={"form": json.dumps(_laid(form), ensure_ascii=False)},
    )
    return bytes(made)


def rows_of(section: Section) -> Iterator[tuple[Field, ...]]:
    """The fields in rows: two short ones side by side, any other alone."""
    waiting: Field | None = None
    for field in section.fields:
        if field.room is Room.SHORT and waiting is None:
            waiting = field
        elif field.room is Room.SHORT and waiting is not None:
            yield waiting, field
            waiting = None
        else:
            if waiting is not None:
                yield (waiting,)
                waiting = None
            yield (field,)
    if waiting is not None:
        yield (waiting,)


def _laid(form: Form) -> dict[str, Any]:
    """The form as the template of typst reads it: sections as rows of fields."""
    sheets = [
        {
            "title": sheet.title,
            "signatures": sheet.signatures,
            "sections": [
                {"title": section.title, "rows": [[_laid_field(field) for field in row] for row in rows_of(section)]}
                for section in sheet.sections
            ],
        }
        for sheet in form.sheets
    ]
    return {**asdict(form), "sheets": sheets}


def _laid_field(field: Field) -> dict[str, Any]:
    laid = asdict(field)
    if field.content.kind == "listing":
        laid["content"]["rows"] = field.content.all_rows
    return laid


@cache
def _template() -> "Template":
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string((TEMPLATES / "form.html.jinja").read_text("utf-8"))
