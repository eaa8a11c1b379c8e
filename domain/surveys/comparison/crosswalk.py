"""The crosswalk between versions of an instrument: which indicator goes on what another was before.

Indicators of the same id go on by themselves. A version says the rest against the version before it: what was renamed,
and what bears the same name but asks something else, so that no trend runs across.
"""

from collections.abc import Iterator, Mapping, Sequence

from pydantic import BaseModel, ConfigDict, Field

from domain.surveys.errors import Problem
from domain.surveys.indicators import Identifier, IndicatorTree


class Crossing(BaseModel):
    """An indicator of this version and what it was called in the version before; nothing, if it begins anew."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    leaf: Identifier
    formerly: Identifier | None = Field(None, description="absent: it measures something else than before")


Crosswalk = Sequence[Crossing]


def crosswalk_faults(tree: IndicatorTree | None, crosswalk: Crosswalk) -> Iterator[Problem]:
    """What in a crosswalk cannot be: leaves that are not there, or two that go on the same."""
    leaves = () if tree is None else tuple(tree.leaf_weights())
    formerly = [crossing.formerly for crossing in crosswalk if crossing.formerly is not None]
    named = [crossing.leaf for crossing in crosswalk]
    for place, crossing in enumerate(crosswalk):
        if crossing.leaf not in leaves:
            yield Problem(f"crosswalk[{place}]", f"there is no leaf {crossing.leaf}")
        if named.index(crossing.leaf) < place:
            yield Problem(f"crosswalk[{place}]", f"{crossing.leaf} is named twice")
        if crossing.formerly is not None and formerly.count(crossing.formerly) > 1:
            yield Problem(f"crosswalk[{place}]", f"two leaves go on {crossing.formerly}")
        if crossing.formerly in leaves and crossing.formerly not in named:
            yield Problem(f"crosswalk[{place}]", f"{crossing.formerly} is a leaf of this version and goes on by itself")


def names_now(before: Sequence[str], steps: Sequence[tuple[Crosswalk, Sequence[str]]]) -> Mapping[str, str | None]:
    """What the leaves of an old version are called in the newest; none for those that ended on the way.

    `steps` are the crosswalks of the versions since, in order, each with the leaves of its version.
    """
    now: dict[str, str | None] = {leaf: leaf for leaf in before}
    for crosswalk, leaves in steps:
        follows = {leaf: leaf for leaf in leaves if leaf not in {crossing.leaf for crossing in crosswalk}}
        follows |= {crossing.formerly: crossing.leaf for crossing in crosswalk if crossing.formerly is not None}
        now = {leaf: None if name is None else follows.get(name) for leaf, name in now.items()}
    return now


def questions_now(
    tree: IndicatorTree | None, now: IndicatorTree | None, names: Mapping[str, str | None]
) -> Mapping[str, str | None]:
    """What the questions of leaves are called in the newest version; none for those whose leaf ended."""
    if tree is None or now is None:
        return {}
    questions = {leaf.id: leaf.question for leaf in now.leaves()}
    return {
        leaf.question: questions.get(names.get(leaf.id) or "") for leaf in tree.leaves() if leaf.question is not None
    }
