"""What people write is shown as they wrote it, whatever it would mean to the terminal library."""

import time
from pathlib import Path

import pytest
from rich.text import Text
from typer.testing import CliRunner

from starter.cli.complaints import command_fields
from starter.cli.main import app
from starter.cli.output import moment, show_fields, show_table
from starter.embedded import claimed

TRAPS = ["[/x]", "[bold]not bold[/bold]", "[link=http://x]", "a[0]", "\\[b]", ":smile:"]


@pytest.mark.parametrize("trap", TRAPS)
def test_a_table_and_a_list_of_fields_show_text_as_it_is(trap: str, capsys: pytest.CaptureFixture[str]) -> None:
    show_table(("one", "two"), [(trap, None), (1, Text("styled", "bold"))], empty="")
    show_fields({"name": trap, "left out": None})
    heading, first, second, field = capsys.readouterr().out.splitlines()
    assert (heading.split(), second.split()) == (["one", "two"], ["1", "styled"])
    assert (first.rstrip(), field) == (trap, f"name      {trap}")


def test_nothing_to_list_is_said_in_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    show_table(("one",), [], empty="Nothing.")
    assert capsys.readouterr().out == "Nothing.\n"


@pytest.mark.parametrize(
    ("words", "fields"),
    [
        (["decision=valid"], {"decision": "valid"}),
        (["text=a=b"], {"text": "a=b"}),
        (["text=[sic] broken"], {"text": "[sic] broken"}),
        (['money={"amount": "40.00", "currency": "GBP"}'], {"money": {"amount": "40.00", "currency": "GBP"}}),
        (["remedies=apology"], {"remedies": ["apology"]}),
        (["remedies=apology", "remedies=repair"], {"remedies": ["apology", "repair"]}),
        (['remedies=["apology", "repair"]'], {"remedies": ["apology", "repair"]}),
        ([], {}),
    ],
)
def test_the_fields_of_a_command_are_written_as_words(words: list[str], fields: dict[str, object]) -> None:
    assert command_fields(words) == fields


def test_a_data_folder_that_is_in_use_is_refused_in_one_line(tmp_path: Path) -> None:
    with claimed(tmp_path / "data"):
        result = CliRunner().invoke(app, ["up", "--data-dir", str(tmp_path / "data")])
    assert result.exit_code == 1
    assert result.output.count("\n") == 1
    assert "is in use by process" in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)


@pytest.mark.parametrize(
    ("zone", "shown"), [("Asia/Shanghai", "2026-12-02 00:00+08:00"), ("America/New_York", "2026-12-01 11:00-05:00")]
)
def test_moments_are_shown_by_the_clock_of_this_computer(
    monkeypatch: pytest.MonkeyPatch, zone: str, shown: str
) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert moment("2026-12-01T16:00:00Z") == moment("2026-12-01T16:00:31.123456+00:00") == shown
    finally:
        monkeypatch.undo()
        time.tzset()


def test_what_is_no_moment_is_shown_as_it_is() -> None:
    assert [moment(value) for value in (None, "2026-12-01", "C-2026-000001", 7)] == [
        "",
        "2026-12-01",
        "C-2026-000001",
        "7",
    ]
