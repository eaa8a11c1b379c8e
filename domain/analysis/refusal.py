"""How an analysis refuses its input: by the place and what was expected. Owns no rule."""

from collections.abc import Sized

import numpy as np
from numpy.typing import NDArray


class AnalysisProblem(ValueError):
    """The input is refused and nothing was computed; `place` names the argument, or the row in it."""

    def __init__(self, place: str, expected: str) -> None:
        super().__init__(f"{place}: {expected}")
        self.place = place
        self.expected = expected


def refuse_other_lengths(**columns: Sized) -> None:
    """Raise AnalysisProblem unless all columns have the length of the first."""
    first, *others = columns
    length = len(columns[first])
    for name in others:
        if len(columns[name]) != length:
            raise AnalysisProblem(name, f"{length} rows are expected as in {first}, not {len(columns[name])}")


def refuse_where(wrong: NDArray[np.bool_], place: str, expected: str) -> None:
    """Raise AnalysisProblem that names the first wrong row, if there is one."""
    if wrong.any():
        index = ", ".join(str(position) for position in np.argwhere(wrong)[0])
        raise AnalysisProblem(f"{place}[{index}]", expected)
