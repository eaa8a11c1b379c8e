"""Reference data of other programs, read in place; a test that needs an absent file is skipped and says so."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest
from numpy.typing import NDArray

REFERENCE = Path(__file__).parents[4] / "shared" / "data" / "surveys"

ReadTable: TypeAlias = Callable[[str], dict[str, NDArray[Any]]]
ReadNumbers: TypeAlias = Callable[[str], Any]


def reference_file(name: str) -> Path:
    path = REFERENCE / name
    if not path.exists():
        pytest.skip(f"the reference file {name} is not here")
    return path


@pytest.fixture(scope="session")
def reference_table() -> ReadTable:
    """Columns of a CSV by name: numbers (missing ones not a number) where all cells are, else texts."""

    def read(name: str) -> dict[str, NDArray[Any]]:
        with reference_file(name).open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        return {column: as_column([row[column] for row in rows]) for column in rows[0]}

    return read


@pytest.fixture(scope="session")
def reference_numbers() -> ReadNumbers:
    """What another program computed, from a JSON file."""
    return lambda name: json.loads(reference_file(name).read_text(encoding="utf-8"))


def as_column(cells: list[str]) -> NDArray[Any]:
    try:
        return np.array([float(cell) if cell not in ("", "NA") else np.nan for cell in cells])
    except ValueError:
        return np.array(cells)
