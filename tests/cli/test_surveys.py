"""`amends survey` on files: what is shipped, checked and converted, and how it ends."""

import json
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from typer.testing import CliRunner, Result

from domain.surveys.definition import SurveyDefinition
from domain.surveys.errors import parse_document
from domain.surveys.shipped import add_on_names, named_survey, survey_names
from starter.cli.main import app


def amends(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["survey", *map(str, arguments)])


def as_data(result: Result) -> Any:
    return json.loads(result.stdout)


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """The gas utility's survey with a condition on a question that is not there and a weight that is off."""
    content = named_survey("gas_utility").model_dump(mode="json", exclude_unset=True)
    content["questionnaire"]["pages"][2]["relevant"] = "${had_repairs} = 'yes'"
    path = tmp_path / "broken.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_every_shipped_survey_and_add_on_is_listed() -> None:
    listed = as_data(amends("list", "--json"))
    assert [row["name"] for row in listed] == [*survey_names(), *add_on_names()]
    assert {row["name"]: row["questions"] for row in listed}["gas_utility"] == 11
    table = amends("list")
    assert table.exit_code == 0
    assert "Satisfaction of gas customers" in table.stdout


@pytest.mark.parametrize("name", survey_names())
@pytest.mark.parametrize("to", ["toml", "json"])
def test_a_shipped_survey_is_the_same_after_conversion(name: str, to: str, tmp_path: Path) -> None:
    out = tmp_path / f"survey.{to}"
    assert amends("convert", name, "--to", to, "--out", out).exit_code == 0
    read = json.loads if to == "json" else tomllib.loads
    assert parse_document(SurveyDefinition, read(out.read_text(encoding="utf-8"))) == named_survey(name)


def test_a_survey_is_the_same_after_the_way_through_a_spreadsheet(tmp_path: Path) -> None:
    sheet, toml = tmp_path / "gas.xlsx", tmp_path / "gas.toml"
    assert amends("convert", "gas_utility", "--to", "xlsx", "--out", sheet).exit_code == 0
    assert amends("convert", sheet, "--to", "toml", "--out", toml).exit_code == 0
    written = tomllib.loads(toml.read_text(encoding="utf-8"))
    assert parse_document(SurveyDefinition, written) == named_survey("gas_utility")


def test_a_sound_survey_passes_the_check(tmp_path: Path) -> None:
    amends("convert", "gas_utility", "--to", "toml", "--out", tmp_path / "gas.toml")
    checked = amends("check", tmp_path / "gas.toml", "--json")
    assert checked.exit_code == 0
    assert as_data(checked) | {"title": {}} == {
        "problems": [],
        "name": "gas",
        "kind": "survey",
        "title": {},
        "version": 1,
        "languages": ["zh", "en"],
        "pages": 5,
        "questions": 11,
    }


def test_a_faulty_survey_ends_with_1_and_its_faults(broken: Path) -> None:
    checked = amends("check", broken, "--json")
    assert checked.exit_code == 1
    places = {problem["place"]: problem["message"] for problem in as_data(checked)["problems"]}
    assert places["repair_attitude_rating relevant"] == "had_repairs is not an earlier question"
    assert "had_repairs is not an earlier question" in amends("check", broken).stderr


def test_a_faulty_survey_is_not_converted(broken: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.toml"
    assert amends("convert", broken, "--to", "toml", "--out", out).exit_code == 1
    assert not out.exists()


def test_an_add_on_passes_the_check_by_itself() -> None:
    checked = as_data(amends("check", str(files("domain.surveys") / "shipped" / "add_on_nps.toml"), "--json"))
    assert (checked["kind"], checked["questions"]) == ("add-on", 2)


def test_a_foreign_form_becomes_the_questionnaire_of_a_survey(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "survey"
    sheet.append(["type", "name", "label::English (en)"])
    sheet.append(["integer", "age", "Your age?"])
    book.save(tmp_path / "form.xlsx")
    converted = amends("convert", tmp_path / "form.xlsx", "--to", "toml", "--out", tmp_path / "form.toml")
    assert converted.exit_code == 0
    written = tomllib.loads((tmp_path / "form.toml").read_text(encoding="utf-8"))
    assert written["questionnaire"]["pages"][0]["questions"][0]["text"] == {"en": "Your age?"}
    assert amends("convert", tmp_path / "form.xlsx", "--to", "xlsx", "--out", tmp_path / "x.xlsx").exit_code == 2


@pytest.mark.parametrize("name", ["missing.toml", "survey.docx"])
def test_what_cannot_be_read_ends_with_2(name: str, tmp_path: Path) -> None:
    (tmp_path / "survey.docx").touch()
    refused = amends("check", tmp_path / name)
    assert refused.exit_code == 2
    assert name in refused.stderr


def test_a_file_that_is_no_toml_ends_with_1_and_says_where(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("format = \n", encoding="utf-8")
    refused = amends("check", tmp_path / "bad.toml")
    assert refused.exit_code == 1
    assert "line 1" in refused.stderr
