"""A report in one language as the strings and drawings that a page is made of; HTML and PDF only arrange them."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from documents.charts.drawing import Drawing
from documents.charts.svg import draw
from domain.surveys.report.cells import said
from domain.surveys.report.document import Block, KeyFigures, Paragraph, Report, Section
from domain.surveys.report.tables import Table
from domain.surveys.report.wording import ReportLanguage, Wording


@dataclass(frozen=True, slots=True)
class LaidParagraph:
    text: str
    kind: Literal["paragraph"] = "paragraph"


@dataclass(frozen=True, slots=True)
class LaidFigure:
    label: str
    figure: str
    note: str


@dataclass(frozen=True, slots=True)
class LaidFigures:
    figures: tuple[LaidFigure, ...]
    kind: Literal["key_figures"] = "key_figures"


@dataclass(frozen=True, slots=True)
class LaidColumn:
    heading: str
    holds_figures: bool


@dataclass(frozen=True, slots=True)
class LaidRow:
    cells: tuple[str, ...]
    level: int


@dataclass(frozen=True, slots=True)
class LaidTable:
    title: str
    columns: tuple[LaidColumn, ...]
    rows: tuple[LaidRow, ...]
    note: str
    kind: Literal["table"] = "table"


@dataclass(frozen=True, slots=True)
class LaidChart:
    """`name` is unique in the document; the table beneath has no title of its own."""

    name: str
    title: str
    description: str
    drawing: Drawing
    table: LaidTable
    kind: Literal["chart"] = "chart"


LaidBlock: TypeAlias = LaidParagraph | LaidFigures | LaidTable | LaidChart


@dataclass(frozen=True, slots=True)
class LaidSection:
    id: str
    title: str
    blocks: tuple[LaidBlock, ...]


@dataclass(frozen=True, slots=True)
class LaidReport:
    language: ReportLanguage
    title: str
    subtitle: str
    sections: tuple[LaidSection, ...]


def lay_out(report: Report, language: ReportLanguage) -> LaidReport:
    """Every text and figure of the report as it is shown in the language, and its charts as drawings."""
    sections = tuple(_section(section, language) for section in report.sections)
    return LaidReport(language, report.title.said(language), report.subtitle.said(language), sections)


def _section(section: Section, language: ReportLanguage) -> LaidSection:
    blocks = (_block(block, f"{section.id}-{number}", language) for number, block in enumerate(section.blocks, start=1))
    return LaidSection(section.id, section.title.said(language), tuple(blocks))


def _block(block: Block, name: str, language: ReportLanguage) -> LaidBlock:
    match block:
        case Paragraph():
            return LaidParagraph(block.text.said(language))
        case KeyFigures():
            return _figures(block, language)
        case Table():
            return _table(block, language)
    description, table = block.description.said(language), _table(block.table(), language)
    return LaidChart(name, block.title.said(language), description, draw(block, language), table)


def _figures(block: KeyFigures, language: ReportLanguage) -> LaidFigures:
    figures = (
        LaidFigure(each.label.said(language), said(each.figure, language), _or_empty(each.note, language))
        for each in block.figures
    )
    return LaidFigures(tuple(figures))


def _table(table: Table, language: ReportLanguage) -> LaidTable:
    columns = (
        LaidColumn(heading.said(language), table.holds_figures(number)) for number, heading in enumerate(table.columns)
    )
    rows = (LaidRow(tuple(said(cell, language) for cell in row.cells), row.level) for row in table.rows)
    return LaidTable(table.title.said(language), tuple(columns), tuple(rows), _or_empty(table.note, language))


def _or_empty(text: Wording | None, language: ReportLanguage) -> str:
    return "" if text is None else text.said(language)
