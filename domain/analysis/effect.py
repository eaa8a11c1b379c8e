"""Whether a measure worked: complaints before and after it, each held against how many could have complained.

Given how many complaints there were in all, the number after the measure is binomial if nothing has changed: that makes
an exact test, which is widened where days vary by more than chance.

Source: Przyborowski, Wilenski, Biometrika 31, 1940 (the conditional test of two Poisson rates); Clopper, Pearson,
Biometrika 26, 1934 (its interval); the dispersion divides the counts, as in quasi-likelihood.
"""

from dataclasses import dataclass
from enum import StrEnum

from domain.analysis.refusal import AnalysisProblem


class Verdict(StrEnum):
    EFFECTIVE = "effective"
    """Fewer than before, and hardly by chance."""
    NOT_EFFECTIVE = "not_effective"
    """As many as before, as far as can be seen, or more."""
    TOO_EARLY = "too_early"
    """Even no complaint at all would not have shown an effect yet."""


@dataclass(frozen=True, slots=True)
class Effect:
    """The rate after over the rate before with its interval; `p_value` is one-sided: so few or fewer by chance."""

    before: float
    after: float
    ratio: float | None
    low: float
    high: float | None
    p_value: float
    verdict: Verdict


def check_effect(
    complaints_before: int,
    exposure_before: float,
    complaints_after: int,
    exposure_after: float,
    *,
    dispersion: float = 1.0,
    significance: float = 0.05,
) -> Effect:
    """Compare complaints per exposure (customers, orders, days) before and after a measure.

    `dispersion` is variance over mean of counts without a change, at least 1. Rates are per unit of exposure; `ratio`
    is none where there was no complaint before, `high` where it has no bound. Refuses with AnalysisProblem: negative
    counts, exposure not above 0, a dispersion under 1, a significance outside 0–0.5.
    """
    from scipy.stats import beta

    _refuse(complaints_before, exposure_before, complaints_after, exposure_after, dispersion, significance)
    first, second = complaints_before / dispersion, complaints_after / dispersion
    expected_share = exposure_after / (exposure_before + exposure_after)
    tail = significance / 2
    low_share = float(beta.ppf(tail, second, first + 1)) if second > 0 else 0.0
    high_share = float(beta.ppf(1 - tail, second + 1, first)) if first > 0 else 1.0
    p_value = float(beta.sf(expected_share, second + 1, first)) if first > 0 else 1.0
    p_value_at_best = float(beta.sf(expected_share, 1, first)) if first > 0 else 1.0
    return Effect(
        before=complaints_before / exposure_before,
        after=complaints_after / exposure_after,
        ratio=_ratio(complaints_after / exposure_after, complaints_before / exposure_before),
        low=_ratio(low_share * exposure_before, (1 - low_share) * exposure_after) or 0.0,
        high=_ratio(high_share * exposure_before, (1 - high_share) * exposure_after),
        p_value=p_value,
        verdict=_verdict(p_value, p_value_at_best, significance),
    )


def check_index(before: tuple[float, float, float], after: tuple[float, float, float]) -> Verdict:
    """Compare the index of two independent waves, each with its 95 % interval (value, low, high): has it risen?

    One-sided, by the normal distribution of the difference. Refuses with AnalysisProblem an interval without width.
    """
    from scipy.stats import norm

    errors = [(high - low) / (2 * norm.ppf(0.975)) for _, low, high in (before, after)]
    if not all(error > 0 for error in errors):
        raise AnalysisProblem("interval", "low below high is expected")
    z = (after[0] - before[0]) / (errors[0] ** 2 + errors[1] ** 2) ** 0.5
    return Verdict.EFFECTIVE if norm.sf(z) <= 0.05 else Verdict.NOT_EFFECTIVE


def overall(complaints: Verdict, index: Verdict | None) -> Verdict:
    """Effective where either shows it; not effective where all that was asked says so; else it is too early."""
    asked = {complaints, index} - {None}
    if Verdict.EFFECTIVE in asked:
        return Verdict.EFFECTIVE
    return Verdict.NOT_EFFECTIVE if asked == {Verdict.NOT_EFFECTIVE} else Verdict.TOO_EARLY


def _verdict(p_value: float, p_value_at_best: float, significance: float) -> Verdict:
    if p_value <= significance:
        return Verdict.EFFECTIVE
    return Verdict.TOO_EARLY if p_value_at_best > significance else Verdict.NOT_EFFECTIVE


def _ratio(numerator: float, denominator: float) -> float | None:
    return numerator / denominator if denominator > 0 else None


def _refuse(
    complaints_before: int,
    exposure_before: float,
    complaints_after: int,
    exposure_after: float,
    dispersion: float,
    significance: float,
) -> None:
    for place, count in (("complaints_before", complaints_before), ("complaints_after", complaints_after)):
        if count < 0:
            raise AnalysisProblem(place, f"at least 0 is expected, not {count}")
    for place, exposure in (("exposure_before", exposure_before), ("exposure_after", exposure_after)):
        if not exposure > 0:
            raise AnalysisProblem(place, f"above 0 is expected, not {exposure}")
    if not dispersion >= 1:
        raise AnalysisProblem("dispersion", f"at least 1 is expected, not {dispersion}")
    if not 0 < significance < 0.5:
        raise AnalysisProblem("significance", f"between 0 and 0.5, not {significance}")
