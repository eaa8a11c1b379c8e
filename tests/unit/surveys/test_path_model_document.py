"""Path model documents: what is refused where, and the shipped ones."""

from itertools import pairwise
from typing import Any

import pytest

from domain.surveys.errors import Problem, SurveyProblem, parse_document
from domain.surveys.path_model.document import PathModel
from domain.surveys.path_model.library import model_names, named_model


def construct(name: str, *driven_by: str, items: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    return {"id": name, "title": {"en": name}, "items": items or (f"{name}_1",), "driven_by": driven_by, **more}


def model(*constructs: dict[str, Any]) -> PathModel:
    return parse_document(PathModel, {"id": "m", "title": {"en": "m"}, "constructs": constructs})


def problems_of(*constructs: dict[str, Any]) -> tuple[Problem, ...]:
    with pytest.raises(SurveyProblem) as refusal:
        model(*constructs)
    return refusal.value.problems


def test_items_and_paths_follow_the_order_of_the_document() -> None:
    read = model(construct("a", items=("x", "y")), construct("b", "a"), construct("c", "a", "b"))
    assert read.items == ("x", "y", "b_1", "c_1")
    assert read.blocks().tolist() == [0, 0, 1, 2]
    assert read.paths().tolist() == [[False, False, False], [True, False, False], [True, True, False]]


def test_paths_that_run_in_a_circle_are_refused_with_the_circle() -> None:
    found = problems_of(construct("a", "c"), construct("b", "a"), construct("c", "b"))
    assert len(found) == 1
    assert found[0].place == "m"
    assert sorted(found[0].message.removeprefix("the paths run in a circle: ").split(" → ")[1:]) == ["a", "b", "c"]


def test_a_circle_names_each_driver_before_what_it_drives() -> None:
    (problem,) = problems_of(construct("a", "c"), construct("b", "a"), construct("c", "b"))
    circle = problem.message.removeprefix("the paths run in a circle: ").split(" → ")
    assert set(pairwise(circle)) == {("a", "b"), ("b", "c"), ("c", "a")}


def test_a_construct_that_drives_itself_is_refused() -> None:
    assert Problem("m", "the paths run in a circle: a → a") in problems_of(construct("a", "a"), construct("b", "a"))


def test_an_unknown_driver_is_refused_at_the_construct_that_names_it() -> None:
    found = problems_of(construct("a"), construct("b", "a", "imago"))
    assert found == (Problem("b", "driven by imago, which is not a construct of the model"),)


def test_an_item_in_two_constructs_is_refused_by_name() -> None:
    assert problems_of(construct("a", items=("x",)), construct("b", "a", items=("x",))) == (
        Problem("x", "item used 2 times"),
    )


def test_a_driver_named_twice_is_refused() -> None:
    assert problems_of(construct("a"), construct("b", "a", "a")) == (Problem("b", "driver a named 2 times"),)


def test_a_construct_without_any_path_is_refused() -> None:
    found = problems_of(construct("a"), construct("b", "a"), construct("alone"))
    assert found == (Problem("alone", "no path leads to it or from it"),)


def test_a_construct_without_items_is_refused_by_its_path() -> None:
    assert problems_of({**construct("a"), "items": ()}, construct("b", "a"))[0].place == "constructs[0].items"


def test_an_unknown_scheme_is_refused() -> None:
    with pytest.raises(SurveyProblem, match="scheme"):
        parse_document(PathModel, {**model(construct("a"), construct("b", "a")).model_dump(), "scheme": "centre"})


def test_the_ecsi_model_is_shipped_by_name() -> None:
    assert "ecsi" in model_names()
    ecsi = named_model("ecsi")
    assert ecsi.names == ("image", "expectations", "quality", "value", "satisfaction", "loyalty")
    assert ecsi.constructs[4].driven_by == ("image", "expectations", "quality", "value")


@pytest.mark.parametrize("name", model_names())
def test_a_shipped_model_is_titled_in_chinese_and_english(name: str) -> None:
    shipped = named_model(name)
    assert shipped.id == name
    assert {"zh", "en"} <= set(shipped.title)
    assert all({"zh", "en"} <= set(construct.title) for construct in shipped.constructs)


def test_a_model_of_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SurveyProblem, match=r"acsi_2: no such path model; known: .*ecsi"):
        named_model("acsi_2")
