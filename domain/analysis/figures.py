"""The figures of a periodic analysis, computed from what was observed. The same observations give the same figures."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

import numpy as np
from numpy.random import Generator

from domain.analysis.control_charts import FEWEST_POINTS, Chart, chart_counts
from domain.analysis.findings import (
    UNNAMED,
    CostBar,
    CostRanking,
    Day,
    Figures,
    Group,
    PartnerStanding,
    Ranking,
    Share,
    Span,
    Speed,
    SpeedTest,
    Surge,
    SurgeScan,
    ThemeFound,
    ThemesFound,
    Volume,
)
from domain.analysis.funnel import compare_partners
from domain.analysis.observation import OPEN, Complaints, Counts, Narratives, Observed
from domain.analysis.pareto import pareto_of_costs, pareto_of_counts
from domain.analysis.rates import AGE_BANDS, Rate, ageing, kept_promises, rate, repeats_within
from domain.analysis.refusal import AnalysisProblem
from domain.analysis.surge import DAYS_NEEDED, scan_day
from domain.analysis.survival import Curve, LogRank, compare_speed, ends_by_kind, time_to_end
from domain.analysis.themes import find_themes
from domain.complaints.terms import UPHELD, Decision
from domain.surveys.arrays import Coded, IntArray, encode

SEED = 20_10002
"""Of the bootstrap, always the same."""
REPEAT_DAYS = (7, 30, 90)
SATISFIED_FROM = 4
DIMENSIONS = ("category", "product", "region", "partner")
FEWEST_FOR_TIMES = 10
MOST_DAYS_SHOWN = 62
"""Longer periods are drawn by weeks."""
WEEK = 7
MOST_THEMES = 8
MOST_GROUPS = 12
"""Groups that are compared by their speed; the rest would be too small to say anything."""


def compute_figures(
    observed: Observed,
    group_by: tuple[str, ...] = DIMENSIONS,
    false_alarm_days_a_year: float = 2.0,
    narratives: Narratives | None = None,
) -> Figures:
    """All figures of a period; themes only with narratives. Refuses with AnalysisProblem an unknown dimension."""
    unknown = [name for name in group_by if name not in DIMENSIONS]
    if unknown:
        raise AnalysisProblem("group_by", f"one of {', '.join(DIMENSIONS)}, not {unknown[0]}")
    complaints, generator = observed.complaints, np.random.default_rng(SEED)
    customers = encode(complaints.customer)
    return Figures(
        first=observed.first,
        last=observed.last,
        complaints=len(complaints),
        people=customers.size,
        open=int(complaints.is_open.sum()),
        open_by_age=_open_by_age(complaints),
        volume=_volume(observed),
        rankings=tuple(_ranking(complaints, name, customers.codes, generator) for name in group_by if len(complaints)),
        speed=_speed(complaints),
        speed_tests=tuple(test for name in group_by if (test := _speed_test(complaints, name)) is not None),
        promises=_share(
            kept_promises(*(int(c.sum()) for c in (complaints.met, complaints.broken, complaints.overdue)))
        ),
        rates={name: _share(found) for name, found in _rates(complaints).items()},
        repeats={
            str(span): _share(found) for span, found in zip(REPEAT_DAYS, _repeats(complaints, customers), strict=True)
        },
        money=float(complaints.money.sum()),
        costs=tuple(_cost(complaints, name, customers.codes, generator) for name in group_by if complaints.money.any()),
        partners=_partners(complaints),
        surges=_surges(observed.counts, false_alarm_days_a_year),
        themes=None if narratives is None else _themes(narratives),
        renamed=dict(observed.renamed),
        recalculated=observed.recalculated,
        inputs_sha256=observed.sha256(),
    )


def _themes(narratives: Narratives) -> ThemesFound | None:
    """None where there are too few narratives, or where they share no words."""
    try:
        found = find_themes(narratives.sample, MOST_THEMES, np.random.default_rng(SEED))
    except AnalysisProblem:
        return None
    themes = tuple(ThemeFound(pieces=t.pieces, narratives=t.narratives, share=t.share) for t in found.themes)
    return ThemesFound(all=narratives.all, sampled=found.sampled, themes=themes)


def _share(found: Rate) -> Share:
    interval = found.interval
    return Share(
        events=found.events,
        cases=found.cases,
        share=found.share,
        low=None if interval is None else interval.low,
        high=None if interval is None else interval.high,
    )


def _open_by_age(complaints: Complaints) -> dict[str, int]:
    bounds = [f"≤ {bound}" for bound in AGE_BANDS] + [f"> {AGE_BANDS[-1]}"]
    return dict(zip(bounds, ageing(complaints.lasted[complaints.is_open]), strict=True))


def _volume(observed: Observed) -> Volume:
    counts = np.bincount(observed.complaints.day, minlength=observed.days)
    dispersion = float(counts.var(ddof=1) / counts.mean()) if len(counts) > 1 and counts.sum() else None
    chart = chart_counts(counts, np.ones(len(counts))) if len(counts) >= FEWEST_POINTS else None
    return Volume(
        mean=float(counts.mean()),
        dispersion=dispersion,
        sigma_z=None if chart is None else chart.sigma_z,
        days=() if chart is None else _days(observed, counts.tolist(), chart),
        weeks=_weeks(observed, counts) if len(counts) > MOST_DAYS_SHOWN else (),
    )


def _weeks(observed: Observed, counts: IntArray) -> tuple[Span, ...]:
    begins = np.arange(0, len(counts), WEEK)
    cases, lengths = np.add.reduceat(counts, begins), np.diff(np.append(begins, len(counts)))
    chart = chart_counts(cases, lengths.astype(np.float64))
    return tuple(
        Span(
            first=date.fromordinal(observed.first.toordinal() + int(begin)),
            days=int(lengths[number]),
            cases=int(cases[number]),
            low=float(chart.low[number] * lengths[number]),
            high=float(chart.high[number] * lengths[number]),
            is_alarm=bool(chart.alarms[number]),
        )
        for number, begin in enumerate(begins)
    )


def _days(observed: Observed, counts: list[int], chart: Chart) -> tuple[Day, ...]:
    hinted = chart.hinted
    return tuple(
        Day(
            day=date.fromordinal(observed.first.toordinal() + number),
            cases=count,
            low=float(chart.low[number]),
            high=float(chart.high[number]),
            is_alarm=bool(chart.alarms[number]),
            is_hint=bool(hinted[number]),
        )
        for number, count in enumerate(counts)
    )


def _ranking(complaints: Complaints, dimension: str, customers: IntArray, generator: Generator) -> Ranking:
    coded = encode(_labels(complaints, dimension))
    counts = np.bincount(coded.codes, minlength=coded.size)
    people = _people(coded, customers)
    found = pareto_of_counts([str(label) for label in coded.labels], counts, generator)
    by_label = dict(zip(map(str, coded.labels), people, strict=True))
    groups = tuple(
        Group(
            label=bar.label,
            cases=int(bar.weight),
            people=by_label[bar.label],
            share=bar.share,
            cumulated=bar.cumulated,
            rank_from=bar.rank_from,
            rank_to=bar.rank_to,
        )
        for bar in found.bars
    )
    return Ranking(dimension=dimension, groups=groups, vital_few=found.vital_few)


def _cost(complaints: Complaints, dimension: str, customers: IntArray, generator: Generator) -> CostRanking:
    """By redress paid; the bootstrap is that of sums."""
    paid = complaints.money > 0
    coded = encode(_labels(complaints, dimension)[paid])
    sums, squares = (np.bincount(coded.codes, complaints.money[paid] ** power, coded.size) for power in (1, 2))
    found = pareto_of_costs([str(label) for label in coded.labels], sums, squares, generator)
    counts = dict(zip(map(str, coded.labels), np.bincount(coded.codes, minlength=coded.size).tolist(), strict=True))
    people = _people(coded, customers[paid])
    by_label = dict(zip(map(str, coded.labels), people, strict=True))
    groups = tuple(
        CostBar(
            label=bar.label,
            cost=bar.weight,
            cases=counts[bar.label],
            people=by_label[bar.label],
            share=bar.share,
            cumulated=bar.cumulated,
            rank_from=bar.rank_from,
            rank_to=bar.rank_to,
        )
        for bar in found.bars
    )
    return CostRanking(dimension=dimension, groups=groups, vital_few=found.vital_few)


def _labels(complaints: Complaints, dimension: str) -> Any:
    labels = getattr(complaints, dimension)
    return np.where(labels == "", UNNAMED, labels)


def _people(groups: Coded, customers: IntArray) -> list[int]:
    """How many customers each group has."""
    pairs = np.unique(customers * groups.size + groups.codes)
    return [int(count) for count in np.bincount(pairs % groups.size, minlength=groups.size)]


def _speed(complaints: Complaints) -> Speed | None:
    """By the share that was settled while withdrawal and transfer competed; none for too few that ended."""
    if np.count_nonzero(~complaints.is_open) < FEWEST_FOR_TIMES:
        return None
    ends = ends_by_kind(complaints.lasted, complaints.end, open_kind=OPEN)
    settled = ends.get("closed")
    if settled is None:
        return None
    return Speed(
        median=settled.quantile(0.5),
        ninth_decile=settled.quantile(0.9),
        settled_after={str(bound): settled.by(bound) for bound in AGE_BANDS},
        ended_otherwise=sum(float(end.share[-1]) for kind, end in ends.items() if kind != "closed"),
    )


def _speed_test(complaints: Complaints, dimension: str) -> SpeedTest | None:
    labels = _labels(complaints, dimension)
    ended = ~complaints.is_open
    large = [name for name, count in _largest(labels[ended]).items() if count >= FEWEST_FOR_TIMES]
    rows = np.isin(labels, large)
    if len(large) < 2:
        return None
    test: LogRank = compare_speed(complaints.lasted[rows], ended[rows], labels[rows])
    curves = {name: _curve(complaints, labels == name) for name in large}
    return SpeedTest(
        dimension=dimension,
        medians={name: curve.quantile(0.5) for name, curve in curves.items()},
        statistic=test.statistic,
        degrees_of_freedom=test.degrees_of_freedom,
        p_value=test.p_value,
    )


def _curve(complaints: Complaints, rows: Any) -> Curve:
    return time_to_end(complaints.lasted[rows], ~complaints.is_open[rows])


def _largest(labels: Any) -> dict[str, int]:
    names, counts = np.unique(labels, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:MOST_GROUPS]
    return {str(names[place]): int(counts[place]) for place in order}


def _rates(complaints: Complaints) -> Mapping[str, Rate]:
    assessed = complaints.decision != ""
    valid = np.isin(complaints.decision, [str(decision) for decision in UPHELD])
    judged = valid | (complaints.decision == Decision.INVALID)
    ended = ~complaints.is_open
    said = complaints.satisfaction > 0
    return {
        "valid": rate(int(valid.sum()), int(judged.sum())),
        "appealed": rate(
            int((complaints.appealed & assessed).sum()),
            int((judged & ~valid).sum() + (complaints.appealed & valid).sum()),
        ),
        "reopened": rate(int((complaints.reopened & (ended | complaints.reopened)).sum()), len(complaints)),
        "stage_two": rate(int(complaints.stage_two.sum()), len(complaints)),
        "external": rate(int(complaints.external.sum()), len(complaints)),
        "first_contact": rate(int((ended & (complaints.lasted <= 1) & ~complaints.reopened).sum()), int(ended.sum())),
        "called_back": rate(int((complaints.called_back & ended).sum()), int(ended.sum())),
        "satisfied": rate(int((complaints.satisfaction >= SATISFIED_FROM).sum()), int(said.sum())),
    }


def _repeats(complaints: Complaints, customers: Coded) -> tuple[Rate, ...]:
    return repeats_within(customers.codes, complaints.category, complaints.day.astype(np.float64), REPEAT_DAYS)


def _partners(complaints: Complaints) -> tuple[PartnerStanding, ...]:
    """Promises that were broken in cases of each partner; nothing to compare for fewer than two, or for none broken."""
    known = complaints.partner != ""
    coded = encode(complaints.partner[known])
    if coded.size < 2 or not complaints.broken[known].any():
        return ()
    cases = np.bincount(coded.codes, minlength=coded.size)
    broken = np.bincount(coded.codes, complaints.broken[known].astype(np.float64), minlength=coded.size)
    funnel = compare_partners([str(label) for label in coded.labels], broken, cases)
    standings = (
        {name: value for name, value in asdict(each).items() if name in PartnerStanding.model_fields}
        | {"cases": int(each.exposure)}
        for each in funnel.standings
    )
    return tuple(PartnerStanding.model_validate(standing) for standing in standings)


def _surges(counts: Counts, rate_a_year: float) -> SurgeScan:
    if counts.table.shape[1] < DAYS_NEEDED or not counts.cells:
        return SurgeScan(was_made=False, cells=len(counts.cells), false_alarm_days_a_year=rate_a_year, surges=())
    scan = scan_day(counts.cells, counts.table, rate_a_year)
    surges = tuple(
        Surge(cell=s.label, watch=s.watch, observed=s.observed, expected=s.expected, rarity=s.rarity)
        for s in scan.signals
    )
    return SurgeScan(was_made=True, cells=len(counts.cells), false_alarm_days_a_year=rate_a_year, surges=surges)
