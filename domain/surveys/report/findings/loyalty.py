"""How satisfaction and loyalty go together, where the model measures both."""

from dataclasses import dataclass

import numpy as np

from domain.surveys.loyalty import LoyaltyCurve, ZoneCuts, ZoneShare, loyalty_curve, loyalty_zones
from domain.surveys.report.findings.responses import Responses
from domain.surveys.report.findings.structure import StructureFindings
from domain.surveys.tree_index import SOUND_FROM

LOYALTY_CONSTRUCT = "loyalty"


@dataclass(frozen=True, slots=True)
class LoyaltyFindings:
    cuts: ZoneCuts
    zones: tuple[ZoneShare, ...]
    curve: LoyaltyCurve


def find_loyalty(structure: StructureFindings, responses: Responses, confidence: float) -> LoyaltyFindings | None:
    """Zones and curve from the respondents' scores; none if the model has no loyalty or fewer than 30 have both."""
    names = structure.fit.model.names
    if LOYALTY_CONSTRUCT not in names:
        return None
    # Means of answers may lie a rounding error beyond the ends of the scale.
    scores = np.clip(structure.scores, 0.0, 100.0)
    satisfaction, loyalty = scores[:, names.index(structure.target)], scores[:, names.index(LOYALTY_CONSTRUCT)]
    both = ~np.isnan(satisfaction) & ~np.isnan(loyalty) & (responses.design.weights > 0)
    if both.sum() < SOUND_FROM:
        return None
    cuts = ZoneCuts()
    return LoyaltyFindings(
        cuts=cuts,
        zones=loyalty_zones(satisfaction, loyalty, responses.design, cuts, confidence),
        curve=loyalty_curve(satisfaction, loyalty, responses.design),
    )
