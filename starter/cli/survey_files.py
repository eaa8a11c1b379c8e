"""Definitions of surveys in files: read, summed up, written. Knows no command line; `surveys` is the commands."""

import json
import tomllib
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeAlias

from domain.surveys.definition import AddOn, SurveyDefinition
from domain.surveys.errors import Problem, SurveyProblem, parse_document
from domain.surveys.questionnaire import Page, Questionnaire
from domain.surveys.shipped import add_on_names, named_add_on, named_survey, survey_names

Document: TypeAlias = SurveyDefinition | AddOn | Questionnaire
"""A survey, pages to add to one, or the questionnaire of an XLSForm that is not ours."""


class Format(StrEnum):
    TOML = "toml"
    JSON = "json"
    XLSX = "xlsx"
    """XLSForm."""


class UnusableFileError(Exception):
    """The file cannot be read, or this cannot be written in the format asked for."""


def shipped_summaries() -> Iterator[dict[str, Any]]:
    """What is shipped: surveys, then add-ons."""
    yield from (summary(name, named_survey(name)) for name in survey_names())
    yield from (summary(name, named_add_on(name)) for name in add_on_names())


def read_document(file: Path) -> Document:
    """The document in a file, or the shipped survey of that name.

    Raises UnusableFileError, and SurveyProblem with what is wrong in the document.
    """
    if not file.exists() and str(file) in survey_names():
        return named_survey(str(file))
    known = {f".{each}": each for each in Format}
    if file.suffix.lower() not in known:
        raise UnusableFileError(f"{file}: one of {', '.join(known)} is expected, or one of {', '.join(survey_names())}")
    try:
        content = file.read_bytes()
    except OSError as error:
        raise UnusableFileError(f"{file}: {error.strerror}") from error
    return _parsed(content, known[file.suffix.lower()])


def document_bytes(document: Document, form: Format) -> bytes:
    """The document in that format; only a whole survey can be an XLSForm, or UnusableFileError is raised."""
    if form is Format.XLSX:
        from documents.xlsform.writing import as_xlsform

        if not isinstance(document, SurveyDefinition):
            raise UnusableFileError("only a whole survey is written as XLSForm")
        return as_xlsform(document)
    plain = document.model_dump(mode="json", exclude_unset=True, exclude_none=True)
    content = {"questionnaire": plain} if isinstance(document, Questionnaire) else plain
    if form is Format.JSON:
        return f"{json.dumps(content, ensure_ascii=False, indent=2)}\n".encode()
    from documents.toml import as_toml

    return as_toml(content).encode()


def summary(name: str, document: Document) -> dict[str, Any]:
    """What the document is and how long."""
    match document:
        case SurveyDefinition(title=title, version=version, languages=languages):
            head = {"kind": "survey", "title": title, "version": version, "languages": [*languages]}
            return {"name": name, **head, **_extent(document.questionnaire.pages)}
        case AddOn(title=title, version=version):
            head = {"kind": "add-on", "title": title, "version": version, "languages": [*title]}
            return {"name": name, **head, **_extent(document.pages)}
        case Questionnaire(introduction=title):
            head = {"kind": "questionnaire only", "title": title, "languages": [*title]}
            return {"name": name, **head, **_extent(document.pages)}


def _extent(pages: tuple[Page, ...]) -> dict[str, int]:
    questions = (question for page in pages for question in page.questions)
    return {
        "pages": len(pages),
        "questions": sum(len(getattr(question, "rows", ("itself",))) for question in questions),
    }


def _parsed(content: bytes, form: Format) -> Document:
    if form is Format.XLSX:
        from documents.xlsform.reading import read_xlsform

        return read_xlsform(content)
    plain = _plain(content, form)
    is_add_on = isinstance(plain, Mapping) and str(plain.get("format", "")).startswith("amends-add-on/")
    return parse_document(AddOn, plain) if is_add_on else parse_document(SurveyDefinition, plain)


def _plain(content: bytes, form: Format) -> Any:
    try:
        text = content.decode("utf-8")
        return json.loads(text) if form is Format.JSON else tomllib.loads(text)
    except ValueError as error:
        raise SurveyProblem(Problem("", f"no {form.upper()} in UTF-8: {error}")) from error
