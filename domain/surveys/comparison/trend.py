"""How an index moved from one wave to the next, also across versions of its instrument.

What is compared is said: the change splits into the effects of scores, of the mix of customers and of weights, where an
indicator that one wave does not have counts to the weights; if the scale maps differ, both are taken on minmax.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from domain.surveys.comparison.change import ChangeOfIndex, Composition, decompose_change
from domain.surveys.indicators import IndicatorTree, ScaleMap
from domain.surveys.report.findings.responses import Responses

ALL = "all"


@dataclass(frozen=True, slots=True)
class Taken:
    """A wave as a trend takes it: its tree and its responses."""

    tree: IndicatorTree
    responses: Responses


@dataclass(frozen=True, slots=True)
class Movement:
    """The change with its effects; the leaves that both waves have by their names now; the scale map taken."""

    change: ChangeOfIndex
    compared: tuple[str, ...]
    begun: tuple[str, ...]
    ended: tuple[str, ...]
    renamed: Mapping[str, str]
    compared_weight: float
    scale_map: ScaleMap


def move(before: Taken, after: Taken, names: Mapping[str, str | None], segment: str | None) -> Movement | None:
    """How the index moved between two waves; none if they have no indicator in common.

    `names` says what the leaves of the former are called in the latter; `segment` is the attribute of the mix.
    """
    same = before.tree.scale_map is after.tree.scale_map
    scale_map = after.tree.scale_map if same else ScaleMap.MINMAX
    first, second = (_composition(wave, scale_map, segment) for wave in (before, after))
    called = tuple(names.get(leaf) or f"{leaf} (ended)" for leaf in first.leaves)
    compared = tuple(leaf for leaf in second.leaves if leaf in called)
    if not compared:
        return None
    weights = dict(zip(second.leaves, second.weights.tolist(), strict=True))
    return Movement(
        change=decompose_change(replace(first, leaves=called), second),
        compared=compared,
        begun=tuple(leaf for leaf in second.leaves if leaf not in called),
        ended=tuple(leaf for leaf in first.leaves if names.get(leaf) is None),
        renamed={leaf: now for leaf in first.leaves if (now := names.get(leaf)) is not None and now != leaf},
        compared_weight=sum(weights[leaf] for leaf in compared),
        scale_map=scale_map,
    )


def _composition(wave: Taken, scale_map: ScaleMap, segment: str | None) -> Composition:
    weights = wave.responses.design.weights
    labels = wave.responses.labels.get(segment) if segment is not None else None
    tree = wave.tree.model_copy(update={"scale_map": scale_map})
    return Composition.of(tree, wave.responses.codes, weights, [ALL] * len(weights) if labels is None else labels)
