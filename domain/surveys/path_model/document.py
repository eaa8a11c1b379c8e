"""The model document: constructs, the items that measure them and what drives what. Owns its checks, no arithmetic."""

from collections import Counter
from collections.abc import Iterator
from enum import StrEnum
from graphlib import CycleError, TopologicalSorter
from typing import Annotated, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from domain.surveys.arrays import BoolArray, IntArray
from domain.surveys.errors import Problem, refuse_if_any
from domain.surveys.indicators import AnswerScale, Identifier, Translations

ItemName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]


class Mode(StrEnum):
    """How items and construct relate: A, the construct shows in its items (reflective); B, they make it (formative)."""

    A = "A"
    B = "B"


class InnerScheme(StrEnum):
    """How much each neighbour counts in the inner estimate of a construct (Lohmöller 1989)."""

    CENTROID = "centroid"
    FACTORIAL = "factorial"
    PATH = "path"


class Scaling(StrEnum):
    """Which matrix of the items is analysed: raw answers share one scale; standardised ones have equal spread."""

    RAW = "raw"
    STANDARDISED = "standardised"


class Construct(BaseModel):
    """A latent variable with the columns that measure it and the constructs that drive it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Identifier
    title: Translations
    items: Annotated[tuple[ItemName, ...], Field(min_length=1)]
    driven_by: tuple[Identifier, ...] = ()
    mode: Mode = Mode.A
    scale: AnswerScale = AnswerScale(minimum=1, maximum=10)


class PathModel(BaseModel):
    """Constructs and the paths between them. Valid by construction.

    Refused: constructs or items used twice, drivers that do not exist, cycles, a construct that no path touches.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Identifier
    title: Translations
    scheme: InnerScheme = InnerScheme.CENTROID
    scaling: Scaling = Scaling.RAW
    constructs: Annotated[tuple[Construct, ...], Field(min_length=2)]

    @model_validator(mode="after")
    def _is_sound(self) -> Self:
        refuse_if_any(_faults(self))
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """The constructs in the order of the document, which is the order of every result."""
        return tuple(construct.id for construct in self.constructs)

    @property
    def items(self) -> tuple[str, ...]:
        """The items, construct by construct, which is the order of every result."""
        return tuple(item for construct in self.constructs for item in construct.items)

    def blocks(self) -> IntArray:
        """Position of the construct of each item (p,)."""
        return np.repeat(np.arange(len(self.constructs)), [len(construct.items) for construct in self.constructs])

    def paths(self) -> BoolArray:
        """Which construct drives which (J, J): row the driven, column the driver."""
        return np.array([[driver in driven.driven_by for driver in self.names] for driven in self.constructs])


def _faults(model: PathModel) -> Iterator[Problem]:
    yield from _repetitions("construct", model.names)
    yield from _repetitions("item", model.items)
    for construct in model.constructs:
        yield from _driver_faults(construct, set(model.names))
    yield from _cycles(model)
    touched = {name for c in model.constructs if c.driven_by for name in (c.id, *c.driven_by)}
    yield from (Problem(name, "no path leads to it or from it") for name in model.names if name not in touched)


def _repetitions(kind: str, names: tuple[str, ...]) -> Iterator[Problem]:
    yield from (Problem(name, f"{kind} used {count} times") for name, count in Counter(names).items() if count > 1)


def _driver_faults(construct: Construct, known: set[str]) -> Iterator[Problem]:
    for driver, count in Counter(construct.driven_by).items():
        if driver not in known:
            yield Problem(construct.id, f"driven by {driver}, which is not a construct of the model")
        if count > 1:
            yield Problem(construct.id, f"driver {driver} named {count} times")


def _cycles(model: PathModel) -> Iterator[Problem]:
    try:
        TopologicalSorter({construct.id: construct.driven_by for construct in model.constructs}).prepare()
    except CycleError as error:
        yield Problem(model.id, f"the paths run in a circle: {' → '.join(error.args[1])}")
