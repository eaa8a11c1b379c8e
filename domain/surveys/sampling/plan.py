"""How a sample is to be drawn, as a part of a survey's definition, and what it comes to for the strata of a frame."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from domain.surveys.arrays import FloatArray, IntArray
from domain.surveys.errors import Problem, refuse_if_any
from domain.surveys.indicators import Identifier
from domain.surveys.sampling.allocation import REMAINDER_SLACK, Allocation, AllocationRule, Strata, allocate
from domain.surveys.sampling.sizes import FieldTerms, SampleSize, size_for_mean, size_for_share

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Share = Annotated[float, Field(gt=0, le=1)]


class SelectionMethod(StrEnum):
    CENSUS = "census"
    STRATIFIED = "stratified"
    """By permanent random numbers; without strata a simple random sample."""
    SYSTEMATIC = "systematic"
    PPS_SYSTEMATIC = "pps_systematic"
    TWO_STAGE = "two_stage"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Precision(_Part):
    """What is estimated, how narrowly, and what the field will cost. A mean is in points, a share in 0–1."""

    of: Literal["share", "mean"] = "share"
    margin: Positive
    confidence: Annotated[float, Field(ge=0.5, lt=1)] = 0.95
    expected_share: Annotated[float, Field(gt=0, lt=1)] = 0.5
    deviation: Positive | None = None
    design_effect: Positive = 1.0
    response_rate: Share = 1.0
    eligibility: Share = 1.0

    @model_validator(mode="after")
    def _mean_has_a_deviation(self) -> Self:
        if self.of == "mean" and self.deviation is None:
            raise ValueError("a mean needs the standard deviation to be expected")
        return self

    def size(self, population: int) -> SampleSize:
        """The size that a population of so many units needs."""
        terms = FieldTerms(self.design_effect, population, self.response_rate, self.eligibility)
        if self.deviation is not None and self.of == "mean":
            return size_for_mean(self.margin, deviation=self.deviation, confidence=self.confidence, terms=terms)
        return size_for_share(self.margin, share=self.expected_share, confidence=self.confidence, terms=terms)


Interval = Annotated[timedelta, Field(gt=timedelta(0), le=timedelta(days=31))]


class ClosedComplaints(_Part):
    """The units are complaints as they close: so large a share of them is drawn, by chance and not by anybody.

    Looked for `every` so often; a wave also takes those that closed up to `look_back` before its launch.
    """

    share: Share = 1.0
    every: Interval = timedelta(hours=1)
    look_back: Annotated[timedelta, Field(ge=timedelta(0), le=timedelta(days=31))] = timedelta(0)


class SamplingDesign(_Part):
    """Method, size (given, or by the precision wanted), strata and their allocation.

    `closed_complaints` draws from complaints as they close and not from the customers; it has no size beforehand.
    Refused: no size or two of them, a method without the attribute that it needs, deviations or costs that the
    allocation needs and misses.
    """

    method: SelectionMethod = SelectionMethod.STRATIFIED
    size: Annotated[int, Field(ge=1)] | None = None
    precision: Precision | None = None
    strata: tuple[Identifier, ...] = ()
    allocation: AllocationRule = AllocationRule.PROPORTIONAL
    power: Annotated[float, Field(ge=0, le=1)] = 0.5
    at_least: Annotated[int, Field(ge=1)] = 2
    deviations: dict[str, Positive] = {}
    costs: dict[str, Positive] = {}
    size_attribute: Identifier | None = None
    cluster_attribute: Identifier | None = None
    units_per_cluster: Annotated[int, Field(ge=1)] | None = None
    reserve_share: Annotated[float, Field(ge=0, le=5)] = 0.0
    closed_complaints: ClosedComplaints | None = None

    @model_validator(mode="after")
    def _is_sound(self) -> Self:
        refuse_if_any(_faults(self))
        return self

    def sample_size(self, population: int) -> int:
        """Units to draw from a population of so many."""
        if self.method is SelectionMethod.CENSUS:
            return population
        return self.precision.size(population).to_draw if self.precision else min(self.size or 0, population)

    def allocated(self, stratum_sizes: Mapping[str, int]) -> Allocation:
        """The sample of each stratum of a frame, in the order given; refuses with SurveyProblem as `allocate` does,
        and strata without the deviation or cost that the rule needs."""
        names = tuple(stratum_sizes)
        refuse_if_any(_stratum_faults(self, names))
        units = np.array([stratum_sizes[name] for name in names], dtype=np.int64)
        strata = Strata(names, units, *(_column(values, names) for values in (self.deviations, self.costs)))
        total = self.sample_size(int(units.sum()))
        return allocate(total, strata, self.allocation, power=self.power, at_least=self.at_least)

    def reserve(self, allocation: Allocation) -> IntArray:
        """Units to hold ready in each stratum (h,), rounded up."""
        return np.asarray(np.ceil(allocation.units * self.reserve_share - REMAINDER_SLACK), dtype=np.int64)


def _column(values: Mapping[str, float], names: tuple[str, ...]) -> FloatArray | None:
    return np.array([values[name] for name in names]) if set(names) <= values.keys() else None


def _needed(design: SamplingDesign) -> Iterator[tuple[str, Mapping[str, float]]]:
    if design.allocation in {AllocationRule.NEYMAN, AllocationRule.COST_OPTIMUM}:
        yield "deviations", design.deviations
    if design.allocation is AllocationRule.COST_OPTIMUM:
        yield "costs", design.costs


def _stratum_faults(design: SamplingDesign, names: tuple[str, ...]) -> Iterator[Problem]:
    for column, values in _needed(design):
        yield from (Problem(f"{column} {name}", "missing for this stratum") for name in names if name not in values)


def _faults(design: SamplingDesign) -> Iterator[Problem]:
    if design.closed_complaints is not None:
        yield from _faults_of_closed_complaints(design)
        return
    is_census = design.method is SelectionMethod.CENSUS
    if (design.size is not None) + (design.precision is not None) != (0 if is_census else 1):
        yield Problem("size", "a census has none" if is_census else "either size or precision is needed, not both")
    if design.method is SelectionMethod.PPS_SYSTEMATIC and design.size_attribute is None:
        yield Problem("size_attribute", "a selection in proportion to size needs one")
    if design.method is SelectionMethod.TWO_STAGE and not (design.cluster_attribute and design.units_per_cluster):
        yield Problem("cluster_attribute", "two stages need the cluster's attribute and the units to take in each")
    for column, values in _needed(design):
        if not values:
            yield Problem(column, f"{design.allocation} allocation needs them by stratum")


def _faults_of_closed_complaints(design: SamplingDesign) -> Iterator[Problem]:
    if design.method is not SelectionMethod.STRATIFIED:
        yield Problem("method", "closed complaints are drawn one by one as they come: stratified")
    if design.size is not None or design.precision is not None:
        yield Problem("size", "how many complaints close is not known beforehand; closed_complaints has a share")
    if design.reserve_share:
        yield Problem("reserve_share", "closed complaints have no reserve")
