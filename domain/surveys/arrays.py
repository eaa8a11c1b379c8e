"""Array types of the survey rules, labels as codes and sums by code. Owns no rule."""

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.int64]
BoolArray: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Coded:
    """A column of labels as codes: `labels[codes]` is the column again; the labels ascend."""

    codes: IntArray
    labels: NDArray[Any]

    @property
    def size(self) -> int:
        """How many labels there are."""
        return len(self.labels)


def encode(column: ArrayLike) -> Coded:
    """Codes 0 … k-1 of a column of labels (n,), in ascending order of the labels."""
    values = np.asarray(column)
    if values.dtype.kind in "iu" and values.size and values.min() >= 0 and values.max() < 4 * values.size:
        return _encode_small_integers(values)
    if values.dtype.kind == "U":
        return _encode_text(values)
    labels, codes = np.unique(values, return_inverse=True)
    return Coded(codes.astype(np.int64, copy=False), labels)


def _encode_small_integers(values: NDArray[Any]) -> Coded:
    """By counting instead of sorting: ten times as fast for a million rows."""
    counts = np.bincount(values)
    labels = np.flatnonzero(counts)
    if len(labels) == len(counts):
        return Coded(values.astype(np.int64, copy=False), labels)
    position = np.cumsum(counts > 0) - 1
    return Coded(position[values], labels)


def _encode_text(values: NDArray[Any]) -> Coded:
    """By a table of the labels instead of sorting all rows."""
    rows = values.ravel().tolist()
    labels = sorted(dict.fromkeys(rows))
    position = {label: code for code, label in enumerate(labels)}
    codes = np.fromiter(map(position.__getitem__, rows), dtype=np.int64, count=len(rows))
    return Coded(codes, np.array(labels, dtype=values.dtype))


def sums_by(codes: IntArray, column: NDArray[Any], size: int) -> FloatArray:
    """Sums (size,) of a column (n,) over the rows of each code (n,)."""
    return np.asarray(np.bincount(codes, column, minlength=size), dtype=np.float64)


def is_missing(labels: NDArray[Any]) -> BoolArray:
    """Rows whose label is none, empty or not a number."""
    match labels.dtype.kind:
        case "f":
            return np.asarray(np.isnan(labels))
        case "U":
            return np.asarray(labels == "")
        case "O":
            return np.array([_is_nothing(label) for label in labels.tolist()])
    return np.zeros(len(labels), dtype=np.bool_)


def _is_nothing(label: object) -> bool:
    return label in {None, ""} or (isinstance(label, float) and math.isnan(label))
