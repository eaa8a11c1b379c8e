"""Modules and functions stay short enough to be read at a sitting."""

from tests.architecture.source_tree import ROOT, functions, length, modules

MODULE_LINES = 450
WORKFLOW_LINES = 300
FUNCTION_LINES = 30
MEDIAN_FUNCTION_LINES = 9
SHARE_OF_SHORT_FUNCTIONS = 0.90


def test_modules_fit_their_limits() -> None:
    too_long = {path: lines_of(path) for path in modules() if lines_of(path) > limit_of(path)}
    assert not too_long


def limit_of(path: str) -> int:
    return WORKFLOW_LINES if path.startswith("workflows/") else MODULE_LINES


def lines_of(path: str) -> int:
    return len((ROOT / path).read_text("utf-8").splitlines())


def test_nine_functions_in_ten_fit_on_a_screen() -> None:
    lengths = function_lengths()
    short = sum(lines <= FUNCTION_LINES for lines in lengths)
    assert short / len(lengths) >= SHARE_OF_SHORT_FUNCTIONS


def test_half_the_functions_are_very_short() -> None:
    lengths = function_lengths()
    assert lengths[len(lengths) // 2] <= MEDIAN_FUNCTION_LINES


def function_lengths() -> list[int]:
    return sorted(length(function) for tree in modules().values() for function in functions(tree))
