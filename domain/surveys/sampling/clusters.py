"""Two-stage samples: units by permanent random numbers inside clusters that were drawn before, by any method."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from domain.surveys.arrays import FloatArray, IntArray
from domain.surveys.errors import Problem, refuse_if_any
from domain.surveys.sampling.frame import Frame
from domain.surveys.sampling.selection import Drawn, draw_stratified


@dataclass(frozen=True, slots=True)
class TwoStageDraw(Drawn):
    """With the cluster (n,) of each drawn row as a position among the drawn clusters."""

    cluster: IntArray


def draw_within_clusters(
    frame: Frame, cluster_labels: ArrayLike, cluster_inclusion: ArrayLike, *, take: int, start: float = 0.0
) -> TwoStageDraw:
    """Draw `take` units, or all where there are fewer, in each drawn cluster; the frame's strata are the clusters.

    `cluster_labels` (k,) and `cluster_inclusion` (k,) come from the first stage; the probabilities are the products
    of both stages (Särndal, Swensson, Wretman 1992, 4.3). Refuses with SurveyProblem: clusters that are unknown to the
    frame or drawn twice, probabilities outside (0, 1], fewer than 1 unit to take.
    """
    labels, first_stage = np.asarray(cluster_labels), np.asarray(cluster_inclusion, dtype=np.float64)
    refuse_if_any(_faults(frame, labels, first_stage, take))
    position = np.full(frame.strata.size, -1, dtype=np.int64)
    position[np.searchsorted(frame.strata.labels, labels)] = np.arange(len(labels))
    inside = np.flatnonzero(position[frame.strata.codes] >= 0)
    part = Frame.of(frame.unit_ids[inside], position[frame.strata.codes[inside]], frame.random_numbers[inside])
    draw = draw_stratified(part, np.minimum(take, part.stratum_sizes), start=start)
    cluster = part.strata.codes[draw.rows]
    return TwoStageDraw(inside[draw.rows], draw.inclusion * first_stage[cluster], cluster)


def _faults(frame: Frame, labels: NDArray[Any], inclusion: FloatArray, take: int) -> Iterator[Problem]:
    if take < 1:
        yield Problem("take", f"at least 1, not {take}")
    for label in labels[~np.isin(labels, frame.strata.labels)]:
        yield Problem(f"cluster {label}", "the frame has no units of it")
    names, counts = np.unique(labels, return_counts=True)
    for label in names[counts > 1]:
        yield Problem(f"cluster {label}", "drawn twice")
    for label in labels[~((inclusion > 0) & (inclusion <= 1))]:
        yield Problem(f"cluster {label}", "its inclusion probability is not in (0, 1]")
