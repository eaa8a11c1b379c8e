"""Axes on round numbers, labels that fit, names that do not cover each other."""

import pytest

from documents.charts.drawing import Label, Style, width_of, wrapped
from documents.charts.scales import Scale, round_step
from documents.charts.scatter import draw_scatter
from domain.surveys.report.cells import Number
from domain.surveys.report.charts import ScatterChart, ScatterPoint
from domain.surveys.report.wording import ReportLanguage, Wording
from tests.documents.sample_report import SCATTER


@pytest.mark.parametrize(("step", "rounded"), [(0.013, 0.02), (1.0, 1.0), (18.2, 20.0), (20.1, 50.0), (0.0, 1.0)])
def test_steps_are_one_two_or_five_times_a_power_of_ten(step: float, rounded: float) -> None:
    assert round_step(step) == pytest.approx(rounded)


def test_a_given_scale_keeps_its_ends() -> None:
    scale = Scale.over([41.3, 79.0], 0, 500, minimum=0, maximum=100)
    assert [label for _, label in scale.ticks()] == ["0", "20", "40", "60", "80", "100"]
    assert scale.place(79.0) == pytest.approx(395.0)


def test_a_free_scale_ends_on_round_numbers_around_its_values() -> None:
    scale = Scale.over([0.487, 0.593], 0, 100)
    assert (scale.low, scale.high) == pytest.approx((0.45, 0.6))
    assert [label for _, label in scale.ticks()] == ["0.45", "0.50", "0.55", "0.60"]


def test_a_value_beyond_a_given_end_moves_the_end() -> None:
    assert Scale.over([104.0], 0, 100, minimum=0, maximum=100).high == pytest.approx(150.0)


def test_values_that_are_all_alike_have_a_scale() -> None:
    scale = Scale.over([7.0, 7.0], 0, 100)
    assert scale.low <= 7.0 < scale.high


def test_long_names_are_broken_into_lines_that_fit() -> None:
    for text in ("How soon the fitters came and how clearly they explained it", "上门维修人员的服务态度以及解释说明"):
        lines = wrapped(text, 190)
        assert len(lines) == 2
        assert all(width_of(line) <= 190 for line in lines)
        assert " ".join(lines).replace(" ", "") == text.replace(" ", "")


def test_what_does_not_fit_into_two_lines_is_cut_and_marked() -> None:
    lines = wrapped("燃气" * 60, 120)
    assert len(lines) == 2
    assert lines[1].endswith("…")
    assert width_of(lines[1]) <= 120


def test_names_of_neighbouring_points_do_not_cover_each_other() -> None:
    crowded = tuple(
        ScatterPoint(
            label=Wording.verbatim(f"indicator {number}"),
            x=Number(value=70 + 0.2 * number, decimals=1),
            y=Number(value=0.5 + 0.001 * number, decimals=3),
        )
        for number in range(5)
    )
    drawing = draw_scatter(chart_of(crowded), ReportLanguage.ENGLISH)
    names = [label for label in drawing.labels if label.text.startswith("indicator")]
    assert len(names) == 5
    for number, one in enumerate(names):
        assert not any(covers(one, other) for other in names[:number])


def chart_of(points: tuple[ScatterPoint, ...]) -> ScatterChart:
    return SCATTER.model_copy(update={"points": points})


def covers(one: Label, other: Label) -> bool:
    same_line = abs(one.y - other.y) < 11
    return same_line and left(one) < left(other) + width_of(other.text) and left(other) < left(one) + width_of(one.text)


def left(label: Label) -> float:
    return label.x - {"start": 0.0, "middle": 0.5, "end": 1.0}[label.anchor] * width_of(label.text)


def test_points_in_the_upper_left_quarter_are_important_and_weak() -> None:
    rows = SCATTER.table().rows
    quarters = [row.cells[3].said(ReportLanguage.ENGLISH) for row in rows[:2] if row.cells[3] is not None]
    assert quarters == ["Enough", "Work on this"]
    drawing = draw_scatter(SCATTER, ReportLanguage.ENGLISH)
    assert sum(shape.style is Style.DOT for shape in drawing.shapes) == 2
