"""The sheets of an XLSForm workbook as rows of named cells, each cell with its address."""

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zipfile import BadZipFile

from documents.xlsform.vocabulary import SETTINGS, TRANSLATED, language_tag
from domain.surveys.errors import Problem, SurveyProblem

MOST_ROWS = 20_000

_SYNONYMS = {
    "command": "type",
    "tag": "name",
    "value": "name",
    "caption": "label",
    "relevance": "relevant",
    "constraining_message": "constraint_message",
    "calculate": "calculation",
    "readonly": "read_only",
    "set_form_id": "form_id",
    "set_form_title": "form_title",
}
_OF_PYXFORM = re.compile(r"^\[row : (\d+)\] (?:On the '(\w+)' sheet, the '(\w+)' value (?:is \w+\. )?)?")


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its cells without the empty ones, by column; translated columns are called `label::en`."""

    sheet: str
    number: int
    cells: Mapping[str, str]
    letters: Mapping[str, str]

    def get(self, column: str) -> str:
        return self.cells.get(column, "")

    def said(self, column: str) -> dict[str, str]:
        """The translations in a column, by language."""
        prefix = f"{column}::"
        return {name.removeprefix(prefix): text for name, text in self.cells.items() if name.startswith(prefix)}

    def place(self, column: str) -> str:
        """The address of a cell: sheet, letter and row as in formulas, and what the column is called."""
        translations = (letter for name, letter in self.letters.items() if name.startswith(f"{column}::"))
        letter = self.letters.get(column) or next(translations, "")
        return f"{self.sheet}!{letter}{self.number} {column}"


@dataclass(frozen=True, slots=True)
class Sheets:
    """The rows by sheet, and what is wrong with headings."""

    rows: Mapping[str, Sequence[Row]]
    problems: Sequence[Problem]

    def of(self, sheet: str) -> Sequence[Row]:
        return self.rows.get(sheet, ())

    def setting(self, name: str) -> str:
        return next((row.get(name) for row in self.of(SETTINGS)), "")


def read_sheets(content: bytes) -> Sheets:
    """Every row of the workbook that is not empty; raises SurveyProblem if it is no XLSX workbook or too long."""
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = openpyxl.load_workbook(io.BytesIO(content), data_only=True)
    except (BadZipFile, InvalidFileException, KeyError, OSError, ValueError) as error:
        raise SurveyProblem(Problem("", "an XLSX workbook is expected")) from error
    tables = {sheet.title: _values(sheet) for sheet in book.worksheets}
    default = _default_language(tables.get(SETTINGS, []))
    problems: list[Problem] = []
    rows = {name: tuple(_rows(name, values, default, problems)) for name, values in tables.items()}
    return Sheets(rows, problems)


def pyxform_problems(content: bytes) -> Iterator[Problem]:
    """What XLSForm's own converter refuses: the first thing that it finds."""
    from pyxform.errors import PyXFormError
    from pyxform.xls2xform import convert

    try:
        convert(content, warnings=[], file_type=".xlsx")
    except PyXFormError as error:
        message = str(error)
        match = _OF_PYXFORM.match(message)
        if match is None:
            yield Problem("", message)
        else:
            number, sheet, column = match.groups()
            yield Problem(f"{sheet or 'survey'}!{number} {column or ''}".strip(), message[match.end() :])


def _values(sheet: Any) -> list[tuple[Any, ...]]:
    if sheet.max_row > MOST_ROWS:
        raise SurveyProblem(Problem(sheet.title, f"a sheet may have {MOST_ROWS:,} rows, not {sheet.max_row:,}"))
    return list(sheet.iter_rows(values_only=True))


def _default_language(settings: list[tuple[Any, ...]]) -> str | None:
    headings = [_text(heading).lower() for heading in settings[0]] if settings else []
    if "default_language" not in headings or len(settings) == 1:
        return None
    return language_tag(_text(settings[1][headings.index("default_language")]))


def _rows(sheet: str, values: list[tuple[Any, ...]], default: str | None, problems: list[Problem]) -> Iterator[Row]:
    from openpyxl.utils import get_column_letter

    letters: dict[str, str] = {}
    columns: dict[int, str] = {}
    for position, heading in enumerate(map(_text, values[0] if values else ())):
        letter = get_column_letter(position + 1)
        column = _column(heading, default)
        if column is None:
            expected = (
                "a language with its tag is expected, such as label::English (en), or default_language in settings"
            )
            problems.append(Problem(f"{sheet}!{letter}1 {heading}", expected))
        elif column:
            columns[position] = column
            letters[column] = letter
    for number, row in enumerate(values[1:], start=2):
        cells = {column: text for position, column in columns.items() if (text := _text(row[position]))}
        if cells:
            yield Row(sheet, number, cells, letters)


def _column(heading: str, default: str | None) -> str | None:
    """The column's name in our words; none if it is translated to we do not know what."""
    name, marked, language = heading.partition("::")
    name = name.strip().lower().replace(" ", "_")
    name = _SYNONYMS.get(name, name)
    if name not in TRANSLATED:
        return f"{name}::{language}" if marked else name
    tag = language_tag(language) if marked else default
    return f"{name}::{tag}" if tag else None


def _text(value: Any) -> str:
    """A cell as XLSForm's tools read it: whole numbers without decimals, booleans in lower case."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value).strip()
