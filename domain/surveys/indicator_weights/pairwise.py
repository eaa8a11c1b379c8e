"""Weights from pairwise comparisons (AHP): priorities, consistency, groups of judges and judgements left out.

Source: Saaty, The Analytic Hierarchy Process, 1980. A judgement (a, b): 3 says that a weighs three times as much as b.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

import numpy as np

from domain.surveys.arrays import FloatArray
from domain.surveys.errors import Problem, refuse_if_any

MOST_COMPARED = 15
ACCEPTABLE_RATIO = 0.1
_COMPLETION_LIMIT = 10_000
_COMPLETION_TOLERANCE = 1e-13

Judgements = Mapping[tuple[str, str], float]


class PriorityMethod(StrEnum):
    """How priorities come out of the matrix; the two agree where the judgements are consistent."""

    EIGENVECTOR = "eigenvector"
    GEOMETRIC_MEAN = "geometric_mean"
    """Geometric mean of each row: logarithmic least squares (Crawford and Williams 1985)."""


class RandomIndex(StrEnum):
    """Whose average inconsistency of random matrices the consistency ratio compares with."""

    SAATY_1980 = "saaty_1980"
    SAATY_2005 = "saaty_2005"
    """Theory and Applications of the Analytic Network Process, 2005, p. 31."""
    DONEGAN_DODD_1991 = "donegan_dodd_1991"


RANDOM_INDICES = {  # for matrices of 3, 4, … 15 rows
    RandomIndex.SAATY_1980: (0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49, 1.51, 1.48, 1.56, 1.57, 1.59),
    RandomIndex.SAATY_2005: (0.52, 0.89, 1.11, 1.25, 1.35, 1.40, 1.45, 1.49, 1.52, 1.54, 1.56, 1.58, 1.59),
    RandomIndex.DONEGAN_DODD_1991: (
        *(0.4914, 0.8286, 1.0591, 1.1797, 1.2519, 1.3171, 1.3733),
        *(1.4055, 1.4213, 1.4497, 1.4643, 1.4822, 1.4969),
    ),
}


@dataclass(frozen=True, slots=True)
class InconsistentTriad:
    """Three judgements that contradict each other most: first/second · second/third should be first/third.

    `judged` is the judgement first/third, `implied` what the other two make of it; `inconsistency` runs from 0 to 1.
    """

    first: str
    second: str
    third: str
    judged: float
    implied: float
    inconsistency: float


@dataclass(frozen=True, slots=True)
class PairwiseWeights:
    """Shares (k,) of the compared indicators, and how consistent the judgements were.

    `consistency_ratio` of at most 0.1 is acceptable; `completed` are the judgements that were left out, as the others
    imply them; `worst_triad` is the first to talk about (none if all agree).
    """

    names: tuple[str, ...]
    weights: FloatArray
    principal_eigenvalue: float
    consistency_ratio: float
    random_index: RandomIndex
    completed: dict[tuple[str, str], float]
    worst_triad: InconsistentTriad | None

    @property
    def is_acceptable(self) -> bool:
        return self.consistency_ratio <= ACCEPTABLE_RATIO


def pairwise_weights(
    names: Sequence[str],
    judgements: Judgements,
    method: PriorityMethod = PriorityMethod.EIGENVECTOR,
    random_index: RandomIndex = RandomIndex.SAATY_2005,
) -> PairwiseWeights:
    """Priorities of 2 to 15 indicators from one judgement per pair; judgements may be left out.

    What was left out is filled so that the matrix is as consistent as it can be (Bozóki, Fülöp, Rónyai 2010).
    Refuses with SurveyProblem: unknown names, a pair judged twice or with itself, ratios that are not above 0,
    judgements that leave an indicator unconnected to the others.
    """
    refuse_if_any(_size_faults(names))
    refuse_if_any(
        fault for pair, ratio in judgements.items() for fault in _judgement_faults(names, judgements, pair, ratio)
    )
    observed = _matrix(names, judgements)
    refuse_if_any(_unconnected(names, observed))
    matrix = _completed(observed)
    eigenvalue, eigenvector = _principal(matrix)
    means = np.exp(np.log(matrix).mean(axis=1))
    return PairwiseWeights(
        names=tuple(names),
        weights=eigenvector if method is PriorityMethod.EIGENVECTOR else means / means.sum(),
        principal_eigenvalue=eigenvalue,
        consistency_ratio=_consistency_ratio(eigenvalue, len(names), random_index),
        random_index=random_index,
        completed={(names[i], names[j]): float(matrix[i, j]) for i, j in _missing(observed)},
        worst_triad=_worst_triad(names, observed),
    )


def judgements_of(names: Sequence[str], matrix: FloatArray) -> dict[tuple[str, str], float]:
    """Judgements from a reciprocal matrix (k, k), row against column; not a number where one was left out.

    Refuses with SurveyProblem another shape and entries that are not the reciprocal of their mirror image.
    """
    size = len(names)
    refuse_if_any(
        [] if matrix.shape == (size, size) else [Problem("matrix", f"{size} × {size} is expected, not {matrix.shape}")]
    )
    pairs = list(combinations(range(size), 2))
    refuse_if_any(
        Problem(f"{names[i]}, {names[j]}", f"{matrix[i, j]:g} and {matrix[j, i]:g} are not reciprocal")
        for i, j in pairs
        if np.isnan(matrix[i, j]) != np.isnan(matrix[j, i]) or abs(matrix[i, j] * matrix[j, i] - 1) > 1e-6
    )
    return {(names[i], names[j]): float(matrix[i, j]) for i, j in pairs if not np.isnan(matrix[i, j])}


def aggregate_judgements(
    judges: Sequence[Judgements], influence: Sequence[float] | None = None
) -> dict[tuple[str, str], float]:
    """One set of judgements for a group: the weighted geometric mean over the judges who compared the pair.

    It is the only mean that keeps reciprocals (Aczél and Saaty 1983). `influence` (one per judge, above 0) are equal if
    absent. Refuses with SurveyProblem: no judge, other lengths, influences or ratios that are not above 0.
    """
    weights = [1.0] * len(judges) if influence is None else list(influence)
    refuse_if_any(_judge_faults(judges, weights))
    sums: dict[tuple[str, str], list[float]] = {}
    for judgements, weight in zip(judges, weights, strict=True):
        for (one, other), ratio in judgements.items():
            known = (other, one) in sums
            total = sums.setdefault((other, one) if known else (one, other), [0.0, 0.0])
            total[0] += weight * math.log(1 / ratio if known else ratio)
            total[1] += weight
    return {pair: math.exp(logarithm / weight) for pair, (logarithm, weight) in sums.items()}


def aggregate_priorities(judges: Sequence[PairwiseWeights], influence: Sequence[float] | None = None) -> FloatArray:
    """Shares (k,) of a group that judges separately: the weighted geometric mean of the judges' shares.

    Source: Forman and Peniwati 1998.
    Refuses with SurveyProblem: no judge, other lengths, influences not above 0, judges who compared different things.
    """
    weights = np.ones(len(judges)) if influence is None else np.asarray(influence, dtype=np.float64)
    refuse_if_any(_influence_faults(len(judges), weights.tolist()))
    refuse_if_any(
        Problem(
            f"judges[{number}]",
            f"{', '.join(judges[0].names)} are expected in this order, not {', '.join(judge.names)}",
        )
        for number, judge in enumerate(judges)
        if judge.names != judges[0].names
    )
    means = np.exp(weights @ np.log([judge.weights for judge in judges]) / weights.sum())
    shares: FloatArray = means / means.sum()
    return shares


def _matrix(names: Sequence[str], judgements: Judgements) -> FloatArray:
    place = {name: number for number, name in enumerate(names)}
    matrix = np.full((len(names), len(names)), np.nan)
    np.fill_diagonal(matrix, 1.0)
    for (one, other), ratio in judgements.items():
        matrix[place[one], place[other]] = ratio
        matrix[place[other], place[one]] = 1 / ratio
    return matrix


def _completed(observed: FloatArray) -> FloatArray:
    """The matrix of smallest principal eigenvalue among all that agree with what was judged.

    At that minimum, which is the only one, a filled entry is √(v_i u_j / v_j u_i) with the right and left principal
    eigenvectors v and u, so the entries are set to that until they stay.
    """
    missing = np.isnan(observed)
    matrix = np.where(missing, 1.0, observed)
    if not missing.any():
        return matrix
    for _ in range(_COMPLETION_LIMIT):
        right, left = _principal(matrix)[1], _principal(matrix.T)[1]
        balance = np.sqrt(right / left)
        renewed = np.where(missing, balance[:, None] / balance, observed)
        if np.abs(np.log(renewed / matrix)).max() < _COMPLETION_TOLERANCE:
            break
        matrix = renewed
    return renewed


def _principal(matrix: FloatArray) -> tuple[float, FloatArray]:
    """Largest eigenvalue of a positive matrix and its eigenvector, which sums to 1 (Perron)."""
    values, vectors = np.linalg.eig(matrix)
    largest = int(np.argmax(values.real))
    vector = np.abs(vectors[:, largest].real)
    return float(values[largest].real), vector / vector.sum()


def _consistency_ratio(eigenvalue: float, size: int, random_index: RandomIndex) -> float:
    if size < 3:
        return 0.0
    return max(0.0, (eigenvalue - size) / (size - 1) / RANDOM_INDICES[random_index][size - 3])


def _worst_triad(names: Sequence[str], observed: FloatArray) -> InconsistentTriad | None:
    """By the distance of Koczkodaj (1993), which does not depend on the direction of a judgement."""
    triads = [_triad(names, observed, *places) for places in combinations(range(len(names)), 3)]
    worst = max(triads, key=lambda triad: -1 if math.isnan(triad.inconsistency) else triad.inconsistency, default=None)
    return worst if worst is not None and worst.inconsistency > 1e-9 else None


def _triad(names: Sequence[str], observed: FloatArray, i: int, j: int, k: int) -> InconsistentTriad:
    judged, implied = float(observed[i, k]), float(observed[i, j] * observed[j, k])
    inconsistency = min(abs(1 - judged / implied), abs(1 - implied / judged))
    return InconsistentTriad(names[i], names[j], names[k], judged, implied, inconsistency)


def _missing(observed: FloatArray) -> Iterator[tuple[int, int]]:
    for i, j in combinations(range(len(observed)), 2):
        if np.isnan(observed[i, j]):
            yield i, j


def _size_faults(names: Sequence[str]) -> Iterator[Problem]:
    if not 2 <= len(names) <= MOST_COMPARED:
        yield Problem("names", f"2 to {MOST_COMPARED} indicators can be compared, not {len(names)}")
    yield from (
        Problem(name, "named twice") for name in sorted({name for name in names if list(names).count(name) > 1})
    )


def _judgement_faults(
    names: Sequence[str], judgements: Judgements, pair: tuple[str, str], ratio: float
) -> Iterator[Problem]:
    place = ", ".join(pair)
    unknown = [name for name in pair if name not in names]
    if unknown:
        yield Problem(place, f"{', '.join(unknown)} is not among the compared: {', '.join(names)}")
    if pair[0] == pair[1]:
        yield Problem(place, "an indicator is not compared with itself")
    elif pair[::-1] in judgements and pair > pair[::-1]:
        yield Problem(place, "judged in both directions")
    if not (math.isfinite(ratio) and ratio > 0):
        yield Problem(place, f"a ratio above 0 is expected, not {ratio}")


def _unconnected(names: Sequence[str], observed: FloatArray) -> Iterator[Problem]:
    reached = np.linalg.matrix_power((~np.isnan(observed)).astype(float), len(names))[0] > 0
    for name, is_reached in zip(names, reached, strict=True):
        if not is_reached:
            yield Problem(name, f"no chain of judgements connects it with {names[0]}")


def _judge_faults(judges: Sequence[Judgements], influence: Sequence[float]) -> Iterator[Problem]:
    yield from _influence_faults(len(judges), influence)
    for number, judgements in enumerate(judges):
        for pair, ratio in judgements.items():
            if not (math.isfinite(ratio) and ratio > 0):
                yield Problem(f"judges[{number}] {', '.join(pair)}", f"a ratio above 0 is expected, not {ratio}")


def _influence_faults(judges: int, influence: Sequence[float]) -> Iterator[Problem]:
    if judges == 0:
        yield Problem("judges", "at least one is expected")
    if len(influence) != judges:
        yield Problem("influence", f"{judges} numbers are expected, not {len(influence)}")
    yield from (
        Problem(f"influence[{number}]", f"above 0 is expected, not {weight}")
        for number, weight in enumerate(influence)
        if not (math.isfinite(weight) and weight > 0)
    )
