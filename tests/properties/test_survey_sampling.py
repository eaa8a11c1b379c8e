"""What holds for every frame, allocation and draw, and how often intervals of simulated samples cover the truth."""

from dataclasses import dataclass
from random import Random

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from domain.surveys.sampling.allocation import AllocationRule, Strata, allocate
from domain.surveys.sampling.frame import Frame
from domain.surveys.sampling.selection import draw_stratified
from domain.surveys.sampling.systematic import draw_pps_systematic, draw_systematic
from domain.surveys.variance.design import StageColumns, SurveyDesign
from domain.surveys.variance.estimates import estimate_mean
from domain.surveys.variance.intervals import (
    effective_rows_of_share,
    logit_interval,
    net_promoter_interval,
    t_interval,
    wilson_interval,
)

starts = st.floats(0, 1, exclude_max=True)


@st.composite
def frames(draw: st.DrawFn) -> Frame:
    numbers = draw(st.lists(starts, min_size=2, max_size=40, unique=True))
    strata = draw(st.lists(st.sampled_from("abc"), min_size=len(numbers), max_size=len(numbers)))
    return Frame.of([f"unit {number}" for number in range(len(numbers))], strata, numbers)


@st.composite
def frames_and_takes(draw: st.DrawFn) -> tuple[Frame, NDArray[np.int64]]:
    frame = draw(frames())
    return frame, np.array([draw(st.integers(1, int(size))) for size in frame.stratum_sizes])


@given(frames_and_takes(), starts, st.randoms(use_true_random=False))
def test_a_draw_does_not_depend_on_the_order_of_rows(
    given_frame: tuple[Frame, NDArray[np.int64]], start: float, random: Random
) -> None:
    frame, take = given_frame
    order = list(range(len(frame.unit_ids)))
    random.shuffle(order)
    labels = frame.strata.labels[frame.strata.codes]
    shuffled = Frame.of(frame.unit_ids[order], labels[order], frame.random_numbers[order])
    first, second = (draw_stratified(each, take, start=start) for each in (frame, shuffled))
    assert frame.unit_ids[first.rows].tolist() == shuffled.unit_ids[second.rows].tolist()


@given(frames_and_takes(), starts)
def test_the_reserve_is_what_a_larger_draw_would_have_added(
    given_frame: tuple[Frame, NDArray[np.int64]], start: float
) -> None:
    frame, take = given_frame
    draw = draw_stratified(frame, take, start=start, reserve=3)
    larger = draw_stratified(frame, np.minimum(take + 3, frame.stratum_sizes), start=start)
    assert set(larger.rows.tolist()) == set(draw.rows.tolist()) | set(draw.reserve.tolist())
    assert not set(draw.rows.tolist()) & set(draw.reserve.tolist())


@given(frames_and_takes(), starts)
def test_each_stratum_gives_what_was_asked_of_it_and_probabilities_count_the_stratum(
    given_frame: tuple[Frame, NDArray[np.int64]], start: float
) -> None:
    frame, take = given_frame
    draw = draw_stratified(frame, take, start=start)
    drawn = frame.strata.codes[draw.rows]
    assert np.bincount(drawn, minlength=len(take)).tolist() == take.tolist()
    assert np.bincount(drawn, 1 / draw.inclusion) == pytest.approx(frame.stratum_sizes)


@given(frames(), st.data())
def test_nobody_is_asked_again_before_the_rest_of_the_stratum_was(frame: Frame, data: st.DataObject) -> None:
    times = np.zeros(len(frame.unit_ids), dtype=int)
    start: NDArray[np.float64] = np.zeros(frame.strata.size)
    for _ in range(8):
        take = [data.draw(st.integers(1, int(size))) for size in frame.stratum_sizes]
        draw = draw_stratified(frame, take, start=start)
        times[draw.rows] += 1
        start = draw.next_start
        for code in range(frame.strata.size):
            assert np.ptp(times[frame.strata.codes == code]) <= 1


@st.composite
def strata_and_totals(draw: st.DrawFn) -> tuple[Strata, int]:
    units = draw(st.lists(st.integers(1, 5000), min_size=1, max_size=12))
    deviations = draw(st.lists(st.floats(0.01, 100), min_size=len(units), max_size=len(units)))
    costs = draw(st.lists(st.floats(0.1, 100), min_size=len(units), max_size=len(units)))
    names = [f"s{number}" for number in range(len(units))]
    total = draw(st.integers(sum(min(2, size) for size in units), sum(units)))
    return Strata(names, np.array(units), np.array(deviations), np.array(costs)), total


@given(strata_and_totals(), st.sampled_from(AllocationRule))
def test_an_allocation_sums_to_the_total_within_its_bounds(
    given_strata: tuple[Strata, int], rule: AllocationRule
) -> None:
    strata, total = given_strata
    found = allocate(total, strata, rule)
    assert found.units.sum() == total
    assert found.exact.sum() == pytest.approx(total)
    assert (found.units >= np.minimum(2, strata.units)).all()
    assert (found.units <= strata.units).all()
    assert np.abs(found.units - found.exact).max() < 1 + 1e-6


@given(strata_and_totals(), st.sampled_from(AllocationRule))
def test_strata_between_their_bounds_share_by_the_rule(given_strata: tuple[Strata, int], rule: AllocationRule) -> None:
    strata, total = given_strata
    assert strata.deviations is not None
    assert strata.costs is not None
    exact = allocate(total, strata, rule).exact
    measure = {
        AllocationRule.PROPORTIONAL: strata.units,
        AllocationRule.EQUAL: np.ones(len(exact)),
        AllocationRule.POWER: np.sqrt(strata.units),
        AllocationRule.NEYMAN: strata.units * strata.deviations,
        AllocationRule.COST_OPTIMUM: strata.units * strata.deviations / np.sqrt(strata.costs),
    }[rule]
    free = (exact > np.minimum(2, strata.units) + 1e-6) & (exact < strata.units - 1e-6)
    assume(free.any())
    factors = exact[free] / measure[free]
    assert factors == pytest.approx(factors[0], rel=1e-6)


@given(st.lists(st.floats(0.01, 1000), min_size=1, max_size=30), starts, st.data())
def test_probabilities_in_proportion_to_size_sum_to_the_sample(
    sizes: list[float], start: float, data: st.DataObject
) -> None:
    take = data.draw(st.integers(1, len(sizes)))
    draw = draw_pps_systematic(sizes, take, start=start)
    assert len(set(draw.rows.tolist())) == take
    assert ((draw.inclusion > 0) & (draw.inclusion <= 1)).all()


@given(st.integers(1, 500), starts, st.data())
def test_a_systematic_sample_has_no_row_twice(units: int, start: float, data: st.DataObject) -> None:
    take = data.draw(st.integers(1, units))
    rows = draw_systematic(units, take, start=start).rows
    assert len(set(rows.tolist())) == take
    assert 0 <= rows.min() <= rows.max() < units


@dataclass(frozen=True, slots=True)
class Population:
    """Three strata with other means, spreads and sampling fractions."""

    strata: NDArray[np.str_]
    scores: NDArray[np.float64]

    @property
    def is_satisfied(self) -> NDArray[np.bool_]:
        return self.scores > 72

    @property
    def balance(self) -> NDArray[np.float64]:
        return np.where(self.scores > 80, 1.0, np.where(self.scores < 60, -1.0, 0.0))


def population() -> Population:
    generator = np.random.default_rng(2024)
    strata = np.repeat(["big", "mid", "small"], [3000, 800, 200])
    scores = np.concatenate([generator.normal(*shape) for shape in ((70, 12, 3000), (75, 8, 800), (60, 20, 200))])
    return Population(strata, scores)


@pytest.fixture(scope="module")
def covered() -> dict[str, float]:
    """Share of 2,000 stratified samples of 150 whose 95 % interval holds the population's value."""
    people, generator = population(), np.random.default_rng(7)
    ids = np.arange(len(people.scores))
    hits = {"mean": 0, "wilson": 0, "logit": 0, "net promoter": 0}
    frame = Frame.of(ids, people.strata, generator.random(len(ids)))
    for _ in range(2000):
        shuffled = Frame(frame.unit_ids, frame.strata, generator.random(len(ids)))
        for name, hit in coverage_of_one_sample(people, shuffled).items():
            hits[name] += hit
    return {name: hit / 2000 for name, hit in hits.items()}


def coverage_of_one_sample(people: Population, frame: Frame) -> dict[str, bool]:
    rows = draw_stratified(frame, [80, 40, 30]).rows
    population_of_row = frame.stratum_sizes[frame.strata.codes[rows]]
    taken = np.array([80, 40, 30])[frame.strata.codes[rows]]
    columns = StageColumns(strata=frame.strata.codes[rows], population=population_of_row)
    design = SurveyDesign.of(population_of_row / taken, [columns])
    mean = estimate_mean(design, people.scores[rows])
    share = estimate_mean(design, people.is_satisfied[rows])
    up, down, net = (
        estimate_mean(design, column)
        for column in (people.balance[rows] > 0, people.balance[rows] < 0, people.balance[rows])
    )
    truth = people.is_satisfied.mean()
    intervals = {
        "mean": (t_interval(mean.value, mean.standard_error, mean.degrees_of_freedom), people.scores.mean()),
        "wilson": (
            wilson_interval(share.value, effective_rows_of_share(share.value, share.standard_error, 150)),
            truth,
        ),
        "logit": (logit_interval(share.value, share.standard_error, share.degrees_of_freedom), truth),
        "net promoter": (
            net_promoter_interval(up.value, down.value, net.effective_rows),
            100 * people.balance.mean(),
        ),
    }
    return {name: interval.low <= value <= interval.high for name, (interval, value) in intervals.items()}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["mean", "wilson", "logit", "net promoter"])
def test_intervals_cover_the_truth_as_often_as_they_claim(kind: str, covered: dict[str, float]) -> None:
    assert 0.93 <= covered[kind] <= 0.97
