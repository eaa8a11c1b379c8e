"""What a report says, against numbers of the reference procedure worked out by hand."""

import numpy as np
import pytest

from domain.surveys.dispositions import Disposition
from domain.surveys.report.document import KeyFigures, Report
from domain.surveys.report.evaluation import Circumstances
from domain.surveys.report.subject import Subject
from domain.surveys.report.wording import ReportLanguage
from domain.surveys.tree_index import Score
from domain.surveys.variance.intervals import Interval
from tests.unit.surveys.report_samples import (
    GAS,
    GAS_WITH_NPS,
    SMALL_MODEL,
    all_alike,
    evaluated,
    grid,
    model_responses,
    section,
    sentences,
    table,
    written,
)


@pytest.fixture(scope="module")
def gas() -> Report:
    return written(evaluated(GAS, all_alike(60)))


@pytest.fixture(scope="module")
def modelled() -> Report:
    return written(evaluated(Subject.of(None, SMALL_MODEL), model_responses(), replicates=100))


def key_figures(report: Report, name: str) -> dict[str, str]:
    found = next(block for block in section(report, name).blocks if isinstance(block, KeyFigures))
    return {each.label.en: "–" if each.figure is None else each.figure.said(ENGLISH) for each in found.figures}


ENGLISH = ReportLanguage.ENGLISH


def test_the_first_page_has_the_index_of_the_reference_procedure(gas: Report) -> None:
    assert key_figures(gas, "one_page") == {"Satisfaction index": "89.2", "Respondents": "60"}
    assert "89.2 of 100" in sentences(gas, "one_page")


def test_the_first_page_lists_what_costs_the_index_most(gas: Report) -> None:
    """0.7·0.4·20 = 5.6; 0.2·0.4·20 = 1.6 twice; all else costs less."""
    assert grid(table(gas, "one_page", "What to fix first")) == [
        ["Gas supply: Quality of the gas", "80.0", "0.280", "5.60"],
        ["Repairs: Result", "80.0", "0.080", "1.60"],
        ["Repairs: Timeliness", "80.0", "0.080", "1.60"],
    ]
    assert [row[:2] for row in grid(table(gas, "one_page", "What to keep"))] == [
        ["Gas supply: Pressure", "100.0"],
        ["Meter reading and billing: Accuracy of readings", "100.0"],
        ["Meter reading and billing: Attitude", "100.0"],
    ]


def test_the_expected_gain_is_effect_times_planned_points(gas: Report) -> None:
    """5 · (0.28 + 0.08 + 0.08) = 2.2."""
    assert "expected to gain 2.2 points" in sentences(gas, "one_page")
    first = grid(table(gas, "plan", "What is to be improved"))[0]
    assert first == ["Gas supply: Quality of the gas", "80.0", "+5.0", "0.280", "+1.40", ""]


def test_results_stand_on_both_scale_maps(gas: Report) -> None:
    assert key_figures(gas, "tree") == {"Index (likert_x20)": "89.2", "Index (minmax)": "86.5"}
    rows = {row[0]: row for row in grid(table(gas, "tree", "All indicators"))}
    assert rows["Gas supply"][1:6] == ["70.0%", "92.0", "92.0", "92.0", "90.0"]
    assert rows["Punctual bill"][1:6] == ["3.0%", "60.0", "60.0", "60.0", "50.0"]
    assert [row.level for row in table(gas, "tree", "All indicators").rows[:3]] == [0, 1, 1]


def test_every_text_is_there_in_both_languages(gas: Report) -> None:
    assert gas.title.zh == "燃气用户满意度测评：结果报告"
    assert table(gas, "one_page", "What to fix first").rows[0].cells[0].text.zh == "供气：燃气质量"  # type: ignore[union-attr]


def test_change_and_response_rate_stand_on_the_first_page_where_they_are_known() -> None:
    """RR1 = 60 / (60 + 20 + 100 + 20) = 30 %; the errors of both waves are added in squares."""
    previous = Score(400, 88.0, 0.4, Interval(87.2, 88.8))
    counts = {
        Disposition.COMPLETE: 60,
        Disposition.REFUSED: 20,
        Disposition.NOT_CONTACTED: 100,
        Disposition.UNKNOWN_OTHER: 20,
    }
    report = written(evaluated(GAS, all_alike(60), Circumstances(previous, counts)))
    figures = key_figures(report, "one_page")
    assert figures["Against the wave before"] == "+1.2"
    assert figures["Response rate (AAPOR RR1)"] == "30.0%"
    change = next(block for block in section(report, "one_page").blocks if isinstance(block, KeyFigures)).figures[1]
    assert change.note is not None
    assert change.note.en == "95% interval +0.4 to +2.0"
    funnel = grid(table(report, "method", "From the sample to complete answers"))
    assert [row[1:] for row in funnel] == [["200", "100.0%"], ["80", "40.0%"], ["60", "30.0%"], ["60", "30.0%"]]


def test_the_net_promoter_score_stands_beside_the_index() -> None:
    """50 promoters, 30 passives, 20 detractors: 30 points, adjusted Wald 14.1 to 44.2."""
    recommend = np.repeat([10.0, 7.0, 3.0], [50, 30, 20])
    report = written(evaluated(GAS_WITH_NPS, all_alike(100, would_recommend=recommend)))
    rows = grid(table(report, "beside", "Figures with their intervals"))
    assert rows == [["Net promoter score (NPS)", "+30.0", "+14.1", "+44.2", "100"]]
    assert [row[1] for row in grid(table(report, "beside", "What the net promoter score is made of"))] == [
        "50.0",
        "30.0",
        "20.0",
    ]


def test_few_answers_are_marked() -> None:
    report = written(evaluated(GAS, all_alike(12)))
    assert "Fewer than 30 respondents" in sentences(report, "one_page")
    note = table(report, "tree", "All indicators").note
    assert note is not None
    assert "to be read with care: Gas supply, Pressure" in note.en


def test_too_few_answers_are_withheld_everywhere() -> None:
    report = written(evaluated(GAS, all_alike(4)))
    assert key_figures(report, "one_page")["Satisfaction index"] == "–"
    assert "withheld" in sentences(report, "one_page")
    assert {row[2] for row in grid(table(report, "tree", "All indicators"))} == {"–"}
    assert "89.2" not in report.model_dump_json()


def test_a_model_is_reported_with_indices_paths_reliability_and_loyalty(modelled: Report) -> None:
    assert [each.id for each in modelled.sections] == [
        "one_page",
        "method",
        "structure",
        "segments",
        "drivers",
        "loyalty",
        "care",
        "sensitivity",
        "plan",
        "reproducibility",
    ]
    paths = [row[0] for row in grid(table(modelled, "structure", "Paths"))]
    assert paths == ["Quality → Value", "Quality → Satisfaction", "Value → Satisfaction", "Satisfaction → Loyalty"]
    zones = grid(table(modelled, "loyalty", "Customers by zone"))
    assert sum(float(row[1]) for row in zones) == pytest.approx(100, abs=0.2)


def test_the_index_of_the_first_page_is_that_of_the_model(modelled: Report) -> None:
    indices = {row[0]: row[1] for row in grid(table(modelled, "structure", "Index of each latent variable"))}
    assert key_figures(modelled, "one_page")["Satisfaction index"] == indices["Satisfaction"]


def test_without_replicates_there_are_no_intervals_and_it_says_so() -> None:
    report = written(evaluated(Subject.of(None, SMALL_MODEL), model_responses()))
    assert "have no intervals" in sentences(report, "method")
    assert len(table(report, "structure", "Index of each latent variable").columns) == 2


def test_what_is_needed_to_compute_it_again_is_in_the_last_section(modelled: Report) -> None:
    assert grid(table(modelled, "reproducibility", "Inputs and settings")) == [
        ["SHA-256 of the input answers.csv", "0" * 64],
        ["SHA-256 of the definition gas_utility@1", "1" * 64],
        ["Method", "path_model"],
        ["Confidence", "0.95"],
        ["Seed", "1"],
        ["Bootstrap replicates", "100"],
        ["Program", "amends 0"],
    ]
