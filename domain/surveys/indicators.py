"""The indicator tree: what satisfaction consists of, how much each part weighs, which question measures a leaf.

Owns the document and its checks. Does not own scores (`tree_index`), the making of weights (`indicator_weights`)
nor the questions (`questionnaire`).
"""

import math
from collections import Counter
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from domain.surveys.errors import Problem, refuse_if_any

WEIGHT_SUM_TOLERANCE = 1e-9

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
Sentence = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4_000)]
Translations = Annotated[dict[Language, Sentence], Field(min_length=1)]
"""One text by language tag, for example {"zh": "供气质量", "en": "Supply quality"}."""


class ScaleMap(StrEnum):
    """How an answer becomes a score of 0–100; the two are not comparable: minmax = (likert_x20 - 20) · 1.25."""

    LIKERT_X20 = "likert_x20"
    MINMAX = "minmax"


class AnswerScale(BaseModel):
    """The integer codes of a rating question, from the worst (`minimum`) to the best (`maximum`)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    minimum: int = 1
    maximum: int = 5

    @model_validator(mode="after")
    def _is_ascending(self) -> Self:
        if self.minimum >= self.maximum:
            raise ValueError(f"minimum {self.minimum} must be below maximum {self.maximum}")
        return self


class Indicator(BaseModel):
    """A node of the tree: either it has children, or it is a leaf bound to the id of the question that measures it.

    `weight` is the share among its siblings.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Identifier
    title: Translations
    weight: float = Field(gt=0, le=1)
    children: tuple["Indicator", ...] = ()
    question: Identifier | None = None
    scale: AnswerScale = AnswerScale()

    @property
    def is_leaf(self) -> bool:
        return not self.children


class IndicatorTree(BaseModel):
    """The satisfaction index as nested indicators, all scored by one scale map. Valid by construction.

    Refused: no or several things measured at one node, weights of siblings that do not sum to 1, ids or questions
    used twice, `likert_x20` on anything but five points.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Identifier
    title: Translations
    scale_map: ScaleMap
    children: tuple[Indicator, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _is_sound(self) -> Self:
        refuse_if_any(_faults(self))
        return self

    def nodes(self) -> Iterator[tuple[str, float, Indicator]]:
        """Every indicator below the root, depth first: (path of ids joined by "/", global weight, indicator)."""
        return _descend(self.children, "", 1.0)

    def leaves(self) -> tuple[Indicator, ...]:
        """The leaves in the order of the document."""
        return tuple(node for _, _, node in self.nodes() if node.is_leaf)

    def leaf_weights(self) -> dict[str, float]:
        """Global weight by leaf id: the product of the weights down its path. They sum to 1."""
        return {node.id: weight for _, weight, node in self.nodes() if node.is_leaf}


def _descend(siblings: tuple[Indicator, ...], above: str, share: float) -> Iterator[tuple[str, float, Indicator]]:
    for node in siblings:
        path = f"{above}/{node.id}" if above else node.id
        yield path, share * node.weight, node
        yield from _descend(node.children, path, share * node.weight)


def _faults(tree: IndicatorTree) -> Iterator[Problem]:
    yield from _weight_faults(tree.id, tree.children)
    for path, _, node in tree.nodes():
        yield from _node_faults(path, node, tree.scale_map)
    yield from _repetitions("indicator", [tree.id, *(node.id for _, _, node in tree.nodes())])
    yield from _repetitions("question", [leaf.question for leaf in tree.leaves() if leaf.question])


def _node_faults(path: str, node: Indicator, scale_map: ScaleMap) -> Iterator[Problem]:
    if node.is_leaf and node.question is None:
        yield Problem(path, "a leaf must name the question that measures it")
    if not node.is_leaf and node.question is not None:
        yield Problem(path, "an indicator with children is not measured by a question of its own")
    if node.is_leaf and scale_map is ScaleMap.LIKERT_X20 and node.scale != AnswerScale(minimum=1, maximum=5):
        yield Problem(path, f"likert_x20 needs codes 1 to 5, not {node.scale.minimum} to {node.scale.maximum}")
    yield from _weight_faults(path, node.children)


def _weight_faults(path: str, siblings: tuple[Indicator, ...]) -> Iterator[Problem]:
    total = math.fsum(node.weight for node in siblings)
    if siblings and abs(total - 1) > WEIGHT_SUM_TOLERANCE:
        yield Problem(path, f"the weights of its children must sum to 1, not {total:.6g}")


def _repetitions(kind: str, names: list[str]) -> Iterator[Problem]:
    yield from (Problem(name, f"{kind} used {count} times") for name, count in Counter(names).items() if count > 1)
