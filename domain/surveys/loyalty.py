"""What satisfaction does to loyalty: the zones of defection, indifference and affection, and the curve with its knee.

Source: Heskett, Jones, Loveman, Sasser, Schlesinger, "Putting the Service-Profit Chain to Work", HBR 1994; Jones and
Sasser, "Why Satisfied Customers Defect", HBR 1995. Owns no scores: satisfaction and loyalty come as points of 0–100.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from domain.surveys.arrays import BoolArray, FloatArray, encode
from domain.surveys.errors import Problem, refuse_if_any
from domain.surveys.secondary import share_in_percent
from domain.surveys.tree_index import SHOWN_FROM, SOUND_FROM, Score
from domain.surveys.variance.design import SurveyDesign
from domain.surveys.variance.estimates import estimate_mean


class LoyaltyZone(StrEnum):
    DEFECTION = "defection"
    """叛离带"""
    INDIFFERENCE = "indifference"
    """冷漠带"""
    AFFECTION = "affection"
    """忠诚带"""


@dataclass(frozen=True, slots=True)
class ZoneCuts:
    """Satisfaction in points from which a customer is indifferent and from which affectionate.

    By default the codes 3 and 4 of a five-point scale on minmax.
    """

    indifference_from: float = 50.0
    affection_from: float = 75.0


@dataclass(frozen=True, slots=True)
class ZoneShare:
    """Customers in one zone: their number, their share in percent of all, their mean loyalty (none under 5)."""

    zone: LoyaltyZone
    respondents: int
    share: Score
    mean_loyalty: float | None


@dataclass(frozen=True, slots=True)
class Knee:
    """Where the curve bends most, and how far it lies there from the straight line between its ends.

    `distance` is a share of the curve's range: above 0 the curve lies over the line (loyalty is won early), below 0
    under it (only the most satisfied are loyal).
    """

    satisfaction: float
    loyalty: float
    distance: float


@dataclass(frozen=True, slots=True)
class LoyaltyCurve:
    """Loyalty expected at each level of satisfaction (k,), never falling; no knee where it does not rise."""

    satisfaction: FloatArray
    loyalty: FloatArray
    knee: Knee | None


def loyalty_zones(
    satisfaction: ArrayLike,
    loyalty: ArrayLike,
    design: SurveyDesign,
    cuts: ZoneCuts | None = None,
    confidence: float = 0.95,
) -> tuple[ZoneShare, ...]:
    """Share of the customers in each zone, from points (n,) of satisfaction and loyalty; missing is not a number.

    Customers without a satisfaction score are left out. Refuses with SurveyProblem: other lengths than the design's,
    points outside 0–100, cuts that do not ascend, fewer than 5 respondents with a score.
    """
    limits = cuts or ZoneCuts()
    refuse_if_any(_cut_faults(limits))
    scores, loyal = _points("satisfaction", satisfaction, design), _points("loyalty", loyalty, design)
    there = ~np.isnan(scores) & (design.weights > 0)
    refuse_if_any(_too_few(there, SHOWN_FROM))
    zone = np.digitize(scores, [limits.indifference_from, limits.affection_from])
    return tuple(
        _zone_share(each, zone == number, there, loyal, design, confidence) for number, each in enumerate(LoyaltyZone)
    )


def loyalty_curve(satisfaction: ArrayLike, loyalty: ArrayLike, design: SurveyDesign) -> LoyaltyCurve:
    """The closest curve of loyalty over satisfaction that never falls, by weighted isotonic regression.

    Points (n,) as for `loyalty_zones`; customers who lack one of them are left out. Refuses with SurveyProblem: other
    lengths, points outside 0–100, fewer than 30 respondents with both. Source: Barlow and others 1972; knee by the
    largest distance from the chord (Satopää and others 2011).
    """
    from scipy.optimize import isotonic_regression

    scores, loyal = _points("satisfaction", satisfaction, design), _points("loyalty", loyalty, design)
    there = ~np.isnan(scores) & ~np.isnan(loyal) & (design.weights > 0)
    refuse_if_any(_too_few(there, SOUND_FROM))
    levels = encode(scores[there])
    mass = np.bincount(levels.codes, design.weights[there])
    means = np.bincount(levels.codes, design.weights[there] * loyal[there]) / mass
    fitted = np.asarray(isotonic_regression(means, weights=mass).x, dtype=np.float64)
    points = levels.labels.astype(np.float64)
    return LoyaltyCurve(points, fitted, _knee(points, fitted))


def _knee(satisfaction: FloatArray, loyalty: FloatArray) -> Knee | None:
    width, height = np.ptp(satisfaction), loyalty[-1] - loyalty[0]
    if width == 0 or height <= 0:
        return None
    over_chord = (loyalty - loyalty[0]) / height - (satisfaction - satisfaction[0]) / width
    place = int(np.argmax(np.abs(over_chord)))
    return Knee(float(satisfaction[place]), float(loyalty[place]), float(over_chord[place]))


def _zone_share(
    zone: LoyaltyZone, inside: BoolArray, there: BoolArray, loyal: FloatArray, design: SurveyDesign, confidence: float
) -> ZoneShare:
    rated = inside & there & ~np.isnan(loyal)
    return ZoneShare(
        zone=zone,
        respondents=int((inside & there).sum()),
        share=share_in_percent(inside, there, design, confidence),
        mean_loyalty=estimate_mean(design, loyal, rated).value if rated.sum() >= SHOWN_FROM else None,
    )


def _points(place: str, column: ArrayLike, design: SurveyDesign) -> FloatArray:
    points = np.asarray(column, dtype=np.float64)
    refuse_if_any(
        []
        if points.shape == (design.rows,)
        else [Problem(place, f"{design.rows} rows are expected, not {points.shape}")]
    )
    refuse_if_any(
        Problem(f"{place}[{row}]", f"0 to 100 points are expected, not {points[row]:g}")
        for row in np.flatnonzero((points < -1e-9) | (points > 100 + 1e-9))[:20]
    )
    return points


def _cut_faults(cuts: ZoneCuts) -> Iterator[Problem]:
    if not 0 < cuts.indifference_from < cuts.affection_from < 100:
        yield Problem("cuts", f"0 < {cuts.indifference_from:g} < {cuts.affection_from:g} < 100 does not hold")


def _too_few(there: BoolArray, needed: int) -> Iterator[Problem]:
    if there.sum() < needed:
        yield Problem(
            "satisfaction", f"{int(there.sum())} respondents have what is needed; at least {needed} are expected"
        )
