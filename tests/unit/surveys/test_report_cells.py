"""A figure is rounded when it is made, and shown alike everywhere."""

import math

import pytest
from pydantic import ValidationError

from domain.surveys.report.cells import Number, Percent, Text, said
from domain.surveys.report.charts import Bar, BarChart, Stage
from domain.surveys.report.tables import Row, Table
from domain.surveys.report.wording import ReportLanguage, Wording
from tests.documents.sample_report import BARS, LINE, SCATTER

ENGLISH = ReportLanguage.ENGLISH


@pytest.mark.parametrize(
    ("value", "decimals", "kept", "shown"),
    [
        (74.06, 1, 74.1, "74.1"),
        (2.5, 0, 2.0, "2"),  # GB/T 8170: a half goes to the even neighbour
        (3.5, 0, 4.0, "4"),
        (-1.24, 1, -1.2, "−1.2"),
        (-0.04, 1, 0.0, "0.0"),
        (1234567.891, 2, 1234567.89, "1,234,567.89"),
    ],
)
def test_a_number_keeps_what_it_shows(value: float, decimals: int, kept: float, shown: str) -> None:
    number = Number(value=value, decimals=decimals)
    assert number.value == kept
    assert math.copysign(1, number.value) == (-1 if kept < 0 else 1)
    assert number.said(ENGLISH) == shown


def test_a_difference_shows_its_sign() -> None:
    assert [Number(value=each, decimals=1, signed=True).said(ENGLISH) for each in (1.25, -1.25, 0.01)] == [
        "+1.2",
        "−1.2",
        "0.0",
    ]


def test_a_share_is_kept_as_a_part_of_one_and_shown_in_percent() -> None:
    share = Percent(value=0.30249, decimals=1)
    assert share.value == 0.302
    assert share.said(ENGLISH) == "30.2%"
    assert Percent(value=1, decimals=0).said(ENGLISH) == "100%"


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_not_a_number_is_no_figure(value: float) -> None:
    with pytest.raises(ValidationError, match="finite"):
        Number(value=value, decimals=1)


def test_a_figure_that_does_not_exist_is_shown_as_a_dash() -> None:
    assert Number.of(None) is None
    assert Number.of(math.nan) is None
    assert said(Number.of(None), ENGLISH) == "–"
    assert said(Text.verbatim("x"), ENGLISH) == "x"


def test_a_rounded_number_stays_as_it_is_when_it_is_read_back() -> None:
    number = Number(value=0.123456, decimals=4)
    assert Number.model_validate_json(number.model_dump_json()) == number


def test_a_table_has_a_cell_for_each_column() -> None:
    title = Wording.verbatim("t")
    with pytest.raises(ValidationError, match="row 1: 2 cells are expected, not 1"):
        Table(
            title=title,
            columns=(title, title),
            rows=(Row(cells=(None, None)), Row(cells=(None,))),
        )


def test_the_table_of_a_bar_chart_has_every_figure_and_the_reference() -> None:
    rows = [[said(cell, ENGLISH) for cell in row.cells] for row in BARS.table().rows]
    assert rows == [
        ["Pressure", "80.0", "75.0", "85.0"],
        ["Quality", "40.0", "30.0", "50.0"],
        ["Repairs", "–", "–", "–"],
        ["Index", "74.1", "–", "–"],
    ]


def test_a_chart_without_intervals_has_no_columns_for_them() -> None:
    bare = tuple(Bar(label=bar.label, value=bar.value) for bar in BARS.bars)
    chart = BarChart(**(dict(BARS) | {"bars": bare}))
    assert [column.en for column in chart.table().columns] == ["Indicator", "Score"]


def test_the_table_of_a_line_has_its_band() -> None:
    assert [column.en for column in LINE.table().columns] == ["Satisfaction", "Loyalty", "Low", "High"]


def test_the_table_of_a_matrix_says_where_its_quarters_meet() -> None:
    assert [said(cell, ENGLISH) for cell in SCATTER.table().rows[-1].cells] == ["Division", "70.0", "0.500", "–"]


def test_a_stage_of_a_funnel_has_its_share_of_the_first() -> None:
    assert said(Stage.of(Wording.verbatim("s"), 910, 2000).share, ENGLISH) == "45.5%"
    assert Stage.of(Wording.verbatim("s"), 0, 0).share is None
