"""How a survey's index moved from wave to wave, over HTTP."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from domain.access import Permission, Person
from domain.surveys.indicators import ScaleMap
from starter.api.entry import Allowed, House
from starter.api.models import Answer
from starter.api.strict_json import StrictJsonRoute
from starter.api.surveys import SurveyId
from starter.survey_trends import Point

router = APIRouter(prefix="/v1/surveys/{survey_id}/trend", tags=["waves"], route_class=StrictJsonRoute)
MOST_WAVES = 20


class Effects(Answer):
    """What moved the index: scores, the mix of customers, weights (with indicators that one wave lacks)."""

    scores: float
    mix: float
    weights: float
    scores_by_leaf: dict[str, float]
    compared_weight: float = Field(description="how much of the index is made of indicators that both waves have")
    begun: tuple[str, ...]
    ended: tuple[str, ...]
    renamed: dict[str, str] = Field(description="by the crosswalk of the versions between: former name to present one")
    scale_map: ScaleMap = Field(description="both waves were taken on this one")


class Change(Answer):
    """The index less that of the wave before."""

    value: float
    low: float
    high: float
    is_significant: bool


class TrendPoint(Answer):
    """A wave in the trend; nothing where it cannot be compared with the one before, or is the first."""

    wave: str
    version: int
    launched_at: datetime | None
    respondents: int
    index: float
    low: float | None
    high: float | None
    change: Change | None
    effects: Effects | None

    @classmethod
    def of(cls, point: Point) -> "TrendPoint":
        wave, result = point.wave, point.wave.result
        assert result is not None  # noqa: S101  computed waves have one
        assert result.index is not None  # noqa: S101  and an index that is not withheld
        return cls(
            wave=wave.reference,
            version=wave.version,
            launched_at=wave.launched_at,
            respondents=result.respondents,
            index=result.index,
            low=result.low,
            high=result.high,
            change=_change(point),
            effects=_effects(point),
        )


class Trend(Answer):
    items: tuple[TrendPoint, ...]


@router.get("", summary="Read how the index of a survey moved from wave to wave")
async def trend(
    survey_id: SurveyId,
    services: House,
    _: Annotated[Person, Depends(Allowed(Permission.READ_WAVES))],
    limit: Annotated[int, Query(ge=1, le=MOST_WAVES, description="so many of the last waves")] = 8,
) -> Trend:
    """The oldest first. Across versions of the questionnaire by their crosswalks."""
    points = await services.surveys.trends.of(survey_id, limit)
    return Trend(items=tuple(TrendPoint.of(point) for point in points))


def _change(point: Point) -> Change | None:
    apart = point.difference
    if apart is None:
        return None
    interval = apart.interval
    return Change(value=apart.value, low=interval.low, high=interval.high, is_significant=apart.is_significant)


def _effects(point: Point) -> Effects | None:
    moved = point.movement
    if moved is None:
        return None
    return Effects(
        scores=moved.change.score_effect,
        mix=moved.change.mix_effect,
        weights=moved.change.weight_effect,
        scores_by_leaf={leaf: moved.change.score_effect_by_leaf[leaf] for leaf in moved.compared},
        compared_weight=moved.compared_weight,
        begun=moved.begun,
        ended=moved.ended,
        renamed=dict(moved.renamed),
        scale_map=moved.scale_map,
    )
