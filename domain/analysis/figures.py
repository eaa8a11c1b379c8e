"""The figures of a periodic analysis, computed from what was observed. The same observations give the same figures."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

import numpy as np
from numpy.random import Generator
from pydantic import BaseModel, ConfigDict

from domain.analysis.control_charts import FEWEST_POINTS, Chart, chart_counts
from domain.analysis.funnel import compare_partners
from domain.analysis.observation import OPEN, Complaints, Counts, Observed
from domain.analysis.pareto import pareto_of_counts
from domain.analysis.rates import AGE_BANDS, Rate, ageing, kept_promises, rate, repeats_within
from domain.analysis.refusal import AnalysisProblem
from domain.analysis.surge import DAYS_NEEDED, Watch, scan_day
from domain.analysis.survival import Curve, LogRank, compare_speed, ends_by_kind, time_to_end
from domain.complaints.terms import UPHELD, Decision
from domain.surveys.arrays import encode

SEED = 20_10002
"""Of the bootstrap, always the same."""
UNNAMED = "–"
REPEAT_DAYS = (7, 30, 90)
SATISFIED_FROM = 4
DIMENSIONS = ("category", "product", "region", "partner")
FEWEST_FOR_TIMES = 10
MOST_GROUPS = 12
"""Groups that are compared by their speed; the rest would be too small to say anything."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Share(_Part):
    """So many of so many, with the share and its 95 % interval; none where there is nothing to take a share of."""

    events: int
    cases: int
    share: float | None
    low: float | None
    high: float | None


class Group(_Part):
    """One value of a dimension: cases and people, their share, and the interval of the rank."""

    label: str
    cases: int
    people: int
    share: float
    cumulated: float
    rank_from: int
    rank_to: int


class Ranking(_Part):
    """A dimension from its most frequent value down; `vital_few` is none where the data cannot separate them."""

    dimension: str
    groups: tuple[Group, ...]
    vital_few: int | None


class Day(_Part):
    """One day on the control chart."""

    day: date
    cases: int
    low: float
    high: float
    is_alarm: bool
    is_hint: bool


class Volume(_Part):
    """Complaints by day: mean, variance over mean, Laney's sigma; the chart is empty for under eight days."""

    mean: float
    dispersion: float | None
    sigma_z: float | None
    days: tuple[Day, ...]


class Speed(_Part):
    """How long complaints take until they are settled, in days; a quantile is none where it was not reached."""

    median: float | None
    ninth_decile: float | None
    settled_after: dict[str, float]
    ended_otherwise: float | None


class SpeedTest(_Part):
    """Whether the groups of a dimension are equally fast (log-rank)."""

    dimension: str
    medians: dict[str, float | None]
    statistic: float
    degrees_of_freedom: int
    p_value: float


class PartnerStanding(_Part):
    """A partner's broken promises per case, against those of all."""

    label: str
    cases: int
    rate: float
    low: float
    high: float
    shrunken: float
    adjusted_p_value: float


class Surge(_Part):
    """A cell that stands out on the last day; `rarity` as in `domain.analysis.surge`."""

    cell: str
    watch: Watch
    observed: int
    expected: float
    rarity: float


class SurgeScan(_Part):
    """The scan of the last day; not made where the record is too short."""

    was_made: bool
    cells: int
    false_alarm_days_a_year: float
    surges: tuple[Surge, ...]


class Figures(_Part):
    """Everything that an analysis says."""

    first: date
    last: date
    complaints: int
    people: int
    open: int
    open_by_age: dict[str, int]
    volume: Volume
    rankings: tuple[Ranking, ...]
    speed: Speed | None
    speed_tests: tuple[SpeedTest, ...]
    promises: Share
    rates: dict[str, Share]
    repeats: dict[str, Share]
    money: float
    partners: tuple[PartnerStanding, ...]
    surges: SurgeScan
    inputs_sha256: str


def compute_figures(
    observed: Observed, group_by: tuple[str, ...] = DIMENSIONS, false_alarm_days_a_year: float = 2.0
) -> Figures:
    """All figures of a period. Refuses with AnalysisProblem an unknown dimension."""
    unknown = [name for name in group_by if name not in DIMENSIONS]
    if unknown:
        raise AnalysisProblem("group_by", f"one of {', '.join(DIMENSIONS)}, not {unknown[0]}")
    complaints, generator = observed.complaints, np.random.default_rng(SEED)
    return Figures(
        first=observed.first,
        last=observed.last,
        complaints=len(complaints),
        people=len(set(complaints.customer.tolist())),
        open=int(complaints.is_open.sum()),
        open_by_age=_open_by_age(complaints),
        volume=_volume(observed),
        rankings=tuple(_ranking(complaints, name, generator) for name in group_by if len(complaints)),
        speed=_speed(complaints),
        speed_tests=tuple(test for name in group_by if (test := _speed_test(complaints, name)) is not None),
        promises=_share(
            kept_promises(*(int(c.sum()) for c in (complaints.met, complaints.broken, complaints.overdue)))
        ),
        rates={name: _share(found) for name, found in _rates(complaints).items()},
        repeats={str(span): _share(_repeats(complaints, span)) for span in REPEAT_DAYS},
        money=float(complaints.money.sum()),
        partners=_partners(complaints),
        surges=_surges(observed.counts, false_alarm_days_a_year),
        inputs_sha256=observed.sha256(),
    )


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


def _ranking(complaints: Complaints, dimension: str, generator: Generator) -> Ranking:
    coded = encode(_labels(complaints, dimension))
    counts = np.bincount(coded.codes, minlength=coded.size)
    people = _people(coded.codes.tolist(), complaints.customer.tolist(), coded.size)
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


def _labels(complaints: Complaints, dimension: str) -> Any:
    labels = getattr(complaints, dimension)
    return np.where(labels == "", UNNAMED, labels)


def _people(codes: list[int], customers: list[str], size: int) -> list[int]:
    known: list[set[str]] = [set() for _ in range(size)]
    for code, customer in zip(codes, customers, strict=True):
        known[code].add(customer)
    return [len(each) for each in known]


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


def _repeats(complaints: Complaints, span: int) -> Rate:
    return repeats_within(complaints.customer, complaints.category, complaints.day.astype(np.float64), span)


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
