"""Whether two scores differ: wave against wave, us against a competitor, a group against another."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from domain.surveys.errors import Problem, SurveyProblem, refuse_if_any
from domain.surveys.tree_index import Reliability, Score
from domain.surveys.variance.intervals import Interval


@dataclass(frozen=True, slots=True)
class Difference:
    """A score less another in points, from independent samples, with its error and two-sided p-value."""

    value: float
    standard_error: float
    interval: Interval
    p_value: float

    @property
    def is_significant(self) -> bool:
        """Whether the interval leaves out 0."""
        return not self.interval.low <= 0 <= self.interval.high


@dataclass(frozen=True, slots=True)
class IndicatorComparison:
    """One indicator of ours beside the others': differences by party, and against the best of them.

    A party whose score is withheld is not compared; `best` is the party of the highest sound score (30 respondents),
    none if there is none.
    """

    indicator: str
    own: Score
    differences: dict[str, Difference]
    best: str | None

    @property
    def gap_to_best(self) -> Difference | None:
        """How far we are from the best in class: negative where it is ahead."""
        return None if self.best is None else self.differences[self.best]


def difference(score: Score, other: Score, confidence: float = 0.95) -> Difference:
    """One score less another of an independent sample, by the normal distribution.

    Refuses with SurveyProblem a score that is withheld.
    """
    from scipy.special import ndtr

    value, error = _figures("score", score)
    other_value, other_error = _figures("other", other)
    apart, both = value - other_value, math.hypot(error, other_error)
    distance = abs(apart) / both if both > 0 else math.inf if apart else 0.0
    return Difference(apart, both, _normal_interval(apart, both, confidence), float(2 * ndtr(-distance)))


def compare_with_others(
    own: Mapping[str, Score], others: Mapping[str, Mapping[str, Score]], confidence: float = 0.95
) -> tuple[IndicatorComparison, ...]:
    """Our scores by indicator beside those of competitors, of former waves or of the class, by party.

    An indicator that a party does not have is not compared with it. Refuses with SurveyProblem a score of ours that is
    withheld, and a party that shares no indicator with us.
    """
    refuse_if_any(
        Problem(party, "none of its indicators is ours") for party, scores in others.items() if not own.keys() & scores
    )
    return tuple(_compared(name, score, others, confidence) for name, score in own.items())


def combine_groups(groups: Mapping[str, Score], shares: Mapping[str, float], confidence: float = 0.95) -> Score:
    """Overall score of separately measured groups: Σ share · score, with shares of customers or of their value.

    Refuses with SurveyProblem: groups without share, shares without group, negative shares or such that do not sum to
    1, a group of positive share whose score is withheld.
    """
    refuse_if_any(_share_faults(groups, shares))
    counted = [(shares[name], *_figures(name, group)) for name, group in groups.items() if shares[name] > 0]
    value = math.fsum(share * score for share, score, _ in counted)
    error = math.hypot(*(share * error for share, _, error in counted))
    respondents = sum(group.respondents for name, group in groups.items() if shares[name] > 0)
    return Score(respondents, value, error, _normal_interval(value, error, confidence))


def _compared(
    indicator: str, own: Score, others: Mapping[str, Mapping[str, Score]], confidence: float
) -> IndicatorComparison:
    scores = {party: theirs[indicator] for party, theirs in others.items() if indicator in theirs}
    shown = {party: score for party, score in scores.items() if score.reliability is not Reliability.SUPPRESSED}
    sound = {party: score for party, score in shown.items() if score.reliability is Reliability.SOUND}
    return IndicatorComparison(
        indicator=indicator,
        own=own,
        differences={party: difference(own, score, confidence) for party, score in shown.items()},
        best=max(sound, key=lambda party: (sound[party].value or 0.0, party), default=None),
    )


def _figures(place: str, score: Score) -> tuple[float, float]:
    """Value and error of a score that must not be withheld."""
    if score.value is None or score.standard_error is None:
        raise SurveyProblem(Problem(place, f"withheld: it rests on {score.respondents} respondents"))
    return score.value, score.standard_error


def _normal_interval(value: float, error: float, confidence: float) -> Interval:
    from scipy.special import ndtri

    reach = float(ndtri((1 + confidence) / 2)) * error
    return Interval(value - reach, value + reach)


def _share_faults(groups: Mapping[str, Score], shares: Mapping[str, float]) -> Iterator[Problem]:
    yield from (Problem(name, "the group has no share") for name in groups if name not in shares)
    yield from (Problem(name, "there is no such group") for name in shares if name not in groups)
    yield from (
        Problem(name, f"a share of at least 0, not {share}") for name, share in shares.items() if not share >= 0
    )
    if abs(math.fsum(shares.values()) - 1) > 1e-9:
        yield Problem("shares", f"they must sum to 1, not {math.fsum(shares.values()):.6g}")
