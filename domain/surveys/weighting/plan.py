"""How a survey's answers are to be weighted, as a part of its definition."""

from pydantic import BaseModel, ConfigDict, Field

from domain.surveys.indicators import Identifier


class WeightingPlan(BaseModel):
    """Attributes that make the nonresponse classes, and known totals by attribute and category.

    A thin class (fewer answers than `least_respondents`, or a factor above `largest_factor` times the overall one)
    joins another. `largest_weight` trims at so many times the mean; none: no trimming.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    classes: tuple[Identifier, ...] = ()
    least_respondents: int = Field(default=30, ge=1)
    largest_factor: float = Field(default=3.0, ge=1)
    margins: dict[Identifier, dict[str, float]] = {}
    largest_weight: float | None = Field(default=None, gt=1)
