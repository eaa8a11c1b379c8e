"""What a reader finds in a rendered report: its tables as rows of texts, from each format by another library."""

import io
import json
from html.parser import HTMLParser
from typing import Any

import openpyxl
import typst

from documents.layout import lay_out
from documents.pdf import TEMPLATE, fonts, typst_inputs
from domain.surveys.report.document import Report
from domain.surveys.report.wording import ReportLanguage

Grid = list[list[str]]


class _Tables(HTMLParser):
    """Collects the rows of every table element."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Grid] = []
        self.is_in_cell = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.found.append([])
        elif tag == "tr":
            self.found[-1].append([])
        elif tag in {"th", "td"}:
            self.found[-1][-1].append("")
            self.is_in_cell = True

    def handle_endtag(self, tag: str) -> None:
        if tag in {"th", "td"}:
            self.is_in_cell = False

    def handle_data(self, data: str) -> None:
        if self.is_in_cell:
            self.found[-1][-1][-1] += data


def tables_of_html(page: bytes) -> list[Grid]:
    parser = _Tables()
    parser.feed(page.decode())
    return parser.found


def tables_of_xlsx(workbook: bytes) -> list[Grid]:
    """The spreadsheet's tables, each number as its format shows it, in the order of the sheets."""
    book = openpyxl.load_workbook(io.BytesIO(workbook))
    return [
        [[shown(cell) for cell in row] for row in sheet[table.ref]]
        for sheet in book.worksheets
        for table in sorted(sheet.tables.values(), key=lambda table: top_row(table.ref))
    ]


def top_row(reference: str) -> int:
    return int("".join(filter(str.isdigit, reference.partition(":")[0])))


def shown(cell: Any) -> str:
    """A cell as the spreadsheet shows it, in the report's typography."""
    if cell.value is None:
        return "–"
    if not isinstance(cell.value, int | float):
        return str(cell.value)
    pattern = cell.number_format.split(";")[-1]
    decimals = len(pattern.rstrip("%").partition(".")[2])
    number, sign = (cell.value * 100, "%") if pattern.endswith("%") else (cell.value, "")
    plus = "+" if cell.number_format.startswith("+") and number else ""
    return f"{number:{plus},.{decimals}f}{sign}".replace("-", "−")


def numbers_of_json(data: bytes) -> set[float]:
    """Every figure, wherever it stands."""
    return set(_numbers(json.loads(data)))


def _numbers(node: Any) -> list[float]:
    if isinstance(node, dict):
        own = [float(node["value"])] if node.get("kind") in {"number", "percent"} else []
        return own + [number for child in node.values() for number in _numbers(child)]
    return [number for child in node for number in _numbers(child)] if isinstance(node, list) else []


def numbers_of_xlsx(workbook: bytes) -> set[float]:
    """Every number of the workbook."""
    book = openpyxl.load_workbook(io.BytesIO(workbook))
    cells = (cell.value for sheet in book.worksheets for row in sheet.iter_rows() for cell in row)
    return {float(value) for value in cells if isinstance(value, int | float)}


def tables_of_pdf(report: Report, language: ReportLanguage) -> list[Grid]:
    """The tables that typst set, asked of typst itself."""
    answer = typst.query(
        TEMPLATE.read_bytes(),
        "table",
        sys_inputs=typst_inputs(lay_out(report, language)),
        font_paths=fonts(),
        ignore_system_fonts=True,
    )
    return [_grid(table) for table in json.loads(answer)]


def _grid(table: dict[str, Any]) -> Grid:
    width = len(table["columns"])
    head, *cells = table["children"]
    texts = [_text(cell) for cell in (*head["children"], *cells)]
    return [texts[start : start + width] for start in range(0, len(texts), width)]


def _text(node: Any) -> str:
    if isinstance(node, list):
        return "".join(map(_text, node))
    if not isinstance(node, dict):
        return ""
    return (
        str(node["text"]) if "text" in node else "".join(_text(node.get(key)) for key in ("body", "child", "children"))
    )
