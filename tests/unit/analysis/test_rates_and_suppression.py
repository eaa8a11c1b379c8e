import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from domain.analysis.rates import ageing, backlog, kept_promises, rate, repeats_within
from domain.analysis.refusal import AnalysisProblem
from domain.analysis.suppression import FEWEST_SHOWN, hidden_cells


def test_a_rate_has_the_interval_of_wilson() -> None:
    """Newcombe 1998, table I: 81 of 263 gives 0.2553 to 0.3662."""
    found = rate(81, 263)
    assert found.interval is not None
    assert (found.interval.low, found.interval.high) == pytest.approx((0.2553, 0.3662), abs=0.00005)


def test_of_nothing_there_is_no_share() -> None:
    assert rate(0, 0).share is None
    assert rate(0, 0).interval is None


def test_an_overdue_clock_is_a_broken_promise_before_anybody_answers() -> None:
    assert kept_promises(met=8, breached=1, overdue=1).share == pytest.approx(0.8)


def test_a_repeat_is_of_the_same_customer_and_category_within_the_span() -> None:
    customers = ["a", "a", "a", "b", "a"]
    categories = ["x", "x", "y", "x", "x"]
    days = [0.0, 5.0, 6.0, 6.0, 100.0]
    assert [each.events for each in repeats_within(customers, categories, days, (7, 95))] == [1, 2]


def test_the_order_of_the_rows_does_not_matter_for_repeats() -> None:
    customers, categories, days = np.array(["a", "b", "a"]), np.array(["x", "x", "x"]), np.array([3.0, 1.0, 0.0])
    assert [each.events for each in repeats_within(customers, categories, days, (7,))] == [1]


def test_a_case_belongs_to_the_band_whose_bound_it_reaches() -> None:
    assert ageing([0, 1, 1.5, 3, 91], (1, 3, 90)) == (2, 2, 0, 1)


def test_a_backlog_grows_by_what_comes_and_shrinks_by_what_goes() -> None:
    assert backlog([3, 0, 2], [1, 2, 0], before=1) == (3, 1, 3)
    with pytest.raises(AnalysisProblem, match=r"closed\[1\]"):
        backlog([1, 0], [0, 2])


def test_a_single_small_cell_takes_its_smallest_neighbour_along() -> None:
    assert hidden_cells([3, 40, 12, 0]).tolist() == [True, False, True, False]


def test_two_small_cells_hide_each_other() -> None:
    assert hidden_cells([3, 40, 4]).tolist() == [True, False, True]


def test_nobody_in_a_cell_may_be_shown() -> None:
    assert not hidden_cells([0, 40, 12]).any()


TABLES = arrays(np.int64, st.tuples(st.integers(2, 5), st.integers(2, 5)), elements=st.integers(0, 30))


@given(TABLES)
def test_no_row_or_column_shows_all_but_one_of_its_cells(table: np.ndarray) -> None:
    hidden = hidden_cells(table)
    assert hidden[(table > 0) & (table < FEWEST_SHOWN)].all()
    for line, shown in [*zip(table, ~hidden, strict=True), *zip(table.T, ~hidden.T, strict=True)]:
        assert np.count_nonzero(~shown) != 1 or np.count_nonzero(line) == 1
