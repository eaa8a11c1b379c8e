"""Reports as one HTML file: no script, nothing loaded from elsewhere, readable without style and in the dark."""

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from documents.charts.svg import whole_svg
from documents.layout import LaidChart, lay_out
from domain.surveys.report.document import Report
from domain.surveys.report.wording import ReportLanguage

if TYPE_CHECKING:
    from jinja2 import Template

TEMPLATES = files("documents") / "templates"
LANGUAGE_TAGS = {ReportLanguage.CHINESE: "zh-CN", ReportLanguage.ENGLISH: "en"}


def as_html(report: Report, language: ReportLanguage) -> bytes:
    """The report as a page in UTF-8."""
    laid = lay_out(report, language)
    page = _template().render(
        report=laid,
        language_tag=LANGUAGE_TAGS[language],
        stylesheet=(TEMPLATES / "report.css").read_text("utf-8"),
        picture=_picture,
    )
    return page.encode()


def _picture(chart: LaidChart) -> str:
    from markupsafe import Markup

    return Markup(whole_svg(chart.drawing, chart.name, chart.title, chart.description))  # noqa: S704 - made by us


@cache
def _template() -> "Template":
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string((TEMPLATES / "report.html.jinja").read_text("utf-8"))
