"""Which few kinds make up most complaints (Pareto), and whether the data can tell them from the others.

An order of counts is an estimate: next month the fourth may be the third. So every kind gets the interval of its rank
under a bootstrap, and the vital few are named only where their ranks stand apart from those of the rest.

Source: Goldstein, Spiegelhalter, "League tables and their limitations", JRSS A 159(3), 1996 (intervals of ranks).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike
from scipy.stats import rankdata

from domain.analysis.refusal import AnalysisProblem, refuse_other_lengths, refuse_where
from domain.surveys.arrays import FloatArray

VITAL_SHARE = 0.8
REPLICATES = 2_000
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Bar:
    """One kind: how much it weighs (cases or money), its share, the share up to it, and the interval of its rank."""

    label: str
    weight: float
    share: float
    cumulated: float
    rank_from: int
    rank_to: int


@dataclass(frozen=True, slots=True)
class Pareto:
    """Bars from the heaviest down; `vital_few` is how many lead, or none where the data cannot separate them."""

    bars: tuple[Bar, ...]
    vital_few: int | None

    @property
    def total(self) -> float:
        return sum(bar.weight for bar in self.bars)


def pareto_of_counts(labels: Sequence[str], counts: ArrayLike, generator: Generator) -> Pareto:
    """Kinds (k,) by the number of their cases (k,).

    Refuses with AnalysisProblem: other lengths, labels that repeat, negative counts, no case at all.
    """
    cases = np.asarray(counts, dtype=np.float64)
    _refuse(labels, cases)
    return _pareto(labels, cases, generator.poisson(cases, (REPLICATES, len(cases))).astype(np.float64))


def pareto_of_costs(labels: Sequence[str], costs: ArrayLike, squares: ArrayLike, generator: Generator) -> Pareto:
    """Kinds (k,) by the sum of their cases' costs (k,); `squares` (k,) is the sum of their squares.

    The sum of squares is the variance of a sum under the Poisson bootstrap; replicates are normal. Refuses with
    AnalysisProblem what `pareto_of_counts` refuses.
    """
    sums, variances = np.asarray(costs, dtype=np.float64), np.asarray(squares, dtype=np.float64)
    _refuse(labels, sums)
    refuse_other_lengths(costs=sums, squares=variances)
    refuse_where(~(variances >= 0), "squares", "at least 0")
    return _pareto(labels, sums, generator.normal(sums, np.sqrt(variances), (REPLICATES, len(sums))))


def _refuse(labels: Sequence[str], weights: FloatArray) -> None:
    refuse_other_lengths(labels=labels, weights=weights)
    refuse_where(~(weights >= 0), "weights", "at least 0")
    if len(set(labels)) != len(labels):
        raise AnalysisProblem("labels", "each kind once")
    if not weights.sum() > 0:
        raise AnalysisProblem("weights", "at least one case")


def _pareto(labels: Sequence[str], weights: FloatArray, replicates: FloatArray) -> Pareto:
    order = sorted(range(len(labels)), key=lambda kind: (-weights[kind], labels[kind]))
    ranks = rankdata(-replicates, method="average", axis=1)
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(ranks, (tail, 1 - tail), axis=0)
    shares = weights / weights.sum()
    cumulated = np.cumsum(shares[order])
    bars = tuple(
        Bar(
            labels[kind],
            float(weights[kind]),
            float(shares[kind]),
            float(up_to),
            rank_from=int(np.floor(low[kind])),
            rank_to=int(np.ceil(high[kind])),
        )
        for kind, up_to in zip(order, cumulated, strict=True)
    )
    return Pareto(bars, _vital_few(bars))


def _vital_few(bars: Sequence[Bar]) -> int | None:
    """The fewest that make up the vital share, if no rank of theirs could be one of the rest."""
    few = next(place for place, bar in enumerate(bars, start=1) if bar.cumulated >= VITAL_SHARE - 1e-12)
    rest = [bar.rank_from for bar in bars[few:]]
    is_separate = not rest or max(bar.rank_to for bar in bars[:few]) < min(rest)
    return few if is_separate else None
