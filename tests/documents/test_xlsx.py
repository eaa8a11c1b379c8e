"""The workbook: tables of the spreadsheet, numbers with formats, nothing that becomes a formula."""

import io
import zipfile

import openpyxl
import pytest

from documents.xlsx import as_xlsx
from domain.surveys.report.wording import ReportLanguage
from tests.documents.sample_report import sample_report


@pytest.fixture(scope="module")
def written() -> bytes:
    return as_xlsx(sample_report(), ReportLanguage.ENGLISH)


@pytest.fixture(scope="module")
def book(written: bytes) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(written))


def test_each_section_is_a_sheet_and_each_table_a_table(book: openpyxl.Workbook) -> None:
    assert book.sheetnames == ["1 One page   all", "2 Charts", "3 Bars"]
    assert [len(sheet.tables) for sheet in book.worksheets] == [1, 4, 1]


def test_numbers_are_numbers_in_the_format_of_the_report(book: openpyxl.Workbook) -> None:
    cells = {cell.value: cell.number_format for row in book.worksheets[0].iter_rows() for cell in row if cell.value}
    assert cells[74.1] == "#,##0.0"
    assert cells[-1.2] == "+#,##0.0;-#,##0.0;#,##0.0"
    assert cells[0.302] == "0.0%"
    assert cells[1604] == "#,##0"


def test_no_text_starts_like_a_formula(book: openpyxl.Workbook) -> None:
    texts = [cell.value for row in book.worksheets[0].iter_rows() for cell in row if isinstance(cell.value, str)]
    assert '\'=HYPERLINK("http://evil.example")' in texts
    assert "'@SUM(A1)" in texts
    assert not any(text.startswith(("=", "+", "-", "@")) for text in texts)


def test_the_workbook_holds_no_formula_and_no_link(written: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(written)) as parts:
        sheets = [parts.read(name).decode() for name in parts.namelist() if name.startswith("xl/worksheets/sheet")]
    assert len(sheets) == 3
    assert not any("<f>" in sheet or "<hyperlink" in sheet for sheet in sheets)


def test_its_dates_are_fixed(written: bytes, book: openpyxl.Workbook) -> None:
    assert book.properties.created.year == 2000
    with zipfile.ZipFile(io.BytesIO(written)) as parts:
        assert {part.date_time[0] for part in parts.infolist()} == {1980}
