"""The indicator tree: global weights, and what is refused where."""

from typing import Any

import pytest

from domain.surveys.errors import Problem, SurveyProblem, parse_document
from domain.surveys.indicators import IndicatorTree


def leaf(name: str, weight: float, **more: Any) -> dict[str, Any]:
    return {"id": name, "title": {"en": name}, "weight": weight, "question": f"q_{name}", **more}


def branch(name: str, weight: float, *children: dict[str, Any]) -> dict[str, Any]:
    return {"id": name, "title": {"en": name}, "weight": weight, "children": list(children)}


def tree(*children: dict[str, Any], scale_map: str = "likert_x20") -> IndicatorTree:
    content = {"id": "csi", "title": {"en": "Satisfaction"}, "scale_map": scale_map, "children": list(children)}
    return parse_document(IndicatorTree, content)


def problems_of(*children: dict[str, Any], scale_map: str = "likert_x20") -> tuple[Problem, ...]:
    with pytest.raises(SurveyProblem) as refusal:
        tree(*children, scale_map=scale_map)
    return refusal.value.problems


def test_a_leaf_weighs_the_product_of_the_weights_down_its_path() -> None:
    gas = tree(
        branch("supply", 0.7, leaf("pressure", 0.6), leaf("quality", 0.4)),
        branch("repair", 0.2, leaf("attitude", 0.2), leaf("timeliness", 0.4), leaf("result", 0.4)),
        leaf("meter", 0.1),
    )
    assert gas.leaf_weights() == pytest.approx(
        {"pressure": 0.42, "quality": 0.28, "attitude": 0.04, "timeliness": 0.08, "result": 0.08, "meter": 0.1}
    )


def test_nodes_come_depth_first_with_their_paths() -> None:
    found = [path for path, _, _ in tree(branch("a", 0.5, leaf("b", 1.0)), leaf("c", 0.5)).nodes()]
    assert found == ["a", "a/b", "c"]


def test_weights_that_do_not_sum_to_one_are_refused_at_every_parent() -> None:
    found = problems_of(branch("a", 0.5, leaf("b", 0.4), leaf("c", 0.5)), leaf("d", 0.6))
    assert [problem.place for problem in found] == ["csi", "a"]
    assert found[1].message == "the weights of its children must sum to 1, not 0.9"


def test_a_leaf_without_a_question_is_refused_by_its_path() -> None:
    found = problems_of(branch("a", 1.0, {"id": "b", "title": {"en": "b"}, "weight": 1.0}))
    assert found == (Problem("a/b", "a leaf must name the question that measures it"),)


def test_a_branch_with_a_question_of_its_own_is_refused() -> None:
    found = problems_of({**branch("a", 1.0, leaf("b", 1.0)), "question": "q_a"})
    assert found[0].place == "a"


def test_an_indicator_id_used_twice_is_refused() -> None:
    found = problems_of(branch("a", 0.5, leaf("b", 1.0)), leaf("a", 0.5))
    assert Problem("a", "indicator used 2 times") in found


def test_a_question_that_measures_two_leaves_is_refused() -> None:
    found = problems_of(leaf("a", 0.5), leaf("b", 0.5, question="q_a"))
    assert found == (Problem("q_a", "question used 2 times"),)


def test_likert_x20_is_refused_on_a_ten_point_scale_but_minmax_is_not() -> None:
    ten = leaf("a", 1.0, scale={"minimum": 1, "maximum": 10})
    assert problems_of(ten)[0] == Problem("a", "likert_x20 needs codes 1 to 5, not 1 to 10")
    assert tree(ten, scale_map="minmax").leaf_weights() == {"a": 1.0}


def test_a_scale_map_of_unknown_name_is_refused() -> None:
    assert problems_of(leaf("a", 1.0), scale_map="top_box")[0].place == "scale_map"


def test_a_weight_of_zero_is_refused_by_its_path() -> None:
    assert problems_of(leaf("a", 0.0), leaf("b", 1.0))[0].place == "children[0].weight"


def test_a_scale_that_does_not_ascend_is_refused_by_its_path() -> None:
    found = problems_of(leaf("a", 1.0, scale={"minimum": 5, "maximum": 5}))
    assert found == (Problem("children[0].scale", "minimum 5 must be below maximum 5"),)


def test_a_tree_without_indicators_is_refused() -> None:
    assert [problem.place for problem in problems_of()] == ["children"]
