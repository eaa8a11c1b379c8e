import numpy as np
import pytest

from domain.analysis.refusal import AnalysisProblem
from domain.analysis.surge import DAYS_NEEDED, Watch, power, scan_day

CELLS = [f"cell {number}" for number in range(20)]
RATE = 2.0


def days(mean: float | np.ndarray, variance_over_mean: float, length: int, seed: int, cells: int = 20) -> np.ndarray:
    """Counts of cells with a weekly pattern and no surge."""
    chance = np.random.default_rng(seed)
    expected = np.broadcast_to(mean, (cells,))[:, None] * (1 + 0.3 * np.sin(2 * np.pi * np.arange(length) / 7))
    success = 1 / variance_over_mean
    return chance.negative_binomial(expected * success / (1 - success), success)


def alarm_days(counts: np.ndarray, days_scanned: int) -> int:
    scans = (scan_day(CELLS[: len(counts)], counts[:, day : day + DAYS_NEEDED], RATE) for day in range(days_scanned))
    return sum(bool(scan.signals) for scan in scans)


@pytest.mark.parametrize(("mean", "dispersion"), [(70.0, 2.6), (8.0, 1.6), (0.8, 1.2)])
def test_years_without_surges_keep_the_stated_rate_of_alarm_days(mean: float, dispersion: float) -> None:
    """Three years a kind of cell; so many alarm-days or more come in under one of a thousand if the rate is kept."""
    assert alarm_days(days(mean, dispersion, DAYS_NEEDED + 1094, seed=11), 1095) <= 14


@pytest.mark.long
def test_two_hundred_years_without_surges_keep_the_stated_rate() -> None:
    """Large and small cells together, 200 years: at most 400 alarm-days, and 3 standard deviations."""
    found = sum(
        alarm_days(days(np.repeat([70.0, 0.8], 10), 2.6, DAYS_NEEDED + 364, seed=year), 365) for year in range(200)
    )
    assert found <= 400 + 3 * 20


def test_a_doubling_of_seventy_a_day_is_seen_within_two_days_nine_times_in_ten() -> None:
    seen = 0
    for seed in range(100):
        counts = days(70.0, 2.6, DAYS_NEEDED + 1, seed)
        counts[3, -2:] = days(140.0, 2.6, DAYS_NEEDED + 1, seed + 1000)[3, -2:]
        first, second = scan_day(CELLS, counts[:, :-1]), scan_day(CELLS, counts[:, 1:])
        seen += any(signal.label == "cell 3" for signal in first.signals + second.signals)
    assert seen >= 90


def test_power_is_reported_by_the_size_of_the_cell() -> None:
    by_size = [power(mean, 2.6, cells=20) for mean in (5, 10, 20, 40, 70, 100)]
    assert by_size == sorted(by_size)
    assert by_size[4] >= 0.9
    assert by_size[0] < 0.1


def test_a_doubling_of_a_small_cell_adds_up_to_a_signal() -> None:
    counts = days(2.0, 1.2, DAYS_NEEDED, seed=4)
    counts[7, -21:] += days(4.0, 1.2, DAYS_NEEDED, seed=5)[7, -21:]
    seen = [scan_day(CELLS, _until(counts, back)).signals for back in range(21)]
    assert {(s.label, s.watch) for signals in seen for s in signals} == {("cell 7", Watch.SUM)}


def _until(counts: np.ndarray, back: int) -> np.ndarray:
    """The same days with the last ones cut off, and as many of a quiet past put before."""
    return np.hstack([days(2.0, 1.2, back, seed=6), counts[:, : DAYS_NEEDED - back]])


def test_a_surge_of_last_month_does_not_hide_one_of_today() -> None:
    counts = days(70.0, 1.5, DAYS_NEEDED, seed=8)
    counts[2, -29] = 400  # the same weekday, four weeks ago
    counts[2, -1] = 200
    (signal,) = scan_day(CELLS, counts).signals
    assert (signal.label, signal.observed, signal.watch) == ("cell 2", 200, Watch.DAY)
    assert signal.expected < 100


def test_a_cell_that_never_had_a_complaint_is_not_judged() -> None:
    counts = days(70.0, 1.5, DAYS_NEEDED, seed=9)
    counts[0] = 0
    scan = scan_day(CELLS, counts)
    assert scan.watched[0] is Watch.NONE
    assert not scan.signals


@pytest.mark.parametrize("shape", [(2, DAYS_NEEDED - 1), (3, DAYS_NEEDED)])
def test_too_few_days_and_other_lengths_are_refused(shape: tuple[int, int]) -> None:
    with pytest.raises(AnalysisProblem, match="counts"):
        scan_day(["a", "b"], np.ones(shape))
