"""Request bodies are made from the commands: texts in the places of their ids, unknown fields refused."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import pytest
from pydantic import StringConstraints, ValidationError

from domain.complaints.commands import PERSONS_COMMANDS, Assess, Respond
from domain.privacy import TextKind
from starter.bodies import (
    CASE_COMMANDS,
    STEPS_COMMANDS,
    Body,
    FreeText,
    Line,
    Moment,
    body_of,
    command_of,
    sealed_fields,
)
from starter.problems import LONGEST_NAME, MOST_ERRORS, FieldError, Problem, field_errors, invalid, pointer_to

TEXT_ID = "txt_" + "0a" * 16


class Sample(Body):
    text: FreeText | None = None
    line: Line | None = None
    short: Annotated[Line, StringConstraints(max_length=5)] | None = None
    at: Moment | None = None


def wrong(**values: Any) -> list[tuple[str, str]]:
    with pytest.raises(ValidationError) as refused:
        Sample(**values)
    return [(error.pointer, error.message) for error in field_errors(refused.value.errors())]


def test_a_text_stands_in_the_place_of_its_id() -> None:
    body = body_of("respond").model_validate(
        {"way": "phone", "letter": "We are sorry.", "outcome": "upheld", "cause": "process"}
    )
    assert body.model_dump(exclude_unset=True)["letter"] == "We are sorry."
    assert sealed_fields("respond") == {"letter": TextKind.LETTER}


@pytest.mark.parametrize("name", CASE_COMMANDS)
def test_a_body_has_the_fields_of_its_command(name: str) -> None:
    own = set(PERSONS_COMMANDS[name].model_fields) - {"command"}
    assert set(body_of(name).model_fields) == own
    assert set(sealed_fields(name)) <= own
    required = {field for field, info in PERSONS_COMMANDS[name].model_fields.items() if info.is_required()}
    assert {field for field, info in body_of(name).model_fields.items() if info.is_required()} == required


def test_operators_speak_of_steps_and_files_are_handed_in() -> None:
    assert {"retry_step", "amend_step", "skip_step", "abort"} == STEPS_COMMANDS
    assert set(CASE_COMMANDS) == set(PERSONS_COMMANDS) - {"retry_step", "amend_step", "skip_step", "abort", "attach"}


def test_a_command_is_made_from_checked_values() -> None:
    values = {"way": "phone", "letter": TEXT_ID, "outcome": "upheld", "cause": "process"}
    assert command_of("respond", values) == Respond(way="phone", letter=TEXT_ID, outcome="upheld", cause="process")
    assert command_of("assess", {"decision": "valid"}) == Assess(decision="valid")


def test_an_optional_text_may_be_missing_or_null() -> None:
    assert body_of("assess").model_validate({"decision": "valid"}).model_dump(exclude_unset=True) == {
        "decision": "valid"
    }
    assert body_of("assess").model_validate({"decision": "valid", "evidence": None})


def test_an_unknown_field_is_named() -> None:
    with pytest.raises(ValidationError) as refused:
        body_of("close").model_validate({"command": "assess", "step": "x.1"})
    assert {error.pointer for error in field_errors(refused.value.errors())} == {"/command", "/step"}


@pytest.mark.parametrize("text", ["\u0000", "a\u0007b", "\u001b[2J", "\u007f", "\u009b31m"])
def test_a_text_holds_no_control_characters(text: str) -> None:
    assert wrong(text=f"a{text}b") == [("/text", "holds control characters; expected text")]
    assert wrong(line=f"a{text}b") == [("/line", "holds control characters; expected one line of text")]


def test_a_text_has_lines_and_a_line_has_not() -> None:
    assert Sample(text=" first\r\n\tsecond \n").text == "first\r\n\tsecond"
    assert wrong(line="first\nsecond") == [("/line", "holds control characters; expected one line of text")]
    assert Sample(line=" 王小明 👩‍🔧 ").line == "王小明 👩‍🔧"


def test_lengths_count_characters_and_half_a_character_is_refused() -> None:
    assert Sample(text="中" * 20_000, short="中" * 5).short == "中" * 5
    assert [pointer for pointer, _ in wrong(text="中" * 20_001, short="x" * 6, line="\ud800")] == [
        "/text",
        "/line",
        "/short",
    ]


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("2026-03-01T09:30:00+08:00", datetime(2026, 3, 1, 1, 30, tzinfo=UTC)),
        ("2026-03-01T09:30:00.123456Z", datetime(2026, 3, 1, 9, 30, 0, 123456, tzinfo=UTC)),
        ("2000-01-01T00:00:00Z", datetime(2000, 1, 1, tzinfo=UTC)),
        ("2199-12-31T23:59:59Z", datetime(2200, 1, 1, tzinfo=UTC) - timedelta(seconds=1)),
    ],
)
def test_a_time_is_understood_with_its_zone(given: str, meant: datetime) -> None:
    assert Sample(at=given).at == meant


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("2026-03-01T09:30:00", "Input should have timezone info"),
        ("2026-03-01", "expected a time with its zone, such as 2026-03-01T09:30:00+08:00"),
        (1_772_328_600, "expected a time with its zone, such as 2026-03-01T09:30:00+08:00"),
        ("1772328600", "expected a time with its zone, such as 2026-03-01T09:30:00+08:00"),
        ("1999-12-31T23:59:59Z", "expected a time from 2000 to 2200"),
        ("2200-01-01T00:00:00Z", "expected a time from 2000 to 2200"),
        ("0001-01-01T00:00:00+14:00", "expected a time from 2000 to 2200"),
    ],
)
def test_a_time_that_is_none_is_refused_with_what_was_expected(given: object, expected: str) -> None:
    assert wrong(at=given) == [("/at", expected)]


def test_a_pointer_escapes_what_rfc_6901_escapes() -> None:
    assert pointer_to(["a/b", 0, "m~n"]) == "/a~1b/0/m~0n"
    assert pointer_to([]) == ""


def test_names_of_unknown_fields_and_their_number_are_bounded() -> None:
    errors = wrong(**{f"{'x' * 500}{number}": 1 for number in range(MOST_ERRORS + 50)})
    assert len(errors) == MOST_ERRORS
    assert {len(pointer) for pointer, _ in errors} == {LONGEST_NAME + 1}


def test_a_message_does_not_repeat_what_was_given() -> None:
    assert "CANARY" not in str(wrong(line=["CANARY"], at="CANARY", text=7))


def test_the_errors_of_a_part_begin_where_it_stands() -> None:
    problem = invalid([FieldError("/way", "expected a way"), FieldError("", "ground is required")]).within("/body")
    assert [error.pointer for error in problem.errors] == ["/body/way", "/body"]
    assert problem.detail == "not accepted: /body/way, /body"
    refusal = Problem(409, "not_lawful_now", "too late")
    assert refusal.within("/body") is refusal
