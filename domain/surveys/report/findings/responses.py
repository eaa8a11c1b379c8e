"""What people answered, as the findings need it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from domain.surveys.arrays import FloatArray
from domain.surveys.variance.design import SurveyDesign


@dataclass(frozen=True, slots=True)
class Responses:
    """n responses: codes (n,) by question, missing being not a number; labels (n,) by attribute; the design."""

    codes: Mapping[str, FloatArray]
    labels: Mapping[str, NDArray[Any]]
    design: SurveyDesign

    @property
    def count(self) -> int:
        """How many have a weight."""
        return int(np.count_nonzero(self.design.weights))

    @property
    def is_weighted(self) -> bool:
        return bool(np.ptp(self.design.weights) > 0)

    @property
    def effective_count(self) -> float:
        """Responses of an equally weighted sample of the same precision: (Σw)² / Σw² (Kish 1965)."""
        weights = self.design.weights
        return float(weights.sum() ** 2 / (weights @ weights))

    @property
    def strata(self) -> int:
        return len(self.design.stages[0].units_in_stratum)

    @property
    def sampling_units(self) -> int:
        return len(self.design.stages[0].stratum_of_unit)
