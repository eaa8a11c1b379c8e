"""Draws worked by hand, inclusion probabilities by simulation, faulty frames refused row by row."""

from collections.abc import Callable
from hashlib import blake2b
from typing import Any

import numpy as np
import pytest

from domain.surveys.errors import Problem, SurveyProblem
from domain.surveys.sampling.clusters import draw_within_clusters
from domain.surveys.sampling.frame import Frame
from domain.surveys.sampling.random_numbers import permanent_random_numbers
from domain.surveys.sampling.selection import draw_stratified
from domain.surveys.sampling.systematic import draw_pps_systematic, draw_systematic

KEY = b"sixteen bytes or more"
FRAME = Frame.of(
    unit_ids=["u1", "u2", "u3", "u4", "u5", "u6"],
    strata=["a", "a", "a", "b", "b", "b"],
    random_numbers=[0.9, 0.1, 0.5, 0.3, 0.2, 0.7],
)


def refusal(call: Callable[[], Any]) -> tuple[Problem, ...]:
    with pytest.raises(SurveyProblem) as caught:
        call()
    return caught.value.problems


def places(call: Callable[[], Any]) -> list[str]:
    return [problem.place for problem in refusal(call)]


def ids(rows: np.typing.NDArray[np.int64]) -> list[str]:
    return [f"u{row + 1}" for row in rows]


def test_the_smallest_numbers_after_the_start_are_drawn_round_the_end() -> None:
    draw = draw_stratified(FRAME, [2, 2], start=0.6)
    assert ids(draw.rows) == ["u1", "u2", "u6", "u5"]
    assert draw.inclusion == pytest.approx([2 / 3] * 4)


def test_a_unit_exactly_at_the_start_comes_first() -> None:
    assert ids(draw_stratified(FRAME, 1, start=0.5).rows) == ["u3", "u6"]


def test_the_reserve_holds_the_next_units_or_as_many_as_are_left() -> None:
    draw = draw_stratified(FRAME, [1, 2], reserve=[1, 5])
    assert ids(draw.rows) == ["u2", "u5", "u4"]
    assert ids(draw.reserve) == ["u3", "u6"]


def test_the_next_wave_starts_behind_the_last_unit_of_each_stratum() -> None:
    first = draw_stratified(FRAME, [2, 1])
    second = draw_stratified(FRAME, [1, 2], start=first.next_start)
    assert ids(first.rows) == ["u2", "u3", "u5"]
    assert ids(second.rows) == ["u1", "u4", "u6"]


def test_equal_random_numbers_are_ordered_by_id() -> None:
    frame = Frame.of(["z", "y", "x"], ["a"] * 3, [0.4, 0.4, 0.4])
    assert draw_stratified(frame, 2).rows.tolist() == [2, 1]


def test_numbers_that_are_not_random_at_all_are_still_drawn_in_order() -> None:
    crowded = np.linspace(0.9, 0.99, 1000)
    frame = Frame.of(np.arange(1000), np.zeros(1000, dtype=np.int64), crowded)
    assert draw_stratified(frame, 5).rows.tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("arguments", "place"),
    [
        ({"take": [0, 1]}, "stratum a"),
        ({"take": [1, 4]}, "stratum b"),
        ({"take": 1, "start": 1.0}, "stratum a"),
        ({"take": 1, "start": [0, np.nan]}, "stratum b"),
        ({"take": 1, "reserve": [0, -1]}, "stratum b"),
    ],
)
def test_a_draw_out_of_range_is_refused_by_stratum(arguments: dict[str, Any], place: str) -> None:
    assert place in places(lambda: draw_stratified(FRAME, **arguments))


def test_a_permanent_random_number_is_the_keyed_hash_as_a_fraction() -> None:
    digest = blake2b(b"customer-7", digest_size=8, key=KEY).digest()
    (found,) = permanent_random_numbers(KEY, ["customer-7"])
    assert found == pytest.approx(int.from_bytes(digest, "big") / 2**64, abs=2**-52)


def test_another_key_gives_other_numbers() -> None:
    names = [f"customer-{number}" for number in range(100)]
    assert not np.isclose(permanent_random_numbers(KEY, names), permanent_random_numbers(KEY * 2, names)).any()


def test_permanent_random_numbers_are_even_over_the_interval() -> None:
    numbers = permanent_random_numbers(KEY, (f"customer-{number}" for number in range(20_000)))
    counts = np.bincount((numbers * 20).astype(int), minlength=20)
    # Chi-square with 19 degrees of freedom exceeds 43.8 once in a thousand keys; this key is fixed.
    assert ((counts - 1000) ** 2 / 1000).sum() < 43.8


@pytest.mark.parametrize("key", [b"short", b"x" * 65])
def test_a_key_of_the_wrong_length_is_refused(key: bytes) -> None:
    assert places(lambda: permanent_random_numbers(key, ["a"])) == ["key"]


def test_every_faulty_row_of_a_frame_is_listed() -> None:
    found = refusal(
        lambda: Frame.of(
            ["k1", "k2", "k1", "", "k5"], ["a", "", "a", "a", "b"], [0.1, 0.2, 1.0, 0.3, 0.4], [1, 1, 0, 2, np.nan]
        )
    )
    assert found == (
        Problem("row 3 (unit )", "unit id is missing"),
        Problem("row 2 (unit k1)", "unit id is used twice"),
        Problem("row 1 (unit k2)", "stratum is missing"),
        Problem("row 2 (unit k1)", "random number is not in [0, 1)"),
        Problem("row 2 (unit k1)", "size is not above 0"),
        Problem("row 4 (unit k5)", "size is not above 0"),
    )


def test_a_stratum_may_be_missing_in_any_way() -> None:
    strata = np.array(["a", None, float("nan"), ""], dtype=object)
    found = refusal(lambda: Frame.of(["k1", "k2", "k3", "k4"], strata, [0.1, 0.2, 0.3, 0.4]))
    assert [problem.place for problem in found] == ["row 1 (unit k2)", "row 2 (unit k3)", "row 3 (unit k4)"]
    numbered = refusal(lambda: Frame.of([1, 2], [1.0, np.nan], [0.1, 0.2]))
    assert [problem.place for problem in numbered] == ["row 1 (unit 2)"]


def test_ids_that_are_not_all_texts_are_compared_as_texts() -> None:
    ids = np.array(["7", 7, "8"], dtype=object)
    found = refusal(lambda: Frame.of(ids, ["a"] * 3, [0.1, 0.2, 0.3]))
    assert found == (Problem("row 1 (unit 7)", "unit id is used twice"),)


def test_more_faults_than_can_be_named_are_counted() -> None:
    found = refusal(lambda: Frame.of(np.zeros(150, dtype=np.int64), np.ones(150, dtype=np.int64), np.zeros(150)))
    assert len(found) == 101
    assert found[-1] == Problem("frame", "unit id is used twice in 49 more rows")


@pytest.mark.parametrize(
    ("columns", "place"),
    [(([], [], []), "frame"), ((["a"], ["s", "s"], [0.1]), "strata"), ((["a"], ["s"], []), "random_numbers")],
)
def test_a_frame_of_columns_that_do_not_fit_is_refused(columns: tuple[list[Any], ...], place: str) -> None:
    assert places(lambda: Frame.of(*columns)) == [place]


def test_a_systematic_sample_steps_through_the_frame() -> None:
    # Interval 2.5 from 0.4 · 2.5 = 1: 1, 3.5, 6, 8.5.
    draw = draw_systematic(10, 4, start=0.4)
    assert draw.rows.tolist() == [1, 3, 6, 8]
    assert draw.inclusion == pytest.approx([0.4] * 4)


def test_a_large_unit_is_certain_and_the_others_share_what_is_left() -> None:
    # 3 · 10/20 exceeds 1; two of the others with .2 .4 .6 .8; the running sum .2 .6 1.2 2 passes .5 and 1.5.
    draw = draw_pps_systematic([1, 2, 10, 3, 4], 3, start=0.5)
    assert draw.rows.tolist() == [1, 2, 4]
    assert draw.inclusion == pytest.approx([0.4, 1.0, 0.8])


def test_certainty_is_passed_on_until_nobody_exceeds_it() -> None:
    # 100 is certain; of 2 more, 2 · 10/16 makes 10 certain too; of 1 more, each of six ones has 1/6.
    draw = draw_pps_systematic([100, 10, 1, 1, 1, 1, 1, 1], 3, start=0.0)
    assert draw.rows.tolist() == [0, 1, 2]
    assert draw.inclusion == pytest.approx([1, 1, 1 / 6])


def test_a_sample_of_everything_in_proportion_to_size_is_a_census() -> None:
    assert draw_pps_systematic([5, 1, 2], 3, start=0.9).inclusion.tolist() == [1, 1, 1]


def test_inclusion_in_proportion_to_size_is_what_it_says() -> None:
    sizes = np.array([1.0, 2, 3, 4, 5, 6, 30])
    hits = np.zeros(len(sizes))
    starts = (np.arange(1000) + 0.5) / 1000
    for start in starts:
        hits[draw_pps_systematic(sizes, 3, start=start).rows] += 1
    assert hits / 1000 == pytest.approx([*(2 * sizes[:-1] / 21), 1.0], abs=0.002)


def test_inclusion_by_permanent_random_numbers_is_what_it_says() -> None:
    generator = np.random.default_rng(5)
    hits = np.zeros(12)
    strata = np.array(["a"] * 4 + ["b"] * 8)
    for _ in range(4000):
        frame = Frame.of(np.arange(12), strata, generator.random(12))
        hits[draw_stratified(frame, [1, 6], start=0.37).rows] += 1
    # A standard deviation of a frequency is below .007.
    assert hits / 4000 == pytest.approx([0.25] * 4 + [0.75] * 8, abs=0.03)


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda: draw_systematic(5, 6, start=0), ["take"]),
        (lambda: draw_systematic(5, 0, start=0), ["take"]),
        (lambda: draw_systematic(5, 2, start=1), ["start"]),
        (lambda: draw_pps_systematic([1, 0, -2], 2, start=0), ["sizes[1]", "sizes[2]"]),
    ],
)
def test_a_systematic_draw_out_of_range_is_refused_by_name(call: Callable[[], Any], expected: list[str]) -> None:
    assert places(call) == expected


def test_two_stages_multiply_their_probabilities() -> None:
    frame = Frame.of(
        [f"u{number}" for number in range(7)],
        ["north", "north", "north", "south", "south", "west", "west"],
        [0.5, 0.1, 0.3, 0.9, 0.2, 0.4, 0.6],
    )
    draw = draw_within_clusters(frame, ["south", "north"], [0.5, 0.25], take=2)
    assert draw.rows.tolist() == [4, 3, 1, 2]
    assert draw.inclusion == pytest.approx([0.5, 0.5, 0.25 * 2 / 3, 0.25 * 2 / 3])
    assert draw.cluster.tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((["a", "c"], [1, 1], 1), ["cluster c"]),
        ((["a", "a"], [1, 1], 1), ["cluster a"]),
        ((["a", "b"], [1, 0], 1), ["cluster b"]),
        ((["a", "b"], [1, 1], 0), ["take"]),
    ],
)
def test_a_second_stage_that_does_not_fit_the_first_is_refused(
    arguments: tuple[list[str], list[float], int], expected: list[str]
) -> None:
    labels, inclusion, take = arguments
    assert places(lambda: draw_within_clusters(FRAME, labels, inclusion, take=take)) == expected
