"""Signs that a handler bends the survey that measures them: who is asked, how, and what comes back.

Each sign compares handlers with all of them together: funnel limits for the chart, rates shrunk towards the whole for
ranking, one false-discovery rate over all signs. A sign opens a review by a person; it is never a finding and never a
sanction. Source: Spiegelhalter, "Funnel plots for comparing institutional performance", Statistics in Medicine 2005.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from domain.surveys.arrays import BoolArray, Coded, FloatArray, IntArray, encode
from domain.surveys.errors import Problem, refuse_if_any
from domain.surveys.tree_index import SHOWN_FROM

FUNNEL_REACH = 3.090232306167813
"""Standard normal quantile of limits that 998 of 1,000 inconspicuous handlers keep."""
PERFECT_SCORE = 100.0


class GamingSign(StrEnum):
    LOW_COVERAGE = "low_coverage"
    """Few of the handler's customers are invited."""
    CONTACT_CHANGED = "contact_changed"
    """Contact data are often changed shortly before the invitation."""
    PERFECT_SCORES = "perfect_scores"
    """Many responses are perfect throughout."""
    PROMPT_PRAISE = "prompt_praise"
    """Scores are the better, the sooner after the contact they are given: perhaps in the handler's presence."""
    SILENT_COMPLAINERS = "silent_complainers"
    """Customers who had complained seldom respond."""
    SHARED_DEVICE = "shared_device"
    """Responses of many customers come from one device."""
    ASKED_FOR_SCORE = "asked_for_score"
    """Customers say that somebody asked them for a score."""


@dataclass(frozen=True, slots=True)
class HandledCases:
    """n closed cases whose customers could be invited, as columns (n,).

    `score` in points of 0–100, `lag_hours` from the contact to the response and `asked_for_score` (0 or 1) are not a
    number where there is none; `device` is empty where it is unknown.
    """

    handler: NDArray[np.str_]
    customer: NDArray[np.str_]
    invited: BoolArray
    contact_changed: BoolArray
    complained: BoolArray
    responded: BoolArray
    score: FloatArray
    lag_hours: FloatArray
    device: NDArray[np.str_]
    asked_for_score: FloatArray


@dataclass(frozen=True, slots=True)
class ReviewRules:
    """When a sign opens a review: false-discovery rate, fewest cases to judge by, customers that share a device."""

    false_discovery_rate: float = 0.05
    least_cases: int = 10
    customers_per_device: int = 3


@dataclass(frozen=True, slots=True)
class HandlerSign:
    """One sign of one handler: a share of 0–1, or for prompt praise the correlation of score and lag.

    `expected` is that of all handlers together, `low` and `high` the funnel's limits at this number of cases,
    `shrunken` what to rank by; `p_value` one-sided, `adjusted_p_value` over all signs (Benjamini, Hochberg 1995).
    """

    handler: str
    sign: GamingSign
    cases: int
    observed: float
    expected: float
    shrunken: float
    low: float
    high: float
    p_value: float
    adjusted_p_value: float = 1.0


@dataclass(frozen=True, slots=True)
class ReviewTask:
    """What a person should look into: one handler with the signs that stand out, the clearest first."""

    handler: str
    signs: tuple[HandlerSign, ...]


@dataclass(frozen=True, slots=True)
class GamingReview:
    """All signs that could be judged, and the reviews that they open, the clearest first."""

    signs: tuple[HandlerSign, ...]
    tasks: tuple[ReviewTask, ...]


def review_handlers(cases: HandledCases, rules: ReviewRules | None = None) -> GamingReview:
    """Judge every handler by every sign for which enough cases are there.

    Refuses with SurveyProblem: columns of other lengths, a response of somebody who was not invited.
    """
    refuse_if_any(_length_faults(cases))
    refuse_if_any(_uninvited(cases))
    limits = rules or ReviewRules()
    handler = encode(cases.handler)
    shares = (_compare_shares(handler, count, limits) for count in _countable(cases, limits))
    found = [sign for each in shares if each for sign in _signs(each, _within_shares)]
    praise = _compare_prompt_praise(handler, cases, limits)
    found += _signs(praise, np.tanh) if praise else ()
    adjusted = benjamini_hochberg(np.array([sign.p_value for sign in found]))
    signs = tuple(replace(sign, adjusted_p_value=float(p)) for sign, p in zip(found, adjusted, strict=True))
    return GamingReview(signs, _tasks(signs, limits))


def benjamini_hochberg(p_values: FloatArray) -> FloatArray:
    """Adjusted p-values (m,): those of at most q are a selection whose false part is at most q on average."""
    count = len(p_values)
    order = np.argsort(p_values, kind="stable")[::-1]
    scaled = p_values[order] * count / np.arange(count, 0, -1)
    adjusted = np.empty(count)
    adjusted[order] = np.minimum(np.minimum.accumulate(scaled), 1.0)
    return adjusted


def shrink(observed: FloatArray, variances: FloatArray, centre: float) -> FloatArray:
    """Estimates (h,) pulled towards the centre, the more the less is known of each (empirical Bayes).

    The variance between handlers is that of DerSimonian and Laird 1986; where there is none, all are the centre.
    """
    precision = 1 / variances
    excess = precision @ (observed - centre) ** 2 - (len(observed) - 1)
    between = max(0.0, float(excess / (precision.sum() - (precision**2).sum() / precision.sum())))
    shrunken: FloatArray = centre + (observed - centre) * between / (between + variances)
    return shrunken


@dataclass(frozen=True, slots=True)
class _Count:
    """Cases (n,) that a sign is judged by, where of them the event is there, and whether few events are conspicuous."""

    sign: GamingSign
    judged: BoolArray
    event: BoolArray
    few_are_conspicuous: bool = False


@dataclass(frozen=True, slots=True)
class _Comparison:
    """One sign of h handlers on a scale where `variances` (h,) hold if all are alike; `tails` are p-values."""

    sign: GamingSign
    names: NDArray[Any]
    cases: IntArray
    observed: FloatArray
    expected: float
    variances: FloatArray
    tails: FloatArray


def _countable(cases: HandledCases, rules: ReviewRules) -> Iterator[_Count]:
    scored = cases.responded & ~np.isnan(cases.score)
    on_device = cases.responded & (cases.device != "")
    asked = cases.responded & ~np.isnan(cases.asked_for_score)
    complaining = cases.invited & cases.complained
    yield _Count(GamingSign.LOW_COVERAGE, np.ones_like(cases.invited), cases.invited, few_are_conspicuous=True)
    yield _Count(GamingSign.CONTACT_CHANGED, cases.invited, cases.contact_changed)
    yield _Count(GamingSign.PERFECT_SCORES, scored, cases.score >= PERFECT_SCORE)
    yield _Count(GamingSign.SILENT_COMPLAINERS, complaining, cases.responded, few_are_conspicuous=True)
    yield _Count(GamingSign.SHARED_DEVICE, on_device, _on_shared_device(cases, on_device, rules))
    yield _Count(GamingSign.ASKED_FOR_SCORE, asked, cases.asked_for_score == 1)


def _on_shared_device(cases: HandledCases, known: BoolArray, rules: ReviewRules) -> BoolArray:
    pairs = np.unique(np.column_stack([cases.device[known], cases.customer[known]]), axis=0)
    devices, customers = np.unique(pairs[:, 0], return_counts=True)
    return np.isin(cases.device, devices[customers >= rules.customers_per_device])


def _compare_shares(handler: Coded, count: _Count, rules: ReviewRules) -> _Comparison | None:
    """Exact binomial tails against the share of all; none where there is nothing to compare."""
    from scipy.special import bdtr, bdtrc

    cases = np.bincount(handler.codes[count.judged], minlength=handler.size)
    happened = np.bincount(handler.codes[count.judged & count.event], minlength=handler.size)
    enough = cases >= rules.least_cases
    if enough.sum() < 2 or happened.sum() in (0, cases.sum()):
        return None
    expected = float(happened.sum() / cases.sum())
    cases, happened = cases[enough], happened[enough]
    at_most = bdtr(happened, cases, expected)
    at_least = np.where(happened > 0, bdtrc(np.maximum(happened - 1, 0), cases, expected), 1.0)
    return _Comparison(
        sign=count.sign,
        names=handler.labels[enough],
        cases=cases,
        observed=happened / cases,
        expected=expected,
        variances=expected * (1 - expected) / cases,
        tails=at_most if count.few_are_conspicuous else at_least,
    )


def _compare_prompt_praise(handler: Coded, cases: HandledCases, rules: ReviewRules) -> _Comparison | None:
    """Correlation of the score with the logarithm of its lag, on Fisher's scale, against the average of all."""
    from scipy.special import ndtr

    there = cases.responded & ~np.isnan(cases.score) & (cases.lag_hours >= 0)
    lag = np.log1p(np.where(there, cases.lag_hours, 0.0))
    rows = [np.flatnonzero(there & (handler.codes == code)) for code in range(handler.size)]
    correlation = np.array([_correlation(cases.score[own], lag[own]) for own in rows])
    count = np.array([len(own) for own in rows])
    enough = (count >= max(rules.least_cases, SHOWN_FROM)) & ~np.isnan(correlation)
    if enough.sum() < 2:
        return None
    scaled, freedom = np.arctanh(np.clip(correlation[enough], -0.999999, 0.999999)), count[enough] - 3
    expected = float(freedom @ scaled / freedom.sum())
    return _Comparison(
        sign=GamingSign.PROMPT_PRAISE,
        names=handler.labels[enough],
        cases=count[enough],
        observed=scaled,
        expected=expected,
        variances=1 / freedom,
        tails=ndtr((scaled - expected) * np.sqrt(freedom)),
    )


def _correlation(score: FloatArray, lag: FloatArray) -> float:
    if len(score) < 2 or np.ptp(score) == 0 or np.ptp(lag) == 0:
        return np.nan
    return float(np.corrcoef(score, lag)[0, 1])


def _signs(each: _Comparison, as_shown: Callable[[FloatArray], FloatArray]) -> Iterator[HandlerSign]:
    reach = FUNNEL_REACH * np.sqrt(each.variances)
    shrunken = shrink(each.observed, each.variances, each.expected)
    expected = np.full(len(reach), each.expected)
    shown = as_shown(np.stack([each.observed, expected, shrunken, expected - reach, expected + reach]))
    for name, cases, figures, tail in zip(each.names, each.cases, shown.T.tolist(), each.tails, strict=True):
        observed, expected_by_all, towards_all, low, high = figures
        yield HandlerSign(
            str(name), each.sign, int(cases), observed, expected_by_all, towards_all, low, high, p_value=float(tail)
        )


def _within_shares(figures: FloatArray) -> FloatArray:
    return np.clip(figures, 0.0, 1.0)


def _tasks(signs: Sequence[HandlerSign], rules: ReviewRules) -> tuple[ReviewTask, ...]:
    standing_out: dict[str, list[HandlerSign]] = {}
    for sign in sorted(signs, key=lambda each: (each.adjusted_p_value, each.p_value, each.handler, each.sign)):
        if sign.adjusted_p_value <= rules.false_discovery_rate:
            standing_out.setdefault(sign.handler, []).append(sign)
    return tuple(ReviewTask(handler, tuple(own)) for handler, own in standing_out.items())


def _length_faults(cases: HandledCases) -> Iterator[Problem]:
    for field in fields(cases):
        shape = np.shape(getattr(cases, field.name))
        if shape != (len(cases.handler),):
            yield Problem(field.name, f"{len(cases.handler)} rows are expected, not shape {shape}")


def _uninvited(cases: HandledCases) -> Iterator[Problem]:
    for row in np.flatnonzero(cases.responded & ~cases.invited)[:20]:
        yield Problem(f"responded[{row}]", "a response of somebody who was not invited")
