"""How a survey's index moved from wave to wave, also across versions of its instrument."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from domain.surveys.comparison.crosswalk import Crosswalk, names_now
from domain.surveys.comparison.differences import Difference, difference
from domain.surveys.comparison.trend import Movement, Taken, move
from domain.surveys.report.evaluation import Evaluation
from domain.surveys.waves.wave import Wave
from starter.problems import not_found
from starter.wave_numbers import WaveNumbers
from storage.surveys import Surveys, UnknownSurvey
from storage.waves import Waves


@dataclass(frozen=True, slots=True)
class Point:
    """A wave in the trend, with how the index moved since the wave before; nothing where that cannot be compared."""

    wave: Wave
    difference: Difference | None
    movement: Movement | None


class SurveyTrends:
    """Reads the computed waves of a survey and compares each with the one before."""

    def __init__(self, surveys: Surveys, waves: Waves, numbers: WaveNumbers) -> None:
        self._surveys = surveys
        self._waves = waves
        self._numbers = numbers

    async def of(self, survey: str, most: int) -> list[Point]:
        """The last computed waves of a survey, the oldest first. Raises `Problem` 404."""
        try:
            newest = await self._surveys.newest(survey)
        except UnknownSurvey:
            raise not_found("there is no such survey") from None
        segment = next(iter(newest.definition.report.segments), None)
        points: list[Point] = []
        before: tuple[Wave, Evaluation] | None = None
        for wave in await self._waves.computed(survey, most):
            evaluation, _ = await self._numbers.evaluated(wave)
            compared = None if before is None else await self._compared(before, (wave, evaluation), segment)
            points.append(Point(wave, *(compared or (None, None))))
            before = (wave, evaluation)
        return points

    async def _compared(
        self, before: tuple[Wave, Evaluation], after: tuple[Wave, Evaluation], segment: str | None
    ) -> tuple[Difference | None, Movement | None]:
        (old, former), (new, latter) = before, after
        trees = former.subject.tree, latter.subject.tree
        apart = None
        if former.index.standard_error is not None and latter.index.standard_error is not None:
            apart = difference(latter.index, former.index, latter.subject.options.confidence)
        if trees[0] is None or trees[1] is None or new.version < old.version:
            return apart, None
        leaves = tuple(trees[0].leaf_weights())
        names = names_now(leaves, await self._steps(new.survey, old.version, new.version))
        taken = Taken(trees[0], former.responses), Taken(trees[1], latter.responses)
        return apart, await asyncio.to_thread(move, *taken, names, segment)

    async def _steps(self, survey: str, old: int, new: int) -> Sequence[tuple[Crosswalk, Sequence[str]]]:
        """The crosswalks of the versions between, each with its leaves."""
        steps = []
        for version in range(old + 1, new + 1):
            definition = await self._surveys.definition(survey, version)
            leaves = () if definition.indicators is None else tuple(definition.indicators.leaf_weights())
            steps.append((definition.crosswalk, leaves))
        return steps
