"""Customer groups that are measured apart and published together: other modes, designs, instruments, one index."""

import math
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from domain.surveys.dispositions import Channel
from domain.surveys.errors import Problem, refuse_if_any
from domain.surveys.indicators import Identifier, Translations
from domain.surveys.sampling.plan import SamplingDesign
from domain.surveys.variance.estimates import Estimate

Amount = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class CountedBy(StrEnum):
    """Whether a group counts by its customers or by their value."""

    POPULATION = "population"
    VALUE = "value"


class CustomerGroup(BaseModel):
    """A group with its size, its value (turnover) and its own design; `survey` is the definition it is asked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Identifier
    title: Translations
    population: Amount
    value: Amount | None = None
    survey: Identifier
    channel: Channel
    sampling: SamplingDesign


class GroupPlan(BaseModel):
    """All groups, which together are everybody. Refused: ids used twice, values missing where they count."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    counted_by: CountedBy = CountedBy.POPULATION
    groups: Annotated[tuple[CustomerGroup, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _is_sound(self) -> Self:
        refuse_if_any(_faults(self))
        return self

    def shares(self) -> dict[str, float]:
        """The share of each group in the whole; they sum to 1."""
        by_value = self.counted_by is CountedBy.VALUE
        amounts = {group.id: (group.value or 0.0) if by_value else group.population for group in self.groups}
        total = math.fsum(amounts.values())
        return {name: amount / total for name, amount in amounts.items()}

    def combined(self, estimates: Mapping[str, Estimate]) -> Estimate:
        """The estimate of the whole: Σ share × group, the groups being independent samples.

        Degrees of freedom by Satterthwaite 1946. Refuses with SurveyProblem groups without estimate and estimates
        without group.
        """
        shares = self.shares()
        refuse_if_any(Problem(name, "the group has no estimate") for name in shares.keys() - estimates.keys())
        refuse_if_any(Problem(name, "there is no such group") for name in estimates.keys() - shares.keys())
        variances = {name: (share * estimates[name].standard_error) ** 2 for name, share in shares.items()}
        variance = math.fsum(variances.values())
        spread = math.fsum(part**2 / estimates[name].degrees_of_freedom for name, part in variances.items())
        return Estimate(
            value=math.fsum(share * estimates[name].value for name, share in shares.items()),
            standard_error=math.sqrt(variance),
            degrees_of_freedom=math.floor(variance**2 / spread) if spread else 1,
            rows=sum(estimate.rows for estimate in estimates.values()),
        )


def _faults(plan: GroupPlan) -> Iterator[Problem]:
    ids = [group.id for group in plan.groups]
    for position, group in enumerate(plan.groups):
        if group.id in ids[:position]:
            yield Problem(group.id, "group used twice")
        if plan.counted_by is CountedBy.VALUE and group.value is None:
            yield Problem(group.id, "its value is needed where groups count by value")
