"""Figures about few people are not shown to those who may not see the cases: they would say who they are about.

A small cell alone is not enough: its neighbour and the total would give it away. So in every row and column whose
total is shown at least two cells are hidden, the smallest first (complementary suppression).

Source: Hundepool et al., Statistical Disclosure Control, Wiley 2012, chapter 4.
"""

import numpy as np
from numpy.typing import ArrayLike

from domain.analysis.refusal import AnalysisProblem
from domain.surveys.arrays import BoolArray, FloatArray

FEWEST_SHOWN = 5


def hidden_cells(counts: ArrayLike, fewest: int = FEWEST_SHOWN) -> BoolArray:
    """Which cells of a table (r, c) or a list (c,) of counts of people must not be shown beside its totals.

    Empty cells are shown: nobody is in them. Refuses with AnalysisProblem: negative counts, more than two dimensions.
    """
    table = np.asarray(counts, dtype=np.float64)
    if table.ndim not in {1, 2} or (table < 0).any():
        raise AnalysisProblem("counts", "a list or a table of numbers of at least 0")
    hidden: BoolArray = (table > 0) & (table < fewest)
    lines = list(zip(np.atleast_2d(table), np.atleast_2d(hidden), strict=True))
    if table.ndim == 2:
        lines += zip(table.T, hidden.T, strict=True)
    while sum(_protect(line, its_hidden) for line, its_hidden in lines):
        continue
    return hidden


def _protect(line: FloatArray, hidden: BoolArray) -> bool:
    """Hide one cell more where a single hidden one could be had from the total; whether that was needed."""
    if np.count_nonzero(hidden) != 1:
        return False
    others = np.flatnonzero(~hidden & (line > 0))
    if not others.size:
        return False
    hidden[others[np.argmin(line[others])]] = True
    return True
