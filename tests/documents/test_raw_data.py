"""Raw data of a survey in files: what other programs read in them."""

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np
import pyreadstat
import pytest

from documents.answers.raw_data import DataFormat, write_raw_data
from domain.surveys.path_model.library import named_model
from domain.surveys.report.findings.responses import Responses
from domain.surveys.report.raw_data import DataColumn, raw_data
from domain.surveys.report.subject import Subject
from domain.surveys.report.wording import ReportLanguage, Wording
from domain.surveys.variance.design import StageColumns, SurveyDesign
from tests.unit.surveys.report_samples import GAS, LEAF_CODES, all_alike, evaluated

DISTRICTS = np.array(["东城", "东城", "=west", "=west"])


@pytest.fixture(scope="module")
def columns() -> tuple[DataColumn, ...]:
    """Four gas customers in two strata, one of whom left a question out."""
    codes = dict(all_alike(4).codes)
    codes["supply_quality"] = np.array([4.0, np.nan, 4.0, 4.0])
    design = SurveyDesign.of([1.5, 1.5, 2.25, 0.0], (StageColumns(strata=DISTRICTS),))
    return raw_data(
        evaluated(GAS, Responses(codes, {"district": DISTRICTS}, design)), np.array(["r1", "r2", "r3", "r4"])
    )


def read_back(columns: tuple[DataColumn, ...], folder: Path, language: ReportLanguage) -> tuple[dict[str, Any], Any]:
    file = folder / "raw.sav"
    file.write_bytes(write_raw_data(columns, DataFormat.SAV, language))
    return pyreadstat.read_sav(file, output_format="dict")


def test_a_statistics_package_reads_answers_weights_and_strata(columns: tuple[DataColumn, ...], tmp_path: Path) -> None:
    cells, _ = read_back(columns, tmp_path, ReportLanguage.ENGLISH)
    assert list(cells) == ["response", *LEAF_CODES, "district", "amends_weight", "amends_stratum"]
    np.testing.assert_array_equal(cells["supply_quality"], [4, None, 4, 4])
    np.testing.assert_array_equal(cells["amends_weight"], [1.5, 1.5, 2.25, 0])
    assert list(cells["amends_stratum"]) == ["东城", "东城", "=west", "=west"]


@pytest.mark.parametrize(
    ("language", "question", "best"),
    [(ReportLanguage.ENGLISH, "Pressure", "Very satisfied"), (ReportLanguage.CHINESE, "压力", "很满意")],
)
def test_columns_and_codes_are_labelled_in_the_language_asked_for(
    columns: tuple[DataColumn, ...], tmp_path: Path, language: ReportLanguage, question: str, best: str
) -> None:
    _, labels = read_back(columns, tmp_path, language)
    assert question in labels.column_names_to_labels["supply_pressure"]
    assert labels.variable_value_labels["supply_pressure"][5.0] == best


def test_labels_too_long_for_the_format_are_cut_between_characters(tmp_path: Path) -> None:
    column = DataColumn("q", Wording.verbatim("满" * 200), np.array([1.0]), {1: Wording.verbatim("意" * 90)})
    _, labels = read_back((column,), tmp_path, ReportLanguage.CHINESE)
    assert labels.column_names_to_labels["q"] == "满" * 85
    assert labels.variable_value_labels["q"][1.0] == "意" * 40


def test_a_spreadsheet_reads_codes_under_their_names_and_no_formula(columns: tuple[DataColumn, ...]) -> None:
    text = write_raw_data(columns, DataFormat.CSV, ReportLanguage.ENGLISH).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["supply_quality"] for row in rows] == ["4", "", "4", "4"]
    assert [row["amends_weight"] for row in rows] == ["1.5", "1.5", "2.25", "0"]
    assert [row["district"] for row in rows] == ["东城", "东城", "'=west", "'=west"]


def test_flags_stand_beside_the_answers_and_nobody_is_left_out() -> None:
    model = named_model("ecsi")
    generator = np.random.default_rng(5)
    mood = generator.normal(6.5, 1.2, 80)
    codes = {item: np.clip(np.round(mood + generator.normal(0, 1.3, 80)), 1, 10) for item in model.items}
    for column in codes.values():
        column[7] = 4.0
    evaluation = evaluated(Subject.of(None, model), Responses(codes, {}, SurveyDesign.of(np.ones(80))))
    by_name = {column.name: column for column in raw_data(evaluation)}
    assert by_name["flag_long_string"].cells[7] == 1
    assert by_name["flag_low_variability"].cells[7] == 1
    assert by_name["flag_careless"].cells[7] == 1
    assert by_name["flag_careless"].labels[1].en == "Yes"
    assert len(by_name["amends_weight"].cells) == 80
