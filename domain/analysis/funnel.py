"""Partners and regions side by side: a funnel of limits instead of a league table.

Small partners have extreme rates by chance alone. So each is held against limits that widen as its cases get fewer,
and is ranked, if at all, by a rate that is shrunk towards that of all.

Source: Spiegelhalter, "Funnel plots for comparing institutional performance", Statistics in Medicine 24, 2005 (limits,
over-dispersion by winsorised z-scores); DerSimonian, Laird, Controlled Clinical Trials 7, 1986 (shrinkage).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from domain.analysis.refusal import AnalysisProblem, refuse_other_lengths, refuse_where
from domain.surveys.arrays import FloatArray
from domain.surveys.gaming import benjamini_hochberg, shrink

REACH = 3.090232306167813
"""Standard normal quantile of limits that 998 of 1,000 inconspicuous partners keep."""
WINSORISED = 0.1
"""The share of z-scores at either end that does not count for the over-dispersion: there the real outliers are."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One partner: its cases per exposure, limits if it were like all, the shrunk rate, and p-values.

    `adjusted_p_value` is that of Benjamini and Hochberg over all partners, one-sided: too many complaints.
    """

    label: str
    cases: int
    exposure: float
    rate: float
    low: float
    high: float
    shrunken: float
    p_value: float
    adjusted_p_value: float


@dataclass(frozen=True, slots=True)
class Funnel:
    """The rate of all, by how much partners vary more than chance (at least 1), and the partners, worst first."""

    rate: float
    dispersion: float
    standings: tuple[Standing, ...]


def compare_partners(labels: Sequence[str], cases: ArrayLike, exposure: ArrayLike) -> Funnel:
    """Partners (k,) by their complaints (k,) per exposure (k,), such as orders or customers served.

    Refuses with AnalysisProblem: other lengths, fewer than two partners, negative counts, an exposure not above 0, no
    complaint at all.
    """
    from scipy.special import ndtr

    events, base = np.asarray(cases, dtype=np.float64), np.asarray(exposure, dtype=np.float64)
    refuse_other_lengths(labels=labels, cases=events, exposure=base)
    refuse_where(~(events >= 0), "cases", "at least 0")
    refuse_where(~(base > 0), "exposure", "above 0")
    if len(labels) < 2 or not events.sum() > 0:
        raise AnalysisProblem("cases", "at least two partners and one complaint")
    overall = float(events.sum() / base.sum())
    sigma = np.sqrt(overall / base)
    z = (events / base - overall) / sigma
    dispersion = _dispersion(z)
    spread = sigma * np.sqrt(dispersion)
    tails = 1 - ndtr((events / base - overall) / spread)
    shrunken = shrink(events / base, spread**2, overall)
    adjusted = benjamini_hochberg(tails)
    standings = [
        Standing(
            label=labels[k],
            cases=int(events[k]),
            exposure=float(base[k]),
            rate=float(events[k] / base[k]),
            low=max(overall - REACH * float(spread[k]), 0.0),
            high=overall + REACH * float(spread[k]),
            shrunken=max(float(shrunken[k]), 0.0),
            p_value=float(tails[k]),
            adjusted_p_value=float(adjusted[k]),
        )
        for k in range(len(labels))
    ]
    return Funnel(overall, dispersion, tuple(sorted(standings, key=lambda each: (-each.shrunken, each.label))))


def _dispersion(z: FloatArray) -> float:
    """Mean square of the winsorised z-scores, at least 1."""
    low, high = np.quantile(z, (WINSORISED, 1 - WINSORISED))
    return max(1.0, float(np.mean(np.clip(z, low, high) ** 2)))
