"""A survey's definition as an XLSForm workbook."""

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeAlias

from documents.xlsform.constraints import with_limits
from documents.xlsform.places import Value, flattened
from documents.xlsform.vocabulary import (
    CHOICES,
    INTRODUCTION,
    OWN,
    OWN_MISSING,
    OWN_ORDER,
    OWN_PLACES,
    OWN_ROLE,
    OWN_TYPE,
    OWN_UNLABELLED,
    PAGE,
    SETTINGS,
    SURVEY,
    THANKS,
    TRANSLATED,
    language_header,
    standing_text,
)
from domain.surveys.definition import SurveyDefinition
from domain.surveys.indicators import Translations
from domain.surveys.questionnaire import (
    Answerable,
    Matrix,
    MissingCode,
    MultipleChoice,
    Number,
    OpenText,
    Order,
    Page,
    Questionnaire,
    Ranking,
    Rating,
    SingleChoice,
)

CREATED = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)
"""The same in every workbook, so that the same definition gives the same bytes."""

Row: TypeAlias = dict[str, Value]
Question: TypeAlias = Answerable | Matrix

_SURVEY_COLUMNS = (
    *("type", "name", "label", "hint", "required", "relevant", "constraint", "constraint_message"),
    *("appearance", "parameters", OWN_TYPE, OWN_MISSING, OWN_ROLE, OWN_ORDER, OWN_PLACES),
)
_CHOICE_COLUMNS = ("list_name", "name", "label", OWN_UNLABELLED)
_SETTINGS_COLUMNS = ("form_title", "form_id", "version", "default_language", "style")
_IN_OTHER_SHEETS = {"id", "version", "questionnaire"}


def as_xlsform(survey: SurveyDefinition) -> bytes:
    """The definition as an XLSX workbook that tools for XLSForm read, and `read_xlsform` reads back equal."""
    languages = _languages(survey)
    own = survey.model_dump(mode="json", exclude=_IN_OTHER_SHEETS, exclude_defaults=True, exclude_none=True)
    return _workbook(
        {
            SURVEY: _table(_SURVEY_COLUMNS, languages, _survey_rows(survey.questionnaire)),
            CHOICES: _table(_CHOICE_COLUMNS, languages, _choice_rows(survey.questionnaire, languages)),
            SETTINGS: _table(_SETTINGS_COLUMNS, languages, [_settings(survey)]),
            OWN: [("place", "content"), *flattened(own)],
        }
    )


def _languages(survey: SurveyDefinition) -> tuple[str, ...]:
    """Those of the survey, then any others that some text has."""
    used = (language for _, text in survey.questionnaire.texts() for language in text)
    return tuple(dict.fromkeys((*survey.languages, *used)))


def _settings(survey: SurveyDefinition) -> Row:
    first = survey.languages[0]
    own: Row = {"form_title": survey.title[first], "form_id": survey.id, "version": survey.version}
    return {**own, "default_language": language_header(first), "style": "pages"}


def _survey_rows(questionnaire: Questionnaire) -> Iterator[Row]:
    for name in questionnaire.known:
        yield {"type": "hidden", "name": name}
    yield {"type": "note", "name": INTRODUCTION, **_said("label", questionnaire.introduction)}
    for page in questionnaire.pages:
        yield _page_row(page)
        for question in page.questions:
            yield from _question_rows(question)
        yield {"type": "end_group"}
    yield {"type": "note", "name": THANKS, **_said("label", questionnaire.thanks)}


def _page_row(page: Page) -> Row:
    group = {"type": "begin_group", "name": f"{PAGE}{page.id}", "appearance": "field-list", OWN_ORDER: page.order}
    return {**group, **_said("label", page.title), "relevant": page.relevant or ""}


def _question_rows(question: Question) -> Iterator[Row]:
    own = _own_columns(question)
    heading = {**_said("label", question.text), **_said("hint", question.hint), "relevant": question.relevant or ""}
    if not isinstance(question, Matrix):
        yield {"type": _type(question), "name": question.id, **heading, **_demands(question), **own}
        return
    yield {"type": "begin_group", "name": question.id, "appearance": "table-list", **heading, **own}
    for row in question.rows:
        answer = {"type": f"select_one {question.id}", "name": row.id}
        yield {**answer, **_said("label", row.text), **_demands(question)}
    yield {"type": "end_group"}


def _type(question: Answerable) -> str:
    match question:
        case Rating() | SingleChoice():
            return f"select_one {question.id}"
        case MultipleChoice():
            return f"select_multiple {question.id}"
        case Ranking():
            return f"rank {question.id}"
        case Number(whole=whole):
            return "integer" if whole else "decimal"
        case OpenText():
            return "text"


def _demands(question: Question) -> Row:
    required = "yes" if question.required else "no"
    message = _said("constraint_message", question.constraint_message)
    return {"required": required, "constraint": with_limits(question) or "", **message}


def _own_columns(question: Question) -> Row:
    columns: Row = {OWN_TYPE: question.type, OWN_MISSING: " ".join(question.missing), OWN_ROLE: question.role or ""}
    if isinstance(question, Ranking) and question.places is not None:
        columns[OWN_PLACES] = question.places
    if isinstance(question, Matrix):
        columns[OWN_ORDER] = question.order
    elif isinstance(question, SingleChoice | MultipleChoice | Ranking) and question.order is Order.RANDOM:
        columns["parameters"] = "randomize=true"
    return columns


def _choice_rows(questionnaire: Questionnaire, languages: Sequence[str]) -> Iterator[Row]:
    for question in (question for page in questionnaire.pages for question in page.questions):
        match question:
            case Rating() | Matrix():
                yield from _scale_rows(question, languages)
            case SingleChoice() | MultipleChoice() | Ranking():
                for choice in question.choices:
                    yield {"list_name": question.id, "name": choice.code, **_said("label", choice.title)}
        if not isinstance(question, Number | OpenText | Ranking):
            yield from _missing_rows(question.id, question.missing, languages)


def _scale_rows(question: Rating | Matrix, languages: Sequence[str]) -> Iterator[Row]:
    for code in range(question.scale.minimum, question.scale.maximum + 1):
        row: Row = {"list_name": question.id, "name": code}
        label = question.labels.get(code)
        shown = dict.fromkeys(languages, str(code)) if label is None else label
        yield {**row, **_said("label", shown), OWN_UNLABELLED: "yes" if label is None else ""}


def _missing_rows(name: str, codes: Iterable[MissingCode], languages: Sequence[str]) -> Iterator[Row]:
    for code in codes:
        titles = {language: standing_text(code, language) for language in languages}
        yield {"list_name": name, "name": code, **_said("label", titles)}


def _said(column: str, text: Translations | None) -> Row:
    return {f"{column}::{language_header(language)}": said for language, said in (text or {}).items()}


def _table(columns: Sequence[str], languages: Sequence[str], rows: Iterable[Row]) -> list[tuple[Value, ...]]:
    """The heading and the rows, with a column for each language where there are translations."""
    said = {column: [f"{column}::{language_header(language)}" for language in languages] for column in TRANSLATED}
    heading = [header for column in columns for header in said.get(column, [column])]
    return [tuple(heading), *(tuple(row.get(header, "") for header in heading) for row in rows)]


def _workbook(sheets: Mapping[str, Iterable[tuple[Value, ...]]]) -> bytes:
    import xlsxwriter

    buffer = io.BytesIO()
    with xlsxwriter.Workbook(
        buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    ) as book:
        book.set_properties({"created": CREATED})
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            sheet.freeze_panes(1, 0)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, [_exactly(value) for value in row])
    return buffer.getvalue()


def _exactly(value: Value) -> Value:
    """A number as text where the workbook's 16 digits would not give it back."""
    return repr(value) if isinstance(value, float) and float(f"{value:.16G}") != value else value
