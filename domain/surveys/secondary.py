"""Figures that stand beside the index and are never called it: satisfaction rate, NPS, CSAT, CES, with intervals."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from domain.surveys.arrays import BoolArray, FloatArray
from domain.surveys.errors import Problem, refuse_if_any
from domain.surveys.indicators import AnswerScale
from domain.surveys.tree_index import FIVE_POINTS, Reliability, Score, code_faults
from domain.surveys.variance.design import SurveyDesign
from domain.surveys.variance.estimates import Estimate, estimate_mean
from domain.surveys.variance.intervals import Interval, net_promoter_interval, t_interval, wilson_interval

ZERO_TO_TEN = AnswerScale(minimum=0, maximum=10)
SEVEN_POINTS = AnswerScale(minimum=1, maximum=7)
PROMOTERS_FROM, DETRACTORS_TO = 9, 6


@dataclass(frozen=True, slots=True)
class NetPromoterScore:
    """Promoters less detractors in points (-100 … 100), and the three shares in percent (none if suppressed)."""

    score: Score
    promoters: float | None
    passives: float | None
    detractors: float | None


def satisfaction_rate(
    question: str,
    answers: ArrayLike,
    design: SurveyDesign,
    scale: AnswerScale = FIVE_POINTS,
    satisfied_from: int | None = None,
    confidence: float = 0.95,
) -> Score:
    """Satisfaction rate (满意率) in percent: satisfied / all who answered · 100, with Wilson's interval.

    `answers` (n,) are codes, missing is not a number; satisfied are the two best codes unless `satisfied_from` says
    otherwise. CSAT is this rate of the question asked after a contact.
    Refuses with SurveyProblem: another length than the design's, codes off the scale, nobody with a weight who
    answered, a `satisfied_from` that is not above the worst code of the scale.
    """
    least = scale.maximum - 1 if satisfied_from is None else satisfied_from
    refuse_if_any(_threshold_faults(scale, least))
    codes, there = _answered(question, answers, scale, design)
    if Reliability.of(int(there.sum())) is Reliability.SUPPRESSED:
        return _withheld(there)
    return share_in_percent(codes >= least, there, design, confidence)


def net_promoter_score(
    question: str, answers: ArrayLike, design: SurveyDesign, confidence: float = 0.95
) -> NetPromoterScore:
    """Share of answers 9–10 less share of answers 0–6 to "would you recommend us", with an adjusted Wald interval.

    `answers` (n,) are codes of 0–10, missing is not a number. The error is that of the design's effective rows.
    Refuses with SurveyProblem: another length than the design's, codes off the scale, nobody with a weight who
    answered. Source: Reichheld 2003; interval: Rocks 2016.
    """
    codes, there = _answered(question, answers, ZERO_TO_TEN, design)
    if Reliability.of(int(there.sum())) is Reliability.SUPPRESSED:
        return NetPromoterScore(_withheld(there), None, None, None)
    promoting, detracting = codes >= PROMOTERS_FROM, codes <= DETRACTORS_TO
    net = estimate_mean(design, promoting.astype(np.float64) - detracting, there)
    up, down = (estimate_mean(design, group, there).value for group in (promoting, detracting))
    rows = _effective_rows(net, design, there)
    score = Score(
        respondents=net.rows,
        value=100 * net.value,
        standard_error=100 * math.sqrt(max(up + down - net.value**2, 0.0) / rows),
        interval=net_promoter_interval(up, down, rows, confidence),
    )
    return NetPromoterScore(score, 100 * up, 100 * (1 - up - down), 100 * down)


def customer_effort_score(
    question: str,
    answers: ArrayLike,
    design: SurveyDesign,
    scale: AnswerScale = SEVEN_POINTS,
    confidence: float = 0.95,
) -> Score:
    """Mean agreement that "the company made it easy", in codes of its scale, with an interval by t (Dixon 2013).

    `answers` (n,) are codes, missing is not a number. Refuses as `net_promoter_score` does.
    """
    codes, there = _answered(question, answers, scale, design)
    if Reliability.of(int(there.sum())) is Reliability.SUPPRESSED:
        return _withheld(there)
    mean = estimate_mean(design, codes, there)
    interval = t_interval(mean.value, mean.standard_error, mean.degrees_of_freedom, confidence)
    return Score(mean.rows, mean.value, mean.standard_error, interval)


def share_in_percent(members: BoolArray, there: BoolArray, design: SurveyDesign, confidence: float = 0.95) -> Score:
    """Share of the members (n,) among those who are there (n,), in percent with Wilson's interval.

    Refuses with SurveyProblem if nobody with a weight is there.
    """
    share = estimate_mean(design, members, there)
    bounds = wilson_interval(share.value, _effective_rows(share, design, there), confidence)
    interval = Interval(100 * bounds.low, 100 * bounds.high)
    return Score(share.rows, 100 * share.value, 100 * share.standard_error, interval)


def _answered(
    question: str, answers: ArrayLike, scale: AnswerScale, design: SurveyDesign
) -> tuple[FloatArray, BoolArray]:
    """The codes, and who gave one and has a weight."""
    codes = np.asarray(answers, dtype=np.float64)
    refuse_if_any(_length_faults(question, codes, design))
    refuse_if_any(code_faults(question, codes, scale))
    there = ~np.isnan(codes) & (design.weights > 0)
    refuse_if_any([] if there.any() else [Problem(question, "nobody with a weight answered it")])
    return codes, there


def _withheld(there: BoolArray) -> Score:
    return Score(int(there.sum()), None, None, None)


def _effective_rows(estimate: Estimate, design: SurveyDesign, there: BoolArray) -> float:
    """Rows of a simple random sample as precise as this; Kish's where all answered alike and nothing else shows it."""
    if math.isfinite(estimate.effective_rows):
        return estimate.effective_rows
    weights = design.weights[there]
    return float(weights.sum() ** 2 / (weights @ weights))


def _threshold_faults(scale: AnswerScale, satisfied_from: int) -> Iterator[Problem]:
    if not scale.minimum < satisfied_from <= scale.maximum:
        allowed = f"{scale.minimum + 1} to {scale.maximum}"
        yield Problem("satisfied_from", f"a code from {allowed} is expected, not {satisfied_from}")


def _length_faults(question: str, codes: FloatArray, design: SurveyDesign) -> Iterator[Problem]:
    if codes.shape != (design.rows,):
        yield Problem(question, f"{design.rows} rows are expected, not shape {codes.shape}")
