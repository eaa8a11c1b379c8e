"""`amends index` on files: the numbers of R plspm, the same figures in every report, and how faults are said."""

import csv
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from domain.surveys.report.document import Report
from domain.surveys.report.wording import ReportLanguage
from starter.cli.main import app
from tests.documents.reading_back import (
    Grid,
    numbers_of_json,
    numbers_of_xlsx,
    tables_of_html,
    tables_of_pdf,
    tables_of_xlsx,
)

REFERENCE = Path(__file__).parents[3] / "shared" / "data" / "surveys"
GAS_LEAVES = (
    "supply_pressure", "supply_quality", "repair_attitude_rating", "repair_timeliness_rating", "repair_result_rating",
    "reading_attitude_rating", "reading_accuracy_rating", "punctual_bill_rating",
)  # fmt: skip
CONSTRUCTS = {
    "IMAG": "Image",
    "EXPE": "Customer expectations",
    "QUAL": "Perceived quality",
    "VAL": "Perceived value",
    "SAT": "Customer satisfaction",
    "LOY": "Customer loyalty",
}


def amends(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["index", *map(str, arguments)])


@pytest.fixture
def answers(tmp_path: Path) -> Callable[..., Path]:
    """A file of 40 gas customers who answered as in the reference procedure, with changes to single cells."""

    def write(**changes: tuple[int, str]) -> Path:
        codes = dict(zip(GAS_LEAVES, "54444553", strict=True))
        rows = [codes | {"district": "east" if row % 2 else "west", "weight": "1.5"} for row in range(40)]
        for column, (row, cell) in changes.items():
            rows[row - 2][column] = cell
        file = tmp_path / "gas.csv"
        with file.open("w", newline="", encoding="utf-8") as lines:
            writer = csv.DictWriter(lines, rows[0])
            writer.writeheader()
            writer.writerows(rows)
        return file

    return write


def test_the_index_of_the_reference_procedure_is_printed(answers: Callable[..., Path]) -> None:
    result = amends(answers(), "--tree", "gas_utility", "--weights", "weight", "--strata", "district")
    assert result.exit_code == 0
    assert "Satisfaction index: 89.2 (95% interval 89.2 to 89.2)" in result.stdout
    assert "Index (minmax): 86.5" in result.stdout
    assert re.search(r"Gas supply: Quality of the gas +80\.0 +0\.280 +5\.60", result.stdout)


def test_it_is_said_in_chinese_where_that_is_asked_for(answers: Callable[..., Path]) -> None:
    printed = amends(answers(), "--tree", "gas_utility", "--lang", "zh").stdout
    assert "满意度指数: 89.2" in printed
    assert "供气：燃气质量" in printed


def test_json_is_the_report_with_its_segments_and_provenance(answers: Callable[..., Path]) -> None:
    report = Report.model_validate_json(amends(answers(), "--tree", "gas_utility", "--json").stdout)
    assert [each.id for each in report.sections][:4] == ["one_page", "method", "tree", "segments"]
    assert list(report.provenance.definitions) == ["gas_utility@1"]
    assert list(report.provenance.inputs) == ["gas.csv"]


def test_a_faulty_answer_is_named_by_its_row_and_column(answers: Callable[..., Path]) -> None:
    result = amends(answers(supply_quality=(17, "x"), punctual_bill_rating=(3, "6")), "--tree", "gas_utility")
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        "row 17, column supply_quality: expected a number from 1 to 5, found x",
        "row 3, column punctual_bill_rating: expected a number from 1 to 5, found 6",
    ]
    assert result.stdout == ""


def test_answers_to_other_questions_are_refused_and_no_report_is_written(
    answers: Callable[..., Path], tmp_path: Path
) -> None:
    result = amends(answers(), "--model", "ecsi", "--report", tmp_path / "report.html")
    assert result.exit_code == 1
    assert "column imag1: the file has no such column" in result.stderr
    assert "and 7 more" in result.stderr
    assert not (tmp_path / "report.html").exists()


def test_the_answers_are_written_with_weights_and_strata(answers: Callable[..., Path], tmp_path: Path) -> None:
    design = ["--tree", "gas_utility", "--weights", "weight", "--strata", "district"]
    result = amends(answers(), *design, "--data", tmp_path / "raw.csv", "--data", tmp_path / "raw.sav")
    assert result.exit_code == 0
    rows = list(csv.DictReader((tmp_path / "raw.csv").read_text("utf-8-sig").splitlines()))
    assert len(rows) == 40
    assert (rows[1]["supply_pressure"], rows[1]["amends_weight"], rows[1]["amends_stratum"]) == ("5", "1.5", "east")
    again = amends(tmp_path / "raw.sav", "--tree", "gas_utility", "--weights", "amends_weight")
    assert "Satisfaction index: 89.2" in again.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "an indicator tree or a path model is needed"),
        (["--tree", "water_utility"], "no such tree; shipped: complaint_closed, gas_utility"),
        (["--model", "acsi"], "no such path model; shipped: ecsi, ecsi_full"),
        (["--tree", "nowhere.toml"], "nowhere.toml: No such file"),
        (["--tree", "gas_utility", "--weights", "w"], "the file has no column w; it has: supply_pressure"),
        (["--tree", "gas_utility", "--report", "report.doc"], "report.doc: .html, .pdf, .xlsx, .json is expected"),
        (["--tree", "gas_utility", "--report", "nowhere/r.pdf"], "nowhere is no folder"),
        (["--tree", "gas_utility", "--data", "raw.xls"], "raw.xls: .csv, .sav is expected"),
    ],
)
def test_a_wrong_command_ends_with_2(arguments: list[str], said: str, answers: Callable[..., Path]) -> None:
    result = amends(answers(), *arguments)
    assert result.exit_code == 2
    assert said in result.stderr


def test_a_file_that_is_not_there_or_of_another_kind_ends_with_2(tmp_path: Path) -> None:
    assert "No such file" in amends(tmp_path / "nothing.csv", "--tree", "gas_utility").stderr
    result = amends(tmp_path / "answers.doc", "--tree", "gas_utility")
    assert result.exit_code == 2
    assert ".csv, .sav, .xlsx is expected" in result.stderr


def test_a_tree_of_ones_own_is_read_from_a_file(tmp_path: Path) -> None:
    tree = tmp_path / "tree.toml"
    tree.write_text(
        'id = "mine"\ntitle = { en = "Mine" }\nscale_map = "minmax"\n'
        '[[children]]\nid = "only"\ntitle = { en = "Only" }\nweight = 1.0\nquestion = "q1"\n'
    )
    file = tmp_path / "answers.csv"
    file.write_text("q1\n" + "5\n4\n3\n" * 4)
    assert "Satisfaction index: 75.0" in amends(file, "--tree", tree).stdout


def test_a_definition_with_faults_is_refused_by_its_place(tmp_path: Path, answers: Callable[..., Path]) -> None:
    tree = tmp_path / "tree.json"
    leaf = {"id": "one", "title": {"en": "One"}, "weight": 0.9, "question": "q1"}
    tree.write_text(json.dumps({"id": "t", "title": {"en": "T"}, "scale_map": "minmax", "children": [leaf]}))
    result = amends(answers(), "--tree", tree)
    assert result.exit_code == 2
    assert "the weights of its children must sum to 1, not 0.9" in result.stderr


def test_figures_are_the_same_in_every_report(answers: Callable[..., Path], tmp_path: Path) -> None:
    assert_same_figures(answers(), tmp_path, "--tree", "gas_utility")


@pytest.fixture(scope="module")
def satisfaction() -> Path:
    file = REFERENCE / "satisfaction.csv"
    if not file.exists():
        pytest.skip("the reference file satisfaction.csv is not here")
    return file


def test_figures_of_the_path_model_are_the_same_in_every_report(satisfaction: Path, tmp_path: Path) -> None:
    assert_same_figures(satisfaction, tmp_path, "--model", "ecsi", "--replicates", "100")


def assert_same_figures(file: Path, folder: Path, *options: str) -> None:
    outputs = {kind: folder / f"report.{kind}" for kind in ("html", "pdf", "xlsx", "json")}
    written = amends(
        file, *options, "--lang", "zh", *(part for path in outputs.values() for part in ("--report", path))
    )
    assert written.exit_code == 0, written.stderr
    report = Report.model_validate_json(outputs["json"].read_bytes())
    on_screen = tables_of_html(outputs["html"].read_bytes())
    assert len(on_screen) > 5
    assert tables_of_pdf(report, ReportLanguage.CHINESE) == on_screen
    assert filled(tables_of_xlsx(outputs["xlsx"].read_bytes())) == filled(on_screen)
    assert numbers_of_xlsx(outputs["xlsx"].read_bytes()) <= numbers_of_json(outputs["json"].read_bytes())
    assert outputs["pdf"].read_bytes().startswith(b"%PDF-")


def filled(tables: list[Grid]) -> list[Grid]:
    """A workbook leaves empty what the others show as a dash."""
    return [[["" if cell == "–" else cell for cell in row] for row in grid] for grid in tables]


def test_two_runs_write_the_same_bytes(answers: Callable[..., Path], tmp_path: Path) -> None:
    for name in ("first", "second"):
        kinds = ("html", "pdf", "xlsx", "json")
        outputs = [part for kind in kinds for part in ("--report", tmp_path / f"{name}.{kind}")]
        assert amends(answers(), "--tree", "gas_utility", *outputs).exit_code == 0
    for kind in ("html", "pdf", "xlsx", "json"):
        assert (tmp_path / f"first.{kind}").read_bytes() == (tmp_path / f"second.{kind}").read_bytes()


@pytest.fixture(scope="module")
def structure(satisfaction: Path) -> dict[str, dict[str, list[float | None]]]:
    """The tables of the shipped model on the reference answers: by title and first cell, the figures of the row."""
    report = json.loads(amends(satisfaction, "--model", "ecsi", "--replicates", "2", "--json").stdout)
    blocks = next(each for each in report["sections"] if each["id"] == "structure")["blocks"]
    return {block["title"]["en"]: dict(rows_of(block)) for block in blocks if block["kind"] == "table"}


def rows_of(table: dict[str, Any]) -> Iterator[tuple[str, list[float | None]]]:
    for row in table["rows"]:
        first, *others = row["cells"]
        yield first["text"]["en"], [cell.get("value") if cell else None for cell in others]


def expected(name: str) -> list[dict[str, str]]:
    with (REFERENCE / f"expected_satisfaction_{name}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def shown(number: str, decimals: int) -> Any:
    """What R plspm found, within the rounding of the report and the 2e-5 by which plspm stops early."""
    return pytest.approx(float(number), rel=2e-5, abs=0.5000001 * 10**-decimals)


def test_weights_and_loadings_are_those_of_plspm(structure: dict[str, dict[str, list[float | None]]]) -> None:
    found = {
        name.partition(": ")[2]: figures for name, figures in structure["Weights and loadings of the items"].items()
    }
    for row in expected("outer_model"):
        _, weight, _, loading, communality, redundancy = found[row["name"]]
        assert (weight, loading) == (shown(row["weight"], 4), shown(row["loading"], 4))
        assert (communality, redundancy or 0.0) == (shown(row["communality"], 4), shown(row["redundancy"], 4))


def test_effects_are_those_of_plspm(structure: dict[str, dict[str, list[float | None]]]) -> None:
    found = structure["Direct, indirect and total effects"]
    rows = expected("effects")
    assert len(found) == len(rows)
    for row in rows:
        direct, indirect, total, _ = found[f"{CONSTRUCTS[row['from']]} → {CONSTRUCTS[row['to']]}"]
        assert direct == shown(row["direct"], 4)
        assert indirect == shown(row["indirect"], 4)
        assert total == shown(row["total"], 4)


def test_the_regression_of_satisfaction_is_that_of_plspm(structure: dict[str, dict[str, list[float | None]]]) -> None:
    for row in expected("inner_model"):
        estimate, error, t_value, *_ = structure["Paths"][f"{CONSTRUCTS[row['']]} → Customer satisfaction"]
        assert estimate == shown(row["Estimate"], 4)
        assert error == shown(row["Std. Error"], 4)
        assert t_value == shown(row["t value"], 2)


def test_reliability_is_that_of_plspm(structure: dict[str, dict[str, list[float | None]]]) -> None:
    found = structure["Reliability and validity"]
    for row in expected("unidim"):
        items, _, alpha, rho, *_, first, second = found[CONSTRUCTS[row[""]]]
        assert items == int(row["mvs"])
        assert (alpha, rho) == (shown(row["cronbach_alpha"], 3), shown(row["dillon_goldstein_rho"], 3))
        assert (first, second) == (shown(row["eig_1st"], 3), shown(row["eig_2nd"], 3))
    for row in expected("inner_summary"):
        _, r_squared, _, _, _, _, extracted, redundancy, *_ = found[CONSTRUCTS[row[""]]]
        assert (r_squared or 0.0) == shown(row["r_squared"], 3)
        assert extracted == shown(row["ave"], 3)
        assert (redundancy or 0.0) == shown(row["mean_redundancy"], 3)
