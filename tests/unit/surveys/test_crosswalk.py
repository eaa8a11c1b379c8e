"""Trends across versions of an instrument: renamed indicators go on, others begin anew, and the effects sum up."""

import json

import numpy as np
import pytest

from domain.surveys.comparison.crosswalk import Crossing, crosswalk_faults, names_now
from domain.surveys.comparison.trend import Taken, move
from domain.surveys.definition import SurveyDefinition
from domain.surveys.dispositions import Disposition
from domain.surveys.errors import SurveyProblem, parse_document
from domain.surveys.indicators import IndicatorTree, ScaleMap
from domain.surveys.report.findings.responses import Responses
from domain.surveys.shipped import named_survey
from domain.surveys.variance.design import StageColumns, SurveyDesign
from domain.surveys.waves.results import SampledContact, SampledStratum, WaveSample
from domain.surveys.waves.revision import in_one_instrument, revision_faults


def tree(weights: dict[str, float], scale_map: ScaleMap = ScaleMap.LIKERT_X20) -> IndicatorTree:
    children = [
        {"id": name, "title": {"en": name}, "weight": weight, "question": f"{name}_asked"}
        for name, weight in weights.items()
    ]
    return IndicatorTree.model_validate(
        {"id": "root", "title": {"en": "root"}, "scale_map": scale_map, "children": children}
    )


def taken(asked: IndicatorTree, **codes: list[int]) -> Taken:
    rows = len(next(iter(codes.values())))
    design = SurveyDesign.of(np.ones(rows), (StageColumns(strata=np.array(["all"] * rows)),))
    return Taken(asked, Responses({f"{name}_asked": np.array(each, float) for name, each in codes.items()}, {}, design))


def test_a_renamed_leaf_goes_on_and_one_that_asks_something_else_begins_anew() -> None:
    second = [Crossing(leaf="repair_speed", formerly="repair"), Crossing(leaf="price")]
    third = [Crossing(leaf="repair_time", formerly="repair_speed")]
    steps = [(second, ("repair_speed", "price", "staff")), (third, ("repair_time", "staff"))]
    assert names_now(("repair", "price", "staff", "bill"), steps) == {
        "repair": "repair_time",
        "price": None,
        "staff": "staff",
        "bill": None,
    }


def test_a_change_is_split_over_the_leaves_that_both_waves_have() -> None:
    """By hand: staff 80 to 100 at weight .5 in both waves; repair 60 to 60 under its new name."""
    before = taken(tree({"staff": 0.5, "repair": 0.5}), staff=[4, 4], repair=[3, 3])
    after = taken(tree({"staff": 0.5, "repair_speed": 0.5}), staff=[5, 5], repair_speed=[3, 3])
    moved = move(before, after, {"staff": "staff", "repair": "repair_speed"}, None)
    assert moved is not None
    assert (moved.change.change, moved.change.score_effect) == pytest.approx((10.0, 10.0))
    assert (moved.change.mix_effect, moved.change.weight_effect) == pytest.approx((0.0, 0.0))
    assert (moved.compared, moved.begun, moved.ended) == (("staff", "repair_speed"), (), ())
    assert (moved.renamed, moved.compared_weight) == ({"repair": "repair_speed"}, 1.0)


def test_without_a_crosswalk_the_same_leaf_is_another_and_its_change_counts_to_the_weights() -> None:
    before = taken(tree({"staff": 0.5, "repair": 0.5}), staff=[4, 4], repair=[3, 3])
    after = taken(tree({"staff": 0.5, "repair_speed": 0.5}), staff=[4, 4], repair_speed=[5, 5])
    moved = move(before, after, {"staff": "staff", "repair": None}, None)
    assert moved is not None
    assert (moved.change.score_effect, moved.change.weight_effect) == pytest.approx((0.0, 20.0))
    assert (moved.begun, moved.ended, moved.compared_weight) == (("repair_speed",), ("repair",), 0.5)


def test_waves_on_two_scale_maps_are_compared_on_minmax() -> None:
    before = taken(tree({"staff": 1.0}), staff=[4, 4])
    after = taken(tree({"staff": 1.0}, ScaleMap.MINMAX), staff=[4, 4])
    moved = move(before, after, {"staff": "staff"}, None)
    assert moved is not None
    assert moved.scale_map is ScaleMap.MINMAX
    assert moved.change.change == pytest.approx(0.0)


def test_waves_without_a_common_leaf_are_not_compared() -> None:
    before, after = taken(tree({"staff": 1.0}), staff=[4, 4]), taken(tree({"price": 1.0}), price=[4, 4])
    assert move(before, after, {"staff": None}, None) is None


@pytest.mark.parametrize(
    ("crosswalk", "fault"),
    [
        ([{"leaf": "nowhere", "formerly": "repair"}], "there is no leaf nowhere"),
        ([{"leaf": "staff", "formerly": "a"}, {"leaf": "staff", "formerly": "b"}], "staff is named twice"),
        ([{"leaf": "staff", "formerly": "a"}, {"leaf": "price", "formerly": "a"}], "two leaves go on a"),
        ([{"leaf": "staff", "formerly": "price"}], "price is a leaf of this version and goes on by itself"),
    ],
)
def test_a_crosswalk_that_cannot_be_is_refused(crosswalk: list[dict[str, str]], fault: str) -> None:
    asked = tree({"staff": 0.5, "price": 0.5})
    crossings = [Crossing.model_validate(each) for each in crosswalk]
    assert fault in {problem.message for problem in crosswalk_faults(asked, crossings)}


def revised(**changes: object) -> SurveyDefinition:
    """The gas utility's survey, version 2, with parts of its document changed."""
    document = named_survey("gas_utility").model_dump(mode="json") | {"version": 2}
    return parse_document(SurveyDefinition, document | changes)


def renamed() -> SurveyDefinition:
    """The gas utility's survey, version 2: the pressure is asked for under other names."""
    text = named_survey("gas_utility").model_dump_json()
    text = text.replace('"pressure"', '"gas_pressure"').replace('"supply_pressure"', '"pressure_rating"')
    crosswalk = [{"leaf": "gas_pressure", "formerly": "pressure"}]
    return parse_document(SurveyDefinition, json.loads(text) | {"version": 2, "crosswalk": crosswalk})


def test_answers_to_both_versions_of_a_running_wave_come_together_under_the_new_names() -> None:
    first, second = named_survey("gas_utility"), renamed()
    contacts = [
        SampledContact(1, "east", Disposition("I"), {}, {"supply_pressure": 4, "overall": 5}, version=1),
        SampledContact(2, "east", Disposition("I"), {}, {"pressure_rating": 2, "overall": 3}, version=2),
        SampledContact(3, "east", Disposition("NC"), {}, None, version=1),
    ]
    sample = WaveSample({"east": SampledStratum(10, 3)}, contacts)
    together = in_one_instrument(sample, {1: first, 2: second}, 2)
    assert [each.answers for each in together.contacts] == [
        {"pressure_rating": 4, "overall": 5},
        {"pressure_rating": 2, "overall": 3},
        None,
    ]


def test_a_version_that_samples_or_fields_in_another_way_is_not_for_a_running_wave() -> None:
    first = named_survey("gas_utility")
    assert list(revision_faults(first, revised())) == []
    fieldwork = first.fieldwork.model_dump(mode="json") | {"quarantine": "P1D"}
    assert list(revision_faults(first, revised(fieldwork=fieldwork))) == ["fieldwork"]
    assert list(revision_faults(first, revised(sampling={"method": "census"}))) == ["sampling"]


def test_a_definition_refuses_a_crosswalk_of_leaves_that_are_not_there() -> None:
    with pytest.raises(SurveyProblem, match="there is no leaf nowhere"):
        revised(crosswalk=[{"leaf": "nowhere", "formerly": "elsewhere"}])
