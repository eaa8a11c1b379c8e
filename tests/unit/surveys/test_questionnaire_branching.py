"""The small language of conditions: what it means, and that it is nothing more."""

import re

import pytest

from domain.surveys.branching import Answer, holds, parse_expression, references

ANSWERS: dict[str, Answer] = {
    "score": 4,
    "kind": "gas",
    "reasons": ("price", "staff"),
    "skipped": None,
    "unsure": "dont_know",
    ".": 7,
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${score} = 4", True),
        ("${score} != 4", False),
        ("${score} > 3.5", True),
        ("4 <= ${score}", True),
        ("${score} < -1", False),
        (". >= 7", True),
        ("${kind} = 'gas'", True),
        ('${kind} != "gas"', False),
        ("selected(${reasons}, 'staff')", True),
        ("selected(${reasons}, 'speed')", False),
        ("selected(${kind}, 'gas')", True),
        ("not(${score} = 4)", False),
        ("${score} = 4 and ${kind} = 'oil'", False),
        ("${score} = 4 or ${kind} = 'oil'", True),
        ("(${score} = 1 or ${kind} = 'gas') and not(${score} = 5)", True),
        ("${score} > ${score}", False),
    ],
)
def test_expressions_mean_what_they_say(text: str, expected: bool) -> None:
    assert holds(parse_expression(text), ANSWERS) is expected


def test_and_binds_more_tightly_than_or() -> None:
    assert holds(parse_expression("${score} = 4 or ${score} = 1 and ${kind} = 'oil'"), ANSWERS)


@pytest.mark.parametrize("operator", ["=", "!=", "<", "<=", ">", ">="])
def test_a_comparison_with_a_question_without_answer_is_false(operator: str) -> None:
    assert not holds(parse_expression(f"${{skipped}} {operator} 4"), ANSWERS)
    assert not holds(parse_expression(f"4 {operator} ${{never_asked}}"), ANSWERS)


def test_a_missing_code_equals_itself_and_has_no_order() -> None:
    assert holds(parse_expression("${unsure} = 'dont_know'"), ANSWERS)
    assert not holds(parse_expression("${unsure} >= 0"), ANSWERS)
    assert holds(parse_expression("${unsure} != 3"), ANSWERS)


def test_the_questions_that_an_expression_looks_at() -> None:
    found = references(parse_expression("${a} = 1 and (selected(${b}, 'x') or not(. > ${c}))"))
    assert found == {"a", "b", "c", "."}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "position 1: a question, a number or a text in quotes is expected, not 'the end'"),
        ("${a} =", "position 7: a question"),
        ("${a} = 1 and", "position 13"),
        ("${a} = 1 2", "position 10: and, or, or the end is expected"),
        ("${a}", "a comparison is expected, not 'the end'"),
        ("(${a} = 1", '")" is expected'),
        ("not ${a} = 1", '"(" is expected'),
        ("selected('a', 'b')", "a question is expected"),
        ("selected(${a}, ${b})", "a code in quotes is expected"),
        ("${A} = 1", "position 1: '$' is not part of the language"),
        ("${a} = 'open", "is not part of the language"),
        ("__import__('os')", "position 1: '_' is not part of the language"),
        ("${a} = 1; drop", "position 9: ';' is not part of the language"),
        ("a.b = 1", "a question, a number or a text in quotes is expected, not 'a'"),
        ("${a} + 1 = 2", "position 6: '+' is not part of the language"),
    ],
)
def test_anything_else_is_refused_by_its_position(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=re.escape(complaint)):
        parse_expression(text)


def test_an_expression_that_is_too_long_or_too_deep_is_refused() -> None:
    with pytest.raises(ValueError, match="1000 characters"):
        parse_expression("${a} = 1 or " * 100 + "${a} = 1")
    with pytest.raises(ValueError, match="20 deep"):
        parse_expression("(" * 21 + "${a} = 1" + ")" * 21)
