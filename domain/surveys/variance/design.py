"""The design that a sample was drawn by, as variance estimation needs it: stages of units in strata, and weights.

Owns the description and its checks; the variances are in `taylor` and `replicates`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from domain.surveys.arrays import BoolArray, Coded, FloatArray, IntArray, encode
from domain.surveys.errors import Problem, refuse_if_any


class LonelyUnits(StrEnum):
    """What a stratum with a single sampling unit contributes to the variance."""

    FAIL = "fail"
    """Refuse: the strata have to be merged."""
    CERTAINTY = "certainty"
    """Nothing: the unit was certain to be taken."""
    ADJUST = "adjust"
    """Its squared distance from the population mean instead of the stratum's: conservative."""
    AVERAGE = "average"
    """The average of the other strata."""


@dataclass(frozen=True, slots=True)
class StageColumns:
    """One stage of sampling as columns of the data (n rows each): the outermost first.

    `units`: label of the sampling unit (none: each row is one); `strata`: label of its stratum (none: a single one);
    `population`: how many units the stratum has in the population (none: drawn with replacement, or a negligible part).
    """

    units: ArrayLike | None = None
    strata: ArrayLike | None = None
    population: ArrayLike | None = None


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage, coded: unit of each row (n,), stratum of each unit (k,), units and sampled part of each stratum (h,).

    `share` (h,) is the part of the stages above that was sampled: the factor of this stage's variance.
    `stratum_names` (h,) say where a fault is.
    """

    unit: IntArray
    stratum_of_unit: IntArray
    stratum_names: NDArray[Any]
    units_in_stratum: IntArray
    sampled_part: FloatArray
    share: FloatArray

    @property
    def lonely(self) -> BoolArray:
        """Strata (h,) whose variance cannot be seen: one unit, and not the whole stratum."""
        lonely: BoolArray = (self.units_in_stratum == 1) & (self.sampled_part < 1) & (self.share > 0)
        return lonely


@dataclass(frozen=True, slots=True)
class CalibrationModel:
    """What the weights were calibrated to: auxiliary values by cell (c, p), the cell of each row, weights before."""

    cell: IntArray
    auxiliaries: FloatArray
    weights_before: FloatArray


@dataclass(frozen=True, slots=True)
class SurveyDesign:
    """A sample with its weights (n,), stages, lonely-unit policy and, if calibrated, what it was calibrated to."""

    weights: FloatArray
    stages: tuple[Stage, ...]
    lonely_units: LonelyUnits = LonelyUnits.FAIL
    calibration: CalibrationModel | None = None

    @classmethod
    def of(
        cls,
        weights: ArrayLike,
        stages: Sequence[StageColumns] = (StageColumns(),),
        lonely_units: LonelyUnits = LonelyUnits.FAIL,
        calibration: CalibrationModel | None = None,
    ) -> Self:
        """Describe a sample by its columns.

        Refuses with SurveyProblem: weights that are negative or not finite, columns of other lengths, a unit in two
        strata, a stratum with several populations or with more units than its population, lonely units under FAIL or
        under AVERAGE where all are.
        """
        weight = np.asarray(weights, dtype=np.float64)
        refuse_if_any(_weight_faults(weight))
        coded = _coded_stages(stages, len(weight))
        if lonely_units is LonelyUnits.FAIL:
            refuse_if_any(_lonely_faults(coded))
        if lonely_units is LonelyUnits.AVERAGE:
            refuse_if_any(_average_faults(coded))
        return cls(weight, coded, lonely_units, calibration)

    @property
    def rows(self) -> int:
        return len(self.weights)


def _weight_faults(weight: FloatArray) -> Iterator[Problem]:
    if weight.ndim != 1 or not len(weight):
        yield Problem("weights", f"one weight per row is expected, not shape {weight.shape}")
        return
    faulty = np.flatnonzero(~np.isfinite(weight) | (weight < 0))
    for row in faulty[:20]:
        yield Problem(f"weights[{row}]", f"a finite weight of at least 0 is expected, not {weight[row]}")
    if not len(faulty) and not weight.any():
        yield Problem("weights", "all are 0")


def _coded_stages(columns: Sequence[StageColumns], rows: int) -> tuple[Stage, ...]:
    stages: list[Stage] = []
    above, share_of_unit = np.zeros(rows, dtype=np.int64), np.ones(1)
    for number, column in enumerate(columns, start=1):
        stage = _coded_stage(f"stage {number}", column, above, share_of_unit)
        stages.append(stage)
        above, share_of_unit = stage.unit, (stage.share * stage.sampled_part)[stage.stratum_of_unit]
    return tuple(stages)


def _coded_stage(place: str, columns: StageColumns, above: IntArray, share_of_unit: FloatArray) -> Stage:
    refuse_if_any(_length_faults(place, columns, len(above)))
    strata = _strata(above, columns.strata)
    unit = _nested(above, columns.units).codes if columns.units is not None else np.arange(len(above))
    stratum_of_unit = np.empty(int(unit.max()) + 1, dtype=np.int64)
    stratum_of_unit[unit] = strata.codes
    if columns.strata is not None:
        refuse_if_any(_first_difference(place, stratum_of_unit[unit] != strata.codes, "unit is in another stratum"))
    counts = np.bincount(stratum_of_unit, minlength=strata.size)
    first_row = _first_rows(strata)
    names = np.char.add("of row ", first_row.astype(str)) if above.any() else strata.labels
    size = _population_sizes(place, columns.population, strata.codes, first_row)
    refuse_if_any(_excess_faults(place, size, counts, names))
    return Stage(unit, stratum_of_unit, names, counts, counts / size, share_of_unit[above[first_row]])


def _strata(above: IntArray, column: ArrayLike | None) -> Coded:
    """Without strata of its own, a stage has one for each unit of the stage above."""
    return _nested(above, column) if column is not None else Coded(above, np.arange(int(above.max()) + 1))


def _length_faults(place: str, columns: StageColumns, rows: int) -> Iterator[Problem]:
    for name in ("units", "strata", "population"):
        column = getattr(columns, name)
        if column is not None and np.shape(column) != (rows,):
            yield Problem(f"{place} {name}", f"{rows} rows are expected, not shape {np.shape(column)}")


def _nested(above: IntArray, column: ArrayLike) -> Coded:
    """Labels are nested in the units of the stage above: equal labels in two of them are not the same thing."""
    coded = encode(column)
    return encode(above * coded.size + coded.codes) if above.any() else coded


def _first_rows(coded: Coded) -> IntArray:
    first = np.zeros(coded.size, dtype=np.int64)
    if coded.size > 1:
        first[coded.codes[::-1]] = np.arange(len(coded.codes) - 1, -1, -1)
    return first


def _first_difference(place: str, differs: BoolArray, what: str) -> Iterator[Problem]:
    if differs.any():
        yield Problem(f"{place} row {int(np.argmax(differs))}", f"its {what} elsewhere")


def _population_sizes(place: str, population: ArrayLike | None, stratum: IntArray, first_row: IntArray) -> FloatArray:
    """Units of each stratum (h,) in the population, without end where they were drawn with replacement."""
    if population is None:
        return np.full(len(first_row), np.inf)
    sizes = np.asarray(population, dtype=np.float64)
    refuse_if_any(_first_difference(place, sizes != sizes[first_row][stratum], "stratum has another population"))
    return sizes[first_row]


def _excess_faults(place: str, size: FloatArray, counts: IntArray, names: NDArray[Any]) -> Iterator[Problem]:
    for code in np.flatnonzero(~(size >= counts)):
        message = f"{counts[code]} units cannot come from a population of {size[code]}"
        yield Problem(f"{place} stratum {names[code]}", message)


def _lonely_faults(stages: Sequence[Stage]) -> Iterator[Problem]:
    for number, stage in enumerate(stages, start=1):
        for name in stage.stratum_names[stage.lonely]:
            yield Problem(
                f"stage {number} stratum {name}",
                "a single sampling unit gives no variance: merge strata or name a policy for lonely units",
            )


def _average_faults(stages: Sequence[Stage]) -> Iterator[Problem]:
    for number, stage in enumerate(stages, start=1):
        if stage.lonely.any() and not (stage.units_in_stratum > 1).any():
            yield Problem(f"stage {number}", "no stratum has two units, so there is no average to lend")
