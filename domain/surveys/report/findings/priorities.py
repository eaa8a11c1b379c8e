"""What to work on first: by what it costs the index that something is not at 100, and what an improvement brings."""

from collections.abc import Sequence
from dataclasses import dataclass

MOST_LISTED = 3
PLANNED_POINTS = 5.0


@dataclass(frozen=True, slots=True)
class Priority:
    """One thing that customers rated: its score of 0–100 and its effect, points of the index for a point of it."""

    id: str
    score: float
    effect: float

    @property
    def gap(self) -> float:
        """What it costs the index: effect · (100 - score)."""
        return self.effect * (100 - self.score)

    @property
    def planned(self) -> float:
        """Points that a plan asks for: five, or what is left to 100."""
        return min(PLANNED_POINTS, 100 - self.score)

    @property
    def expected_gain(self) -> float:
        return self.effect * self.planned


def to_fix(priorities: Sequence[Priority], most: int = MOST_LISTED) -> tuple[Priority, ...]:
    """Those that cost the index most, the dearest first."""
    costly = [each for each in priorities if each.gap > 0]
    return tuple(sorted(costly, key=lambda each: (-each.gap, each.id))[:most])


def to_keep(priorities: Sequence[Priority], index: float, most: int = MOST_LISTED) -> tuple[Priority, ...]:
    """The best scores, none below the index, of what works on it and is not to be fixed first."""
    first = to_fix(priorities, most)
    others = [each for each in priorities if each not in first and each.effect > 0 and each.score >= index]
    return tuple(sorted(others, key=lambda each: (-each.score, each.id))[:most])
