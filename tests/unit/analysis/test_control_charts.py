import csv
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from domain.analysis.control_charts import RunRule, chart_counts, chart_shares
from domain.analysis.refusal import AnalysisProblem

NYC = Path(__file__).parents[4] / "shared/data/complaints/nyc311_animals_2025q1.csv"


@pytest.fixture(scope="module")
def full_days() -> list[int]:
    """Complaints on each full day of the file; its last day ends in the small hours."""
    if not NYC.exists():
        pytest.skip("the shared data are not here")
    with NYC.open(newline="", encoding="utf-8") as file:
        days = Counter(
            datetime.strptime(row["Created Date"].split()[0], "%m/%d/%Y").replace(tzinfo=UTC)
            for row in csv.DictReader(file)
        )
    return [days[day] for day in sorted(days)][:-1]


def test_animal_complaints_of_new_york_alarm_a_plain_chart_and_not_laneys(full_days: list[int]) -> None:
    counts = np.array(full_days)
    assert len(counts) == 72
    assert counts.mean() == pytest.approx(68.97, abs=0.005)
    assert counts.var(ddof=1) / counts.mean() == pytest.approx(2.63, abs=0.005)
    plain, laney = chart_counts(counts, np.ones(72), plain=True), chart_counts(counts, np.ones(72))
    assert plain.alarms.sum() == 5
    assert laney.sigma_z == pytest.approx(1.389, abs=0.0005)
    assert laney.alarms.sum() == 0
    assert laney.hinted.sum() == 8


def test_limits_widen_where_the_exposure_is_small() -> None:
    chart = chart_counts([10, 12, 9, 11, 10, 8, 12, 3], [100, 100, 100, 100, 100, 100, 100, 25])
    assert chart.high[-1] - chart.centre == pytest.approx(2 * (chart.high[0] - chart.centre))


def test_a_plain_chart_of_shares_has_the_limits_of_the_book() -> None:
    """p̄ = 0.1, n = 100: 0.1 ± 3·0.03."""
    chart = chart_shares([10, 8, 12, 10, 9, 11, 10, 10], [100] * 8, plain=True)
    assert chart.centre == pytest.approx(0.1)
    assert chart.low == pytest.approx(np.full(8, 0.01))
    assert chart.high == pytest.approx(np.full(8, 0.19))


def test_each_run_rule_counts_the_point_that_completes_it() -> None:
    # Plain u chart of mean 100, sigma 10: the points lie at 0, ±1.5 and ±2.5 sigmas.
    counts = [100, 125, 100, 125, 75, 100, 75, 85, 115, 100]
    chart = chart_counts(counts, np.ones(10), plain=True)
    assert np.flatnonzero(chart.hints[RunRule.TWO_OF_THREE_BEYOND_TWO_SIGMA]).tolist() == [3, 6]
    assert np.flatnonzero(chart.hints[RunRule.FOUR_OF_FIVE_BEYOND_ONE_SIGMA]).tolist() == []
    assert not chart.alarms.any()


def test_eight_on_one_side_are_a_hint_and_seven_are_not() -> None:
    high, low = [101] * 8, [93] * 1
    chart = chart_counts([*low, *high], np.ones(9), plain=True)
    assert np.flatnonzero(chart.hints[RunRule.EIGHT_ON_ONE_SIDE]).tolist() == [8]


def test_a_point_beyond_three_sigma_is_an_alarm() -> None:
    chart = chart_counts([100] * 11 + [140], np.ones(12), plain=True)
    assert np.flatnonzero(chart.alarms).tolist() == [11]


def test_without_any_event_nothing_is_alarming() -> None:
    chart = chart_counts(np.zeros(9), np.ones(9))
    assert chart.centre == 0
    assert not chart.alarms.any()
    assert not chart.hinted.any()


@pytest.mark.parametrize(
    ("counts", "exposure", "place"),
    [
        ([1] * 7, [1] * 7, "counts"),
        ([1] * 8, [1] * 9, "exposure"),
        ([1] * 7 + [-1], [1] * 8, "counts[7]"),
        ([1] * 8, [1] * 7 + [0], "exposure[7]"),
        ([float("nan")] + [1] * 7, [1] * 8, "counts[0]"),
    ],
)
def test_what_cannot_be_charted_is_refused_by_its_place(counts: list[float], exposure: list[float], place: str) -> None:
    with pytest.raises(AnalysisProblem) as refused:
        chart_counts(counts, exposure)
    assert refused.value.place == place


def test_more_events_than_cases_are_refused() -> None:
    with pytest.raises(AnalysisProblem, match=r"events\[2\]"):
        chart_shares([1, 1, 3, 1, 1, 1, 1, 1], [2] * 8)
