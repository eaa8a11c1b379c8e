"""A report in the format that a reader asks for. The same report in the same language gives the same bytes."""

import json
from enum import StrEnum

from domain.surveys.report.document import Report
from domain.surveys.report.wording import ReportLanguage


class ReportFormat(StrEnum):
    """Named like the ending of the file."""

    HTML = "html"
    PDF = "pdf"
    XLSX = "xlsx"
    JSON = "json"


def render(report: Report, kind: ReportFormat, language: ReportLanguage) -> bytes:
    """The report as a file of that format; JSON holds both languages and every number."""
    match kind:
        case ReportFormat.HTML:
            from documents.html import as_html

            return as_html(report, language)
        case ReportFormat.PDF:
            from documents.pdf import as_pdf

            return as_pdf(report, language)
        case ReportFormat.XLSX:
            from documents.xlsx import as_xlsx

            return as_xlsx(report, language)
        case ReportFormat.JSON:
            return as_json(report)


def as_json(report: Report) -> bytes:
    """The report as data, with sorted keys; `Report.model_validate_json` reads it back."""
    return json.dumps(report.model_dump(mode="json"), ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"
