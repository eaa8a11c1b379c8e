"""Reports as PDF, typeset by typst from a template and the report's strings as data: no text of a report is markup."""

import json
from dataclasses import asdict
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from documents.charts.drawing import ATTRIBUTES, TEXT_SIZE
from documents.charts.svg import shapes_svg
from documents.layout import LaidBlock, LaidChart, LaidReport, lay_out
from domain.surveys.report.document import Report
from domain.surveys.report.wording import ReportLanguage

if TYPE_CHECKING:
    from typst import Fonts

TEMPLATE = files("documents") / "templates" / "report.typ"


def as_pdf(report: Report, language: ReportLanguage) -> bytes:
    """The report on A4, tagged for screen readers (PDF/UA-1), with no date in it."""
    import typst

    made = typst.compile(
        TEMPLATE.read_bytes(),
        format="pdf",
        pdf_standards="ua-1",
        font_paths=fonts(),
        ignore_system_fonts=True,
        sys_inputs=typst_inputs(lay_out(report, language)),
    )
    return bytes(made)


def typst_inputs(report: LaidReport) -> dict[str, str]:
    """What the template reads: the report as JSON."""
    sections = [
        {"title": section.title, "blocks": [_typst_block(block) for block in section.blocks]}
        for section in report.sections
    ]
    whole = {
        "language": report.language,
        "title": report.title,
        "subtitle": report.subtitle,
        "sections": sections,
        "label_size": TEXT_SIZE,
    }
    return {"report": json.dumps(whole, ensure_ascii=False)}


@cache
def fonts() -> "Fonts":
    """The Latin fonts that typst ships and the Chinese one of the wheel, the same on every machine."""
    from typst import Fonts

    chinese = str(files("cvttf_NotoSansCJK_Regular"))
    return Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=[chinese])


def _typst_block(block: LaidBlock) -> dict[str, Any]:
    if not isinstance(block, LaidChart):
        return asdict(block)
    drawing = block.drawing
    return {
        "kind": block.kind,
        "title": block.title,
        "description": block.description,
        "shapes": shapes_svg(drawing),
        "labels": [asdict(label) | {"fill": ATTRIBUTES[label.style]["fill"]} for label in drawing.labels],
        "width": drawing.width,
        "height": drawing.height,
        "table": asdict(block.table),
    }
