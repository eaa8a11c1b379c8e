"""How a run shows its figures although it passes."""

import sys
from collections.abc import Callable
from typing import TypeAlias

import pytest

Say: TypeAlias = Callable[[str], None]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    """Print a line that is seen whether the test passes or not."""

    def show(line: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n{line}\n")

    return show
