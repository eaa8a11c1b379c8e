"""What an analysis looks at: the complaints of a period as columns, as they stood at its end."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from domain.surveys.arrays import BoolArray, FloatArray, IntArray

OPEN = ""
"""The kind of end of a complaint that has not ended."""

Labels = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Complaints:
    """n complaints received in a period, as columns (n,).

    `day` counts from the period's first; `lasted` is in days, until the end or until the moment of looking; `end` is
    how it ended, empty while it has not; `decision` is that of the validity check, empty before it; `satisfaction` is
    on five levels, 0 where nobody said; `money` is redress paid. Promises are clocks: met in time, broken, overdue.
    """

    reference: Labels
    customer: Labels
    day: IntArray
    category: Labels
    product: Labels
    region: Labels
    partner: Labels
    lasted: FloatArray
    end: Labels
    decision: Labels
    appealed: BoolArray
    reopened: BoolArray
    stage_two: BoolArray
    external: BoolArray
    called_back: BoolArray
    satisfaction: IntArray
    money: FloatArray
    met: IntArray
    broken: IntArray
    overdue: IntArray

    def __len__(self) -> int:
        return len(self.reference)

    @property
    def is_open(self) -> BoolArray:
        still: BoolArray = self.end == OPEN
        return still


@dataclass(frozen=True, slots=True)
class Counts:
    """Complaints by cell and day (c, d): the days end with the period's last; a cell is category · region · partner."""

    cells: tuple[str, ...]
    first: date
    table: IntArray

    @property
    def days(self) -> tuple[date, ...]:
        return tuple(self.first + timedelta(days=number) for number in range(self.table.shape[1]))


@dataclass(frozen=True, slots=True)
class Narratives:
    """A sample of what customers wrote, out of `all`. It is no part of the hash: what was erased since is not in it."""

    all: int
    sample: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Observed:
    """All that goes into an analysis; the same observations give the same figures.

    `renamed` are codes of categories that were retired, with those under which their complaints stand; `recalculated`
    counts cases whose clocks were moved to another version of their calendar.
    """

    first: date
    last: date
    complaints: Complaints
    counts: Counts
    renamed: tuple[tuple[str, str], ...] = ()
    recalculated: int = 0

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def sha256(self) -> str:
        """The hash of all that goes in, in one order and notation."""
        digest = hashlib.sha256(f"{self.first} {self.last} {self.counts.first}".encode())
        for name, column in self._columns().items():
            digest.update(f"\n{name} {column.shape} ".encode())
            digest.update("\x1f".join(map(str, column.ravel().tolist())).encode())
        return digest.hexdigest()

    def _columns(self) -> Mapping[str, NDArray[Any]]:
        columns = {field.name: getattr(self.complaints, field.name) for field in fields(Complaints)}
        return columns | {"cells": np.array(self.counts.cells), "table": self.counts.table}
