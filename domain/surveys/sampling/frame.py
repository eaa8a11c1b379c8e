"""The sampling frame: every unit once, in a stratum, with its random number. Faulty frames are refused whole.

Units that opted out or are in quarantine stay in the frame: they are drawn like all others and become coded outcomes,
since inclusion probabilities would be wrong without them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from domain.surveys.arrays import BoolArray, Coded, FloatArray, IntArray, encode, is_missing
from domain.surveys.errors import Problem, refuse_if_any

MOST_FAULTS_NAMED = 100
"""Of each kind; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Frame:
    """N units: ids (N,), coded strata, permanent random numbers (N,) in [0, 1), and sizes (N,) where units have one."""

    unit_ids: NDArray[Any]
    strata: Coded
    random_numbers: FloatArray
    sizes: FloatArray | None = None

    @classmethod
    def of(
        cls,
        unit_ids: ArrayLike,
        strata: ArrayLike,
        random_numbers: ArrayLike,
        sizes: ArrayLike | None = None,
    ) -> Self:
        """Describe a frame by its columns (N,).

        Refuses with SurveyProblem, row by row: ids that are missing or used twice, missing strata (none, empty, not a
        number), random numbers outside [0, 1), sizes that are not above 0.
        """
        ids, labels, numbers = np.asarray(unit_ids), np.asarray(strata), np.asarray(random_numbers, dtype=np.float64)
        measures = None if sizes is None else np.asarray(sizes, dtype=np.float64)
        refuse_if_any(_length_faults(len(ids), strata=labels, random_numbers=numbers, sizes=measures))
        refuse_if_any(_frame_faults(ids, labels, numbers, measures))
        return cls(ids, encode(labels), numbers, measures)

    @property
    def stratum_sizes(self) -> IntArray:
        """Units of each stratum (h,)."""
        return np.bincount(self.strata.codes, minlength=self.strata.size)


def _length_faults(units: int, **columns: NDArray[Any] | None) -> Iterator[Problem]:
    if not units:
        yield Problem("frame", "it has no units")
    for name, column in columns.items():
        if column is not None and column.shape != (units,):
            yield Problem(name, f"{units} rows are expected, not shape {column.shape}")


def _frame_faults(
    ids: NDArray[Any], labels: NDArray[Any], numbers: FloatArray, sizes: FloatArray | None
) -> Iterator[Problem]:
    yield from _rows("unit id is missing", is_missing(ids), ids)
    yield from _rows("unit id is used twice", _is_repeated(ids), ids)
    yield from _rows("stratum is missing", is_missing(labels), ids)
    yield from _rows("random number is not in [0, 1)", ~((numbers >= 0) & (numbers < 1)), ids)
    if sizes is not None:
        yield from _rows("size is not above 0", ~((sizes > 0) & (sizes < np.inf)), ids)


def _rows(what: str, faulty: BoolArray, ids: NDArray[Any]) -> Iterator[Problem]:
    rows = np.flatnonzero(faulty)
    for row in rows[:MOST_FAULTS_NAMED]:
        yield Problem(f"row {row} (unit {ids[row]})", what)
    if len(rows) > MOST_FAULTS_NAMED:
        yield Problem("frame", f"{what} in {len(rows) - MOST_FAULTS_NAMED} more rows")


def _is_repeated(ids: NDArray[Any]) -> BoolArray:
    """Every second and later row of an id."""
    if ids.dtype.kind == "O":
        ids = ids.astype(str)
    order = np.argsort(ids, kind="stable")
    repeated = np.zeros(len(ids), dtype=np.bool_)
    repeated[order[1:]] = ids[order[1:]] == ids[order[:-1]]
    return repeated
