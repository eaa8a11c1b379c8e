"""The PDF: tagged, dated never, its fonts from wheels, every chart described."""

import re
import zlib

import pytest

from documents.layout import lay_out
from documents.pdf import as_pdf, fonts, typst_inputs
from domain.surveys.report.wording import ReportLanguage
from tests.documents.sample_report import sample_report


@pytest.fixture(scope="module")
def paper() -> bytes:
    return as_pdf(sample_report(), ReportLanguage.CHINESE)


def objects(paper: bytes) -> bytes:
    """The document's objects, those in compressed streams included."""
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", paper, re.DOTALL)
    return paper + b"".join(map(inflated, streams))


def inflated(stream: bytes) -> bytes:
    try:
        return zlib.decompress(stream)
    except zlib.error:
        return b""


def test_the_paper_is_tagged_for_screen_readers(paper: bytes) -> None:
    content = objects(paper)
    assert b"/StructTreeRoot" in content
    assert b"pdfuaid:part" in content
    assert content.count(b"/Alt") >= 5


def test_the_paper_has_no_date(paper: bytes) -> None:
    content = objects(paper)
    assert b"/CreationDate" not in content
    assert b"/ModDate" not in content


def test_its_fonts_are_those_of_the_wheels(paper: bytes) -> None:
    named = set(re.findall(rb"/BaseFont\s*/[A-Z]{6}\+([A-Za-z]+)", objects(paper)))
    assert named <= {b"DejaVuSansMono", b"LibertinusSerif", b"NotoSansCJKtc"}
    assert b"NotoSansCJKtc" in named
    assert "Noto Sans CJK TC" in fonts().families()


def test_shapes_are_a_picture_and_labels_are_text() -> None:
    inputs = typst_inputs(lay_out(sample_report(), ReportLanguage.CHINESE))["report"]
    assert "<svg" in inputs
    assert "<text" not in inputs
    assert '"text": "供气压力"' in inputs
