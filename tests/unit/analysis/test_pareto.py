import numpy as np
import pytest

from domain.analysis.pareto import pareto_of_costs, pareto_of_counts
from domain.analysis.refusal import AnalysisProblem

NEW_YORK = {
    "Animal-Abuse": 1804,
    "Dead Animal": 1695,
    "Animal in a Park": 921,
    "Unsanitary Animal Pvt Property": 404,
    "Illegal Animal Kept as Pet": 72,
    "Animal Facility - No Permit": 24,
    "Illegal Animal Sold": 22,
    "Pet Shop": 20,
    "Unsanitary Animal Facility": 7,
}


def generator() -> np.random.Generator:
    return np.random.default_rng(7)


def test_two_of_nine_kinds_are_seventy_percent_and_three_eighty_nine() -> None:
    found = pareto_of_counts(list(NEW_YORK), list(NEW_YORK.values()), generator())
    assert [round(bar.cumulated, 2) for bar in found.bars[:3]] == [0.36, 0.70, 0.89]
    assert found.vital_few == 3
    assert found.total == 4969


def test_ranks_that_chance_could_change_overlap() -> None:
    found = pareto_of_counts(list(NEW_YORK), list(NEW_YORK.values()), generator())
    rank = {bar.label: (bar.rank_from, bar.rank_to) for bar in found.bars}
    assert rank["Animal in a Park"] == (3, 3)
    assert rank["Animal Facility - No Permit"][1] > rank["Illegal Animal Sold"][0]


def test_few_cases_name_no_vital_few() -> None:
    assert pareto_of_counts(["a", "b", "c", "d"], [5, 4, 4, 3], generator()).vital_few is None


def test_one_kind_alone_is_all() -> None:
    found = pareto_of_counts(["only"], [3], generator())
    assert (found.vital_few, found.bars[0].cumulated) == (1, 1.0)


def test_kinds_of_equal_weight_stand_in_the_order_of_their_names() -> None:
    assert [bar.label for bar in pareto_of_counts(["b", "a"], [4, 4], generator()).bars] == ["a", "b"]


def test_one_dear_case_makes_a_cost_uncertain_and_many_cheap_ones_do_not() -> None:
    dear = pareto_of_costs(["dear", "many"], [10_000, 8_000], [10_000**2, 800 * 10**2], generator())
    even = pareto_of_costs(["dear", "many"], [10_000, 8_000], [1000 * 10**2, 800 * 10**2], generator())
    assert (dear.bars[0].rank_from, dear.bars[0].rank_to) == (1, 2)
    assert (even.bars[0].rank_from, even.bars[0].rank_to) == (1, 1)


@pytest.mark.parametrize(
    ("labels", "counts", "place"),
    [
        (["a"], [1, 2], "weights"),
        (["a", "a"], [1, 2], "labels"),
        (["a", "b"], [1, -2], "weights[1]"),
        (["a", "b"], [0, 0], "weights"),
    ],
)
def test_what_has_no_order_is_refused(labels: list[str], counts: list[int], place: str) -> None:
    with pytest.raises(AnalysisProblem) as refused:
        pareto_of_counts(labels, counts, generator())
    assert refused.value.place == place
