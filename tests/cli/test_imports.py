"""`amends import` and `amends complaint form`, as far as they go without a server."""

import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from domain.complaints.importing import Mapping
from starter.cli.main import app


def run(*words: str) -> Result:
    return CliRunner().invoke(app, words)


def test_the_example_is_a_mapping_that_can_be_used_as_it_is() -> None:
    said = run("import", "--example-map")
    assert said.exit_code == 0
    assert Mapping.model_validate(tomllib.loads(said.stdout)).columns.received_at == "受理日期"


def test_a_shipped_mapping_is_printed_to_be_changed() -> None:
    said = run("import", "--map", "cfpb", "--example-map")
    assert Mapping.model_validate(tomllib.loads(said.stdout)).id == "cfpb"


def test_a_file_and_its_mapping_must_be_named() -> None:
    said = run("import")
    assert (said.exit_code, "amends import FILE --map cfpb" in said.stderr) == (2, True)


@pytest.mark.parametrize("mapping", ["no-such-mapping", "missing.toml"])
def test_a_mapping_that_is_not_there_is_said_with_those_that_are(tmp_path: Path, mapping: str) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("Date\n2025-03-04\n")
    said = run("import", str(file), "--map", mapping, "--url", "http://127.0.0.1:1", "--token", "x")
    assert said.exit_code == 2
    assert "expected cfpb, nyc311 or a TOML file" in said.stderr


def test_a_form_is_written_as_paper_or_page_only() -> None:
    said = run("complaint", "form", "--out", "form.docx", "--url", "http://127.0.0.1:1", "--token", "x")
    assert (said.exit_code, "ends in .pdf or .html" in said.stderr) == (2, True)


def test_help_shows_an_example() -> None:
    assert "amends import complaints.csv --map cfpb --dry-run" in run("import", "--help").output
