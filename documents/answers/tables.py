"""A file of answers as columns of cells: CSV as spreadsheets write it, XLSX, and SAV of statistics packages.

Owns the formats. What a cell must be is the concern of `responses`.
"""

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from domain.surveys.errors import Problem, SurveyProblem, refuse_if_any

SUFFIXES = (".csv", ".sav", ".xlsx")
DELIMITERS = ",;\t"
ENCODINGS = ("utf-8-sig", "gb18030")
"""Spreadsheets in Chinese save CSV in the second one."""


@dataclass(frozen=True, slots=True)
class AnswerTable:
    """Columns by heading, all with as many cells; `first_row` is what the file's own program calls the first of them.

    `sha256` is that of the file.
    """

    name: str
    sha256: str
    columns: Mapping[str, Sequence[Any]]
    first_row: int

    @property
    def rows(self) -> int:
        return len(next(iter(self.columns.values())))


def read_answers(file: Path) -> AnswerTable:
    """Read a file by its ending.

    Refuses with SurveyProblem: another ending, a file that is not what its ending says, no answers, headings that are
    empty or used twice, rows of another length. Raises OSError where the file cannot be read.
    """
    suffix = file.suffix.lower()
    if suffix not in SUFFIXES:
        raise SurveyProblem(Problem(file.name, f"{', '.join(SUFFIXES)} is expected"))
    content = file.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    if suffix == ".sav":
        return AnswerTable(file.name, digest, _columns_of_sav(file), first_row=1)
    rows = _rows_of_csv(content) if suffix == ".csv" else _rows_of_xlsx(content)
    return AnswerTable(file.name, digest, _by_heading(rows), first_row=2)


def _rows_of_csv(content: bytes) -> list[list[Any]]:
    text = _decoded(content)
    head, _, _ = text.partition("\n")
    delimiter = max(DELIMITERS, key=head.count)
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise SurveyProblem(Problem("", f"no CSV: {error}")) from error


def _decoded(content: bytes) -> str:
    for encoding in ENCODINGS:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise SurveyProblem(Problem("", "no text in UTF-8 or GB 18030"))


def _rows_of_xlsx(content: bytes) -> list[list[Any]]:
    """The first sheet, formulas as their last values."""
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        return [list(row) for row in book.worksheets[0].iter_rows(values_only=True)]
    except (BadZipFile, InvalidFileException, KeyError, ValueError) as error:
        raise SurveyProblem(Problem("", "no XLSX workbook")) from error


def _columns_of_sav(file: Path) -> dict[str, Sequence[Any]]:
    """User-missing values are missing; labels of values are left aside, the answers are their codes."""
    import pyreadstat

    try:
        columns, _ = pyreadstat.read_sav(file, output_format="dict")
    except pyreadstat.ReadstatError as error:
        raise SurveyProblem(Problem("", f"no SAV file: {error}")) from error
    if not columns or not len(next(iter(columns.values()))):
        raise SurveyProblem(Problem("", "the file has no answers"))
    return {str(name): list(cells) for name, cells in columns.items()}


def _by_heading(rows: list[list[Any]]) -> dict[str, Sequence[Any]]:
    """Rows below the first as columns; rows without any cell at the end are none."""
    while rows and all(_is_empty(cell) for cell in rows[-1]):
        rows.pop()
    if len(rows) < 2:
        raise SurveyProblem(Problem("", "headings and at least one row of answers are expected"))
    headings = ["" if cell is None else str(cell).strip() for cell in rows[0]]
    while headings and not headings[-1]:
        headings.pop()
    refuse_if_any(_heading_faults(headings))
    refuse_if_any(_length_faults(headings, rows[1:]))
    cells = zip(*(row[: len(headings)] for row in rows[1:]), strict=True)
    return dict(zip(headings, cells, strict=True))


def _heading_faults(headings: list[str]) -> Iterator[Problem]:
    for place, heading in enumerate(headings, start=1):
        if not heading:
            yield Problem(f"row 1, column number {place}", "a heading is expected")
    for heading, count in Counter(headings).items():
        if heading and count > 1:
            yield Problem(f"column {heading}", f"{count} columns have this heading")


def _length_faults(headings: list[str], rows: list[list[Any]]) -> Iterator[Problem]:
    width = len(headings)
    for number, row in enumerate(rows, start=2):
        if len(row) < width or not all(_is_empty(cell) for cell in row[width:]):
            yield Problem(f"row {number}", f"{width} cells are expected, found {len(row)}")


def _is_empty(cell: object) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())
