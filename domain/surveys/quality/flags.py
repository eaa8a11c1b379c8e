"""Flags of careless responding by named rules, and what the flagged responses do to the index. Nothing is deleted."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike
from pydantic import BaseModel, ConfigDict, Field

from domain.surveys.arrays import BoolArray, FloatArray, IntArray
from domain.surveys.errors import Problem, refuse_if_any
from domain.surveys.indicators import IndicatorTree
from domain.surveys.quality.indices import (
    OppositePair,
    closest_matches,
    contradictions,
    even_odd_inconsistency,
    longest_strings,
    mahalanobis_distances,
    response_variability,
    responses_per_device,
    straightlined_batteries,
)
from domain.surveys.tree_index import AnswersByQuestion, TreeIndex, compute_tree_index
from domain.surveys.variance.design import SurveyDesign


class QualityFlag(StrEnum):
    SPEEDER = "speeder"
    STRAIGHT_LINING = "straight_lining"
    LONG_STRING = "long_string"
    LOW_VARIABILITY = "low_variability"
    OUTLIER = "outlier"
    INCONSISTENT = "inconsistent"
    CONTRADICTORY = "contradictory"
    NEAR_DUPLICATE = "near_duplicate"
    SHARED_DEVICE = "shared_device"


class QualityRules(BaseModel):
    """Limits from which a response is flagged; a limit of none switches its flag off."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    share_of_median_duration: float | None = Field(1 / 3, gt=0, lt=1, description="Greszki, Meyer, Schoen 2015")
    seconds_per_item: float | None = Field(2.0, gt=0, description="Huang and others 2012")
    straightlined_batteries: int | None = Field(2, ge=1)
    longest_string_share: float | None = Field(0.5, gt=0, le=1, description="of all items; Curran 2016")
    variability: float | None = Field(0.3, ge=0, description="in codes; flagged up to it")
    outlier_confidence: float | None = Field(0.99, gt=0.5, lt=1)
    even_odd: float | None = Field(-0.3, ge=-1, le=1, description="flagged above it; Jackson's .30, negated")
    contradictions: int | None = Field(1, ge=1)
    matching_share: float | None = Field(0.85, gt=0, le=1, description="Kuriakose and Robbins 2016")
    responses_per_device: int | None = Field(3, ge=1, description="flagged above it")
    flags_of_the_careless: int = Field(2, ge=1, description="from so many flags on a response counts as careless")


@dataclass(frozen=True, slots=True)
class ResponseSheet:
    """What is known of n responses to k rating items, in the order in which they were asked.

    `answers` (n, k) are codes and `points` (n, k) the same on 0–100, missing is not a number; `durations` (n,) in
    seconds; `devices` (n,) labels, empty if unknown; items of batteries and pairs by position; `subscales` are sizes.
    """

    answers: FloatArray
    points: FloatArray
    durations: ArrayLike | None = None
    devices: ArrayLike | None = None
    batteries: Sequence[Sequence[int]] = ()
    subscales: Sequence[int] = ()
    pairs: Sequence[OppositePair] = ()


@dataclass(frozen=True, slots=True)
class ResponseQuality:
    """Flags (n,) by kind (only the kinds that could be judged), their number (n,), and who counts as careless (n,)."""

    flags: Mapping[QualityFlag, BoolArray]
    count: IntArray
    careless: BoolArray


@dataclass(frozen=True, slots=True)
class WithAndWithout:
    """The index from everybody and from those who are not flagged; the design stays that of the whole sample."""

    everybody: TreeIndex
    without: TreeIndex
    flagged: int


def assess_quality(sheet: ResponseSheet, rules: QualityRules | None = None) -> ResponseQuality:
    """Flag careless responses by the rules (the default ones if absent), each flag by its own index.

    A flag is judged where its input is there. Refuses with SurveyProblem: columns of other lengths, durations that are
    not above 0, and what the indices refuse.
    """
    limits = rules or QualityRules()
    refuse_if_any(_faults(sheet))
    flags = dict(_flags(sheet, limits))
    count = np.zeros(len(sheet.answers), dtype=np.int64)
    for flagged in flags.values():
        count += flagged
    return ResponseQuality(flags, count, np.greater_equal(count, limits.flags_of_the_careless))


def index_with_and_without(
    tree: IndicatorTree, answers: AnswersByQuestion, design: SurveyDesign, flagged: BoolArray
) -> WithAndWithout:
    """The index twice: from all respondents and without the flagged (n,), whose weight is 0 the second time.

    Refuses with SurveyProblem what `compute_tree_index` refuses, and if everybody is flagged.
    """
    refuse_if_any([Problem("flagged", "everybody is flagged")] if flagged.all() else [])
    kept = replace(design, weights=np.where(flagged, 0.0, design.weights))
    return WithAndWithout(
        everybody=compute_tree_index(tree, answers, design),
        without=compute_tree_index(tree, answers, kept),
        flagged=int(flagged.sum()),
    )


def _flags(sheet: ResponseSheet, limits: QualityRules) -> Iterator[tuple[QualityFlag, BoolArray]]:
    yield from _flags_of_manner(sheet, limits)
    yield from _flags_of_pattern(sheet, limits)
    yield from _flags_of_consistency(sheet, limits)


def _flags_of_manner(sheet: ResponseSheet, limits: QualityRules) -> Iterator[tuple[QualityFlag, BoolArray]]:
    """How fast, and from where."""
    if sheet.durations is not None:
        yield QualityFlag.SPEEDER, _speeders(sheet, np.asarray(sheet.durations, dtype=np.float64), limits)
    if sheet.devices is not None and limits.responses_per_device is not None:
        yield QualityFlag.SHARED_DEVICE, responses_per_device(sheet.devices) > limits.responses_per_device


def _flags_of_pattern(sheet: ResponseSheet, limits: QualityRules) -> Iterator[tuple[QualityFlag, BoolArray]]:
    """What the sequence of answers looks like."""
    items = sheet.answers.shape[1]
    if sheet.batteries and limits.straightlined_batteries is not None:
        straight = straightlined_batteries(sheet.answers, sheet.batteries)
        yield QualityFlag.STRAIGHT_LINING, straight >= limits.straightlined_batteries
    if limits.longest_string_share is not None:
        yield QualityFlag.LONG_STRING, longest_strings(sheet.answers) >= limits.longest_string_share * items
    if limits.variability is not None:
        yield QualityFlag.LOW_VARIABILITY, response_variability(sheet.answers) <= limits.variability


def _flags_of_consistency(sheet: ResponseSheet, limits: QualityRules) -> Iterator[tuple[QualityFlag, BoolArray]]:
    """Whether the answers agree with each other and with those of the others."""
    if limits.outlier_confidence is not None:
        yield QualityFlag.OUTLIER, _outliers(sheet.answers, limits.outlier_confidence)
    if sheet.subscales and limits.even_odd is not None:
        yield QualityFlag.INCONSISTENT, even_odd_inconsistency(sheet.answers, sheet.subscales) > limits.even_odd
    if sheet.pairs and limits.contradictions is not None:
        yield QualityFlag.CONTRADICTORY, contradictions(sheet.points, sheet.pairs) >= limits.contradictions
    if limits.matching_share is not None:
        yield QualityFlag.NEAR_DUPLICATE, closest_matches(sheet.answers) >= limits.matching_share


def _speeders(sheet: ResponseSheet, durations: FloatArray, limits: QualityRules) -> BoolArray:
    """Faster than reading allows, or than others by far; an unknown duration is no haste."""
    fast = np.zeros(len(durations), dtype=np.bool_)
    if limits.share_of_median_duration is not None:
        fast |= durations < limits.share_of_median_duration * np.nanmedian(durations)
    if limits.seconds_per_item is not None:
        fast |= durations < limits.seconds_per_item * np.count_nonzero(~np.isnan(sheet.answers), axis=1)
    return fast


def _outliers(answers: FloatArray, confidence: float) -> BoolArray:
    from scipy.special import chdtri

    farthest = float(chdtri(answers.shape[1], 1 - confidence))
    return mahalanobis_distances(answers) > farthest


def _faults(sheet: ResponseSheet) -> Iterator[Problem]:
    rows = len(sheet.answers)
    if sheet.points.shape != sheet.answers.shape:
        yield Problem("points", f"the shape of the answers {sheet.answers.shape} is expected, not {sheet.points.shape}")
    for name, column in (("durations", sheet.durations), ("devices", sheet.devices)):
        if column is not None and np.shape(column) != (rows,):
            yield Problem(name, f"{rows} rows are expected, not shape {np.shape(column)}")
    if sheet.durations is not None:
        for row in np.flatnonzero(np.asarray(sheet.durations, dtype=np.float64) <= 0)[:20]:
            yield Problem(f"durations[{row}]", "above 0 seconds is expected")
