"""The page stands alone, is accessible, and takes no text for markup."""

import re
from xml.etree.ElementTree import Element, fromstring

import pytest

from documents.html import as_html
from domain.surveys.report.wording import ReportLanguage
from tests.documents.sample_report import sample_report

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def page() -> str:
    return as_html(sample_report(), ReportLanguage.ENGLISH).decode()


@pytest.fixture(scope="module")
def pictures(page: str) -> list[Element]:
    return [fromstring(found) for found in re.findall(r"<svg.*?</svg>", page, re.DOTALL)]


def test_the_page_loads_nothing_and_runs_nothing(page: str) -> None:
    assert not re.search(r"<(script|link|iframe|object|embed|img|base)\b", page)
    assert not re.search(r"\s(src|srcset|on\w+)\s*=", re.sub(r"&[^;]+;", "", page).replace("http-equiv", ""))
    assert "url(" not in page
    assert "@import" not in page
    assert "default-src 'none'" in page


def test_texts_are_no_markup(page: str) -> None:
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>" not in page


def test_the_language_of_the_page_is_named() -> None:
    assert '<html lang="zh-CN">' in as_html(sample_report(), ReportLanguage.CHINESE).decode()
    assert '<html lang="en">' in as_html(sample_report(), ReportLanguage.ENGLISH).decode()


def test_every_chart_has_a_title_a_description_and_its_table_beneath(page: str, pictures: list[Element]) -> None:
    assert len(pictures) == 5
    for picture in pictures:
        title, description = picture.find(f"{SVG}title"), picture.find(f"{SVG}desc")
        assert title is not None
        assert description is not None
        assert picture.attrib["role"] == "img"
        assert picture.attrib["aria-labelledby"] == f"{title.attrib['id']} {description.attrib['id']}"
    assert len(re.findall(r"</svg>\s*<div class=\"wide\"[^>]*>\s*<table>", page)) == len(pictures)


def test_ids_are_used_once(page: str) -> None:
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_links_of_the_contents_lead_to_sections(page: str) -> None:
    targets = re.findall(r'href="#([^"]+)"', page)
    assert targets == re.findall(r'<section id="([^"]+)"', page) == ["one_page", "charts", "standing"]


def test_paper_and_the_dark_have_styles_of_their_own(page: str) -> None:
    assert "@media print" in page
    assert "prefers-color-scheme: dark" in page


def test_bars_are_as_long_as_their_values(pictures: list[Element]) -> None:
    widths = [float(bar.attrib["width"]) for bar in pictures[0].iter(f"{SVG}rect")]
    assert len(widths) == 2  # the third bar has no value
    assert widths[0] == pytest.approx(2 * widths[1], abs=0.02)


def test_standing_bars_are_as_high_as_their_values(pictures: list[Element]) -> None:
    heights = [float(bar.attrib["height"]) for bar in pictures[4].iter(f"{SVG}rect")]
    assert heights[0] == pytest.approx(2 * heights[1], abs=0.02)


def test_whiskers_end_at_the_limits_of_the_interval(pictures: list[Element]) -> None:
    """On a scale of 0–100 the first bar goes from 75 to 85 around 80."""
    bar = next(pictures[0].iter(f"{SVG}rect"))
    zero, per_point = float(bar.attrib["x"]), float(bar.attrib["width"]) / 80
    whisker = next(line for line in pictures[0].iter(f"{SVG}line") if line.attrib["class"] == "whisker")
    assert float(whisker.attrib["x1"]) == pytest.approx(zero + 75 * per_point, abs=0.02)
    assert float(whisker.attrib["x2"]) == pytest.approx(zero + 85 * per_point, abs=0.02)


def test_labels_stay_on_the_picture(pictures: list[Element]) -> None:
    for picture in pictures:
        _, _, width, height = map(float, picture.attrib["viewBox"].split())
        for text in picture.iter(f"{SVG}text"):
            assert 0 <= float(text.attrib["x"]) <= width
            assert 0 <= float(text.attrib["y"]) <= height
