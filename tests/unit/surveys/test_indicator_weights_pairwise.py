"""Pairwise comparisons: published examples, judgements left out, groups, and what is refused."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from domain.surveys.arrays import FloatArray
from domain.surveys.errors import Problem, SurveyProblem
from domain.surveys.indicator_weights.pairwise import (
    Judgements,
    PriorityMethod,
    RandomIndex,
    aggregate_judgements,
    aggregate_priorities,
    judgements_of,
    pairwise_weights,
)

ABC = ("a", "b", "c")
THREE = np.array([[1, 1 / 3, 5], [3, 1, 7], [1 / 5, 1 / 7, 1]])
CONSISTENT = {("a", "b"): 2.0, ("b", "c"): 3.0, ("a", "c"): 6.0}


@pytest.fixture(scope="module")
def published(reference_numbers: Callable[[str], Any]) -> Any:
    return reference_numbers("expected_weights_ahp_mcda.json")


def judged(text: str) -> dict[tuple[str, str], float]:
    """Judgements as "a/b 3, b/c 5"."""
    written = (each.split() for each in text.split(","))
    return {(pair.split("/")[0], pair.split("/")[1]): float(ratio) for pair, ratio in written}


def as_matrix(rows: list[list[Any]]) -> FloatArray:
    return np.array([[float(Fraction(cell)) for cell in row] for row in rows])


def problems_of(judgements: Judgements, names: tuple[str, ...] = ABC) -> tuple[Problem, ...]:
    with pytest.raises(SurveyProblem) as refusal:
        pairwise_weights(names, judgements)
    return refusal.value.problems


def test_saatys_drinks_have_the_published_weights_and_ratios(published: Any) -> None:
    drinks = published["ahp_saaty_2008_drinks"]
    judgements = judgements_of(drinks["order"], as_matrix(drinks["matrix"]))
    by_saaty = pairwise_weights(drinks["order"], judgements)
    by_donegan = pairwise_weights(drinks["order"], judgements, random_index=RandomIndex.DONEGAN_DODD_1991)
    np.testing.assert_allclose(by_saaty.weights, drinks["weights_4dp"], atol=5e-5)
    assert by_saaty.principal_eigenvalue == pytest.approx(drinks["lambda_max"], abs=1e-6)
    assert round(by_saaty.consistency_ratio, 3) == drinks["CR_saaty_RI_new"]
    assert round(by_donegan.consistency_ratio, 4) == drinks["CR_donegan_dodd"]


def test_three_indicators_have_the_published_weights_and_ratios(published: Any) -> None:
    expected = published["ahp_3x3"]
    judgements = judgements_of(ABC, as_matrix(expected["matrix"]))
    new = pairwise_weights(ABC, judgements)
    old = pairwise_weights(ABC, judgements, random_index=RandomIndex.SAATY_1980)
    np.testing.assert_allclose(new.weights, expected["weights"], atol=1e-6)
    assert new.principal_eigenvalue == pytest.approx(expected["lambda_max"], abs=1e-6)
    assert new.consistency_ratio == pytest.approx(expected["CR_RI_0.52"], abs=1e-6)
    assert old.consistency_ratio == pytest.approx(expected["CR_RI_0.58"], abs=1e-6)
    assert new.is_acceptable


def test_saatys_choice_of_a_city_comes_out_of_two_levels() -> None:
    cities = ("Bethesda", "Boston", "Pittsburgh", "Santa Fe")
    goal = judged("c/h 3, c/t 5, f/c 5, f/h 7, f/t 7, h/t 3, j/c 2, j/h 4, j/t 7, f/j 1")
    # Each column: Bethesda against Boston, Pittsburgh, Santa Fe; Boston against Pittsburgh, Santa Fe; the last pair.
    by_criterion = {  # culture, family, housing, jobs, transportation
        "c": (1 / 2, 1, 1 / 2, 2.5, 1, 1 / 2.5),
        "f": (2, 1 / 3, 4, 1 / 8, 2, 9),
        "h": (5, 1 / 2, 2.5, 1 / 9, 1 / 4, 7),
        "j": (1 / 2, 3, 4, 6, 8, 1),
        "t": (1.5, 1 / 2, 4, 1 / 3.5, 2.5, 9),
    }
    pairs = [(one, other) for place, one in enumerate(cities) for other in cities[place + 1 :]]
    local = [pairwise_weights(cities, dict(zip(pairs, row, strict=True))).weights for row in by_criterion.values()]
    target = pairwise_weights(tuple(by_criterion), goal).weights @ np.array(local)
    np.testing.assert_allclose(target, [0.2291, 0.2748, 0.3852, 0.1110], atol=6e-5)  # Saaty 2005, by AHPy


def test_judgements_left_out_are_filled_as_the_others_imply(published: Any) -> None:
    example = published["ahp_incomplete"]
    judgements = {tuple(pair.split(",")): ratio for pair, ratio in example["comparisons"].items()}
    found = pairwise_weights(tuple("abcd"), judgements, random_index=RandomIndex.DONEGAN_DODD_1991)
    np.testing.assert_allclose(found.weights, [example["weights"][name] for name in "abcd"], atol=5e-5)
    assert found.completed == {("c", "d"): pytest.approx(example["filled_c_d"], rel=1e-6)}
    assert found.consistency_ratio == pytest.approx(example["CR"], abs=5e-5)


def test_two_chains_of_eight_criteria_are_completed_as_published() -> None:
    # Bozóki, Fülöp and Rónyai 2010, the incomplete version of Saaty's purchase of a house.
    judgements = judged(
        "a/b 5, a/c 3, a/d 7, a/e 6, a/f 6, b/d 5, b/f 3, c/e 3, c/g 6, f/d 4, g/a 3, g/e 5, h/a 4, h/b 7, h/d 8, h/f 6"
    )
    published = judged(
        "b/c .33001875, b/e 1.71974092, b/g .46635150, c/d 9.92051266, c/f 4.85248645, c/h .56960733,"
        "d/e .52527681, d/g .14244381, e/f .93119736, e/h .10930828, f/g .29121208, g/h .40308989"
    )
    completed = pairwise_weights(tuple("abcdefgh"), judgements).completed
    assert completed == pytest.approx(published, rel=1e-4)


def test_consistent_judgements_give_their_ratios_by_both_methods_and_no_triad() -> None:
    for method in PriorityMethod:
        found = pairwise_weights(ABC, CONSISTENT, method)
        np.testing.assert_allclose(found.weights, [0.6, 0.3, 0.1])
        assert found.consistency_ratio == pytest.approx(0, abs=1e-9)
        assert found.worst_triad is None


def test_the_geometric_mean_is_that_of_the_rows() -> None:
    means = np.array([5 / 3, 21, 1 / 35]) ** (1 / 3)
    found = pairwise_weights(ABC, judgements_of(ABC, THREE), PriorityMethod.GEOMETRIC_MEAN)
    np.testing.assert_allclose(found.weights, means / means.sum())


def test_the_triad_that_contradicts_itself_most_is_named() -> None:
    judgements = {**CONSISTENT, ("a", "d"): 6.0, ("b", "d"): 3.0, ("c", "d"): 5.0}
    triad = pairwise_weights(("a", "b", "c", "d"), judgements).worst_triad
    assert triad is not None
    assert (triad.first, triad.second, triad.third) == ("a", "c", "d")
    assert (triad.judged, triad.implied) == (6.0, 30.0)
    assert triad.inconsistency == pytest.approx(0.8)


def test_two_indicators_are_always_consistent() -> None:
    found = pairwise_weights(("a", "b"), {("b", "a"): 3})
    np.testing.assert_allclose(found.weights, [0.25, 0.75])
    assert found.consistency_ratio == 0


def test_a_group_judges_by_the_geometric_mean_whatever_the_direction() -> None:
    group = aggregate_judgements([{("a", "b"): 8.0}, {("b", "a"): 0.5, ("b", "c"): 3.0}])
    assert group == pytest.approx({("a", "b"): 4.0, ("b", "c"): 3.0})


def test_a_judge_of_double_influence_counts_twice() -> None:
    group = aggregate_judgements([{("a", "b"): 8.0}, {("a", "b"): 1.0}], influence=[2, 1])
    assert group == pytest.approx({("a", "b"): 4.0})


def test_shares_of_a_group_are_the_geometric_mean_of_the_judges_shares() -> None:
    judges = [pairwise_weights(("a", "b"), {("a", "b"): 9.0}), pairwise_weights(("a", "b"), {("a", "b"): 1.0})]
    np.testing.assert_allclose(aggregate_priorities(judges), [0.75, 0.25])


def test_judges_of_different_things_are_refused() -> None:
    judges = [pairwise_weights(("a", "b"), {("a", "b"): 9.0}), pairwise_weights(("b", "a"), {("a", "b"): 1.0})]
    with pytest.raises(SurveyProblem, match=r"judges\[1\]: a, b are expected in this order, not b, a"):
        aggregate_priorities(judges)


def test_a_judge_without_influence_is_refused() -> None:
    with pytest.raises(SurveyProblem, match=r"influence\[1\]: above 0 is expected, not 0"):
        aggregate_judgements([{("a", "b"): 8.0}, {("a", "b"): 1.0}], influence=[2, 0])


def test_an_unknown_indicator_is_refused_by_its_pair() -> None:
    assert problems_of({("a", "z"): 2.0, **CONSISTENT}) == (Problem("a, z", "z is not among the compared: a, b, c"),)


def test_a_pair_judged_in_both_directions_is_refused_once() -> None:
    assert problems_of({**CONSISTENT, ("b", "a"): 0.5}) == (Problem("b, a", "judged in both directions"),)


def test_a_ratio_of_zero_is_refused() -> None:
    assert problems_of({**CONSISTENT, ("a", "c"): 0.0}) == (Problem("a, c", "a ratio above 0 is expected, not 0.0"),)


def test_an_indicator_compared_with_itself_is_refused() -> None:
    assert problems_of({**CONSISTENT, ("a", "a"): 1.0}) == (
        Problem("a, a", "an indicator is not compared with itself"),
    )


def test_an_indicator_that_no_judgement_reaches_is_named() -> None:
    assert problems_of({("a", "b"): 2.0}) == (Problem("c", "no chain of judgements connects it with a"),)


def test_a_matrix_that_is_not_reciprocal_is_refused_by_its_pair() -> None:
    crooked = THREE.copy()
    crooked[2, 0] = 0.3
    with pytest.raises(SurveyProblem, match=r"a, c: 5 and 0.3 are not reciprocal"):
        judgements_of(ABC, crooked)


def test_more_than_fifteen_indicators_are_refused() -> None:
    names = tuple(f"i{number}" for number in range(16))
    found = problems_of({(names[0], name): 1.0 for name in names[1:]}, names)
    assert found == (Problem("names", "2 to 15 indicators can be compared, not 16"),)
