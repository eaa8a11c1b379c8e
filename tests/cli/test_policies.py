"""`amends policy` without any installation."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from domain.complaints import shipped
from domain.complaints.policy import Policy
from starter.cli.main import app

OFFICE = """
id = "office"
version = 2
title = { zh = "本所规则", en = "Office policy" }
jurisdiction = "any"
source = "our own"
valid_from = 2020-01-01
calendar = "england"
reopen_window = { amount = 30, unit = "calendar_days" }
appeal_window = { amount = 2, unit = "weeks" }

[[clocks]]
kind = "final_response"
anchor = "received"
span = { amount = 8, unit = "weeks" }
"""
AGAIN = '\n[[clocks]]\nkind = "final_response"\nanchor = "received"\nspan = { amount = 4, unit = "weeks" }\n'


def run(*words: str, code: int = 0) -> Result:
    environment = {"COLUMNS": "200", "AMENDS_URL": None, "AMENDS_TOKEN": None}
    result = CliRunner().invoke(app, ["policy", *words], env=environment)
    assert result.exit_code == code, result.output
    return result


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "office.toml"
    file.write_text(OFFICE, "utf-8")
    return file


def test_every_shipped_policy_is_listed_with_its_source_and_the_state_of_its_check() -> None:
    said = run("list").stdout
    listed = json.loads(run("list", "--json").stdout)
    assert {f"{policy['id']}@{policy['version']}" for policy in listed} == {each.pin for each in shipped.policies()}
    for policy in shipped.policies():
        (line,) = (line for line in said.splitlines() if line.startswith(f"{policy.pin} "))
        assert line.rstrip().endswith(str(policy.verified_on or "unverified"))
    assert "they are no legal advice" in said


@pytest.mark.parametrize("policy", shipped.policies(), ids=lambda policy: str(policy.pin))
def test_every_shipped_policy_can_be_shown(policy: Policy) -> None:
    said = run("show", policy.pin).stdout
    assert policy.title.zh in said
    for rule in policy.clocks:
        assert f"{rule.span.amount} {rule.span.unit.replace('_', ' ')}" in said
    assert json.loads(run("show", policy.pin, "--json").stdout) == policy.model_dump(mode="json")


def test_without_a_version_the_newest_is_shown() -> None:
    newest = max(policy.version for policy in shipped.policies() if policy.id == "uk-ofcom")
    assert json.loads(run("show", "uk-ofcom", "--json").stdout)["version"] == newest
    assert "there is no policy mars" in run("show", "mars", code=2).stderr


def test_a_policy_file_in_order_ends_with_0(file: Path) -> None:
    assert run("check", str(file)).stdout == "office@2 is in order.\n"
    assert json.loads(run("check", str(file), "--json").stdout) == {
        "file": str(file),
        "policy": "office@2",
        "problems": [],
    }


def test_every_problem_of_a_policy_file_is_told_by_place_and_ends_with_1(file: Path) -> None:
    wrong = OFFICE.replace('"england"', '"[/harbour]"').replace("amount = 2,", "amount = 0,") + AGAIN
    file.write_text(wrong, "utf-8")
    said = run("check", str(file), code=1).stdout.splitlines()
    assert [line.split("  ")[0].rstrip() for line in said] == ["where", "appeal_window.amount", "calendar", "clocks[1]"]
    assert "there is no calendar [/harbour]; there are au, cn, england, every-day, us" in said[2]
    told = json.loads(run("check", str(file), "--json", code=1).stdout)
    assert told["policy"] is None
    assert [problem["place"] for problem in told["problems"]] == ["appeal_window.amount", "calendar", "clocks[1]"]
    assert told["problems"][2]["message"] == "has no effect: clocks[0] fits wherever this one does"


def test_a_file_that_is_no_toml_ends_with_2_and_says_where(file: Path) -> None:
    file.write_text("id = \n", "utf-8")
    assert "at line 1, column 6" in run("check", str(file), code=2).stderr
    run("check", str(file.with_name("missing.toml")), code=2)
