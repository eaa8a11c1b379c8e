"""Every format shows the same figures, and those that were put in, rounded once."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from documents.rendering import ReportFormat, render
from domain.surveys.report.document import Report
from domain.surveys.report.wording import ReportLanguage
from tests.documents.reading_back import (
    numbers_of_json,
    numbers_of_xlsx,
    tables_of_html,
    tables_of_pdf,
    tables_of_xlsx,
)
from tests.documents.sample_report import FORMULA, MARKUP, sample_report

RESULTS = [
    ["Indicator", "Weight", "Score", "Score"],
    ["Gas supply", "70.0%", "83.2", "0.0"],
    [FORMULA, "12.3%", "–", "10,000.0"],
    [MARKUP, "–", "12.0", "@SUM(A1)"],
]
LOYALTY = [
    ["Satisfaction", "Loyalty", "Low", "High"],
    ["0.0", "10.0", "5.0", "15.0"],
    ["50.0", "30.0", "25.0", "35.0"],
    ["100.0", "90.0", "85.0", "95.0"],
]


@pytest.fixture(scope="module")
def report() -> Report:
    return sample_report()


def as_on_paper(grid: list[list[str]]) -> list[list[str]]:
    """A workbook marks repeated headings and texts that look like formulas; the words are the same."""
    return [[re.sub(r" \(\d+\)$", "", text.removeprefix("'")) for text in row] for row in grid]


def test_a_page_shows_the_figures_that_were_put_in(report: Report) -> None:
    found = tables_of_html(render(report, ReportFormat.HTML, ReportLanguage.ENGLISH))
    assert found[0] == RESULTS
    assert LOYALTY in found


@pytest.mark.parametrize("language", ReportLanguage)
def test_workbook_and_paper_have_the_tables_of_the_page(report: Report, language: ReportLanguage) -> None:
    on_screen = tables_of_html(render(report, ReportFormat.HTML, language))
    workbook = tables_of_xlsx(render(report, ReportFormat.XLSX, language))
    assert [as_on_paper(grid) for grid in workbook] == on_screen
    assert tables_of_pdf(report, language) == on_screen
    assert len(on_screen) == 6


def test_json_has_every_number_of_the_workbook(report: Report) -> None:
    numbers = numbers_of_xlsx(render(report, ReportFormat.XLSX, ReportLanguage.ENGLISH))
    assert {74.1, -1.2, 0.302, 1604.0, 83.2, 0.49, 910.0, 0.455} <= numbers
    assert numbers <= numbers_of_json(render(report, ReportFormat.JSON, ReportLanguage.ENGLISH))


def test_json_is_read_back_as_the_same_report(report: Report) -> None:
    assert Report.model_validate_json(render(report, ReportFormat.JSON, ReportLanguage.CHINESE)) == report


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext is not installed")
def test_the_text_of_the_pdf_holds_every_cell(report: Report, tmp_path: Path) -> None:
    file = tmp_path / "report.pdf"
    file.write_bytes(render(report, ReportFormat.PDF, ReportLanguage.CHINESE))
    text = subprocess.run(["pdftotext", "-layout", file, "-"], capture_output=True, check=True, text=True).stdout
    words = re.sub(r"\s", "", text)
    cells = {cell for grid in tables_of_pdf(report, ReportLanguage.CHINESE) for row in grid for cell in row}
    assert {cell for cell in cells if re.sub(r"\s", "", cell) not in words} <= {FORMULA, MARKUP}


@pytest.mark.parametrize("kind", ReportFormat)
def test_the_same_report_gives_the_same_bytes(kind: ReportFormat) -> None:
    first, second = (render(sample_report(), kind, ReportLanguage.CHINESE) for _ in range(2))
    assert first == second
