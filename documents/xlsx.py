"""Reports as a workbook: a sheet for each section, its tables as tables of the spreadsheet, numbers as numbers."""

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeAlias

from documents.charts.drawing import width_of
from domain.surveys.report.cells import Number, Percent, Text
from domain.surveys.report.document import Block, KeyFigures, Paragraph, Report, Section
from domain.surveys.report.tables import Table
from domain.surveys.report.wording import ReportLanguage

CREATED = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)
"""The same in every workbook, so that the same report gives the same bytes."""

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""A text that begins so becomes a formula when the sheet is saved as CSV and opened again (OWASP, CSV injection)."""

NOT_IN_A_SHEET_NAME = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))
LONGEST_SHEET_NAME = 31
NARROWEST, WIDEST = 9, 60
INDENT_OF_LEVEL = 2
POINTS_OF_A_CHARACTER = 6.4

Value: TypeAlias = Number | Percent | Text | None


def as_xlsx(report: Report, language: ReportLanguage) -> bytes:
    """The report as a workbook, its numbers as they are shown everywhere, its formulas none."""
    import xlsxwriter

    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        book.set_properties({"title": report.title.said(language), "created": CREATED})
        formats = _Formats(book)
        for number, section in enumerate(report.sections, start=1):
            name = f"{number} {section.title.said(language)}".translate(NOT_IN_A_SHEET_NAME)
            sheet = book.add_worksheet(name[:LONGEST_SHEET_NAME].strip())
            _Page(sheet, formats, language).write(section)
    return buffer.getvalue()


def harmless(text: str) -> str:
    """The text, with an apostrophe before what a spreadsheet would take for a formula."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


@dataclass
class _Formats:
    """The looks of cells in one workbook, each made once."""

    book: Any
    made: dict[str, Any] = field(default_factory=dict)

    def of(self, **properties: object) -> Any:
        key = repr(sorted(properties.items()))
        if key not in self.made:
            self.made[key] = self.book.add_format(properties)
        return self.made[key]

    def of_cell(self, cell: Value, level: int = 0) -> Any:
        indent = {"indent": INDENT_OF_LEVEL * level} if level else {}
        match cell:
            case Number() | Percent():
                return self.of(num_format=number_format(cell))
            case _:
                return self.of(text_wrap=True, valign="top", **indent)


def number_format(cell: Number | Percent) -> str:
    """The spreadsheet's format that shows the figure as the report does."""
    decimals = f".{'0' * cell.decimals}" if cell.decimals else ""
    plain = f"0{decimals}%" if isinstance(cell, Percent) else f"#,##0{decimals}"
    return f"+{plain};-{plain};{plain}" if cell.signed else plain


@dataclass
class _Page:
    """One sheet, written downwards."""

    sheet: Any
    formats: _Formats
    language: ReportLanguage
    row: int = 0

    def write(self, section: Section) -> None:
        self._line(section.title.said(self.language), bold=True, font_size=14)
        for block in section.blocks:
            self._block(block)
        for column, width in enumerate(_widths(section, self.language)):
            self.sheet.set_column(column, column, width)

    def _block(self, block: Block) -> None:
        match block:
            case Paragraph():
                self._line(block.text.said(self.language))
            case KeyFigures():
                self.row += 1
                for each in block.figures:
                    cells = (Text(text=each.label), each.figure, None if each.note is None else Text(text=each.note))
                    self._cells(cells)
                self.row += 1
            case Table():
                self._table(block)
            case _:
                self._table(block.table())

    def _table(self, table: Table) -> None:
        self.row += 1
        self._line(table.title.said(self.language), bold=True)
        headings = _distinct(harmless(heading.said(self.language)) for heading in table.columns)
        first = self.row
        self.row += 1
        for row in table.rows:
            self._cells(row.cells, row.level)
        shape = {"columns": [{"header": heading} for heading in headings], "autofilter": False}
        self.sheet.add_table(first, 0, self.row - 1, len(headings) - 1, shape | {"style": "Table Style Light 1"})
        if table.note is not None:
            self._line(table.note.said(self.language), italic=True)

    def _line(self, text: str, **look: object) -> None:
        self.sheet.write_string(self.row, 0, harmless(text), self.formats.of(**look))
        self.row += 1

    def _cells(self, cells: Sequence[Value], level: int = 0) -> None:
        for column, cell in enumerate(cells):
            look = self.formats.of_cell(cell, level if column == 0 else 0)
            match cell:
                case Number() | Percent():
                    self.sheet.write_number(self.row, column, cell.value, look)
                case Text():
                    self.sheet.write_string(self.row, column, harmless(cell.said(self.language)), look)
        self.row += 1


def _widths(section: Section, language: ReportLanguage) -> Iterator[float]:
    """Width of each column in characters: of its longest heading or cell, within limits."""
    tables = section.tables()
    for column in range(max((len(table.columns) for table in tables), default=1)):
        fitting = [table for table in tables if column < len(table.columns)]
        texts = [table.columns[column].said(language) for table in fitting]
        texts += (cell.said(language) for table in fitting for row in table.rows if (cell := row.cells[column]))
        longest = max(map(width_of, texts), default=0.0) / POINTS_OF_A_CHARACTER
        yield min(max(longest + 2, NARROWEST), WIDEST)


def _distinct(headings: Iterable[str]) -> list[str]:
    """A table of a spreadsheet names no two columns alike."""
    found: list[str] = []
    for heading in headings:
        taken = [name.lower() for name in found]
        number = 2
        name = heading
        while name.lower() in taken:
            name = f"{heading} ({number})"
            number += 1
        found.append(name)
    return found
