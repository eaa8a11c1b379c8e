"""The numbers behind a report: effects in points, priorities, and that they follow the rules of the survey."""

import numpy as np
import pytest

from domain.surveys.definition import IndexMethod
from domain.surveys.errors import SurveyProblem
from domain.surveys.path_model.document import Scaling
from domain.surveys.path_model.fit import fit_path_model
from domain.surveys.path_model.index import construct_scores
from domain.surveys.path_model.library import named_model
from domain.surveys.report.findings.priorities import Priority, to_fix, to_keep
from domain.surveys.report.findings.structure import effects_in_points
from domain.surveys.report.subject import Subject
from domain.surveys.shipped import named_survey
from tests.unit.surveys.report_samples import (
    GAS,
    SMALL_MODEL,
    all_alike,
    evaluated,
    model_answers,
    model_responses,
)


@pytest.mark.parametrize("scaling", Scaling)
def test_effects_in_points_are_the_slopes_of_regressions_of_the_scores(scaling: Scaling) -> None:
    answers = model_answers()
    fit = fit_path_model(SMALL_MODEL.model_copy(update={"scaling": scaling}), answers)
    quality, value, satisfaction, loyalty = construct_scores(fit, answers).T
    on_value = slopes(value, quality)[0]
    of_quality, of_value = slopes(satisfaction, quality, value)
    on_loyalty = slopes(loyalty, satisfaction)[0]
    expected = np.zeros((4, 4))
    expected[1, 0], expected[2, 1], expected[3, 2] = on_value, of_value, on_loyalty
    expected[2, 0] = of_quality + of_value * on_value
    expected[3, 0], expected[3, 1] = expected[2, 0] * on_loyalty, of_value * on_loyalty
    np.testing.assert_allclose(effects_in_points(fit), expected, rtol=1e-9, atol=1e-12)


def slopes(response: np.ndarray, *regressors: np.ndarray) -> list[float]:
    design = np.column_stack([np.ones(len(response)), *regressors])
    return [float(slope) for slope in np.linalg.lstsq(design, response, rcond=None)[0][1:]]


def test_raising_every_item_of_a_driver_by_a_point_raises_the_index_by_its_effect() -> None:
    found = evaluated(Subject.of(None, SMALL_MODEL), model_responses()).structure
    assert found is not None
    of_quality = [each.effect for each in found.priorities if each.id.startswith("q")]
    assert sum(of_quality) == pytest.approx(found.effects[2, 0], rel=1e-12)
    assert {each.id for each in found.priorities} == {"q1", "q2", "q3", "v1", "v2"}


def test_what_costs_the_index_most_is_fixed_first() -> None:
    heavy, weak, perfect = Priority("heavy", 90, 0.6), Priority("weak", 50, 0.1), Priority("perfect", 100, 0.3)
    assert to_fix([perfect, weak, heavy]) == (heavy, weak)
    assert [heavy.gap, weak.gap] == pytest.approx([6.0, 5.0])


def test_a_plan_asks_for_five_points_but_never_beyond_a_hundred() -> None:
    assert Priority("weak", 50, 0.1).expected_gain == pytest.approx(0.5)
    assert Priority("almost", 98, 0.1).expected_gain == pytest.approx(0.2)


def test_what_is_kept_scores_at_least_the_index_and_is_not_to_be_fixed() -> None:
    found = [Priority("a", 95, 0.2), Priority("b", 60, 0.5), Priority("c", 70, 0.2), Priority("d", 88, 0.0)]
    assert to_keep(found, index=75, most=1) == (found[0],)
    assert to_keep(found, index=96, most=1) == ()


def test_the_published_index_is_the_one_of_the_surveys_method() -> None:
    ecsi = named_survey("ecsi")
    assert Subject.of(None, ecsi).method is IndexMethod.PATH_MODEL
    assert Subject.of(None, ecsi).index_construct == "satisfaction"
    assert GAS.method is IndexMethod.WEIGHTED_TREE
    assert Subject.of(named_survey("gas_utility"), named_model("ecsi")).method is IndexMethod.WEIGHTED_TREE


def test_a_subject_without_tree_and_model_is_refused() -> None:
    with pytest.raises(SurveyProblem, match="tree or a path model"):
        Subject.of(None, None)


def test_a_survey_is_not_taken_for_what_it_lacks() -> None:
    with pytest.raises(SurveyProblem, match="gas_utility: the survey has no path model"):
        Subject.of(None, named_survey("gas_utility"))
    with pytest.raises(SurveyProblem, match="ecsi: the survey has no indicator tree"):
        Subject.of(named_survey("ecsi"), None)


def test_a_model_in_which_nothing_is_the_index_is_refused() -> None:
    renamed = SMALL_MODEL.model_dump()
    renamed["constructs"][2]["id"] = "contentment"
    renamed["constructs"][3]["driven_by"] = ["contentment"]
    with pytest.raises(SurveyProblem, match="no construct is called satisfaction"):
        Subject.of(None, type(SMALL_MODEL).model_validate(renamed))


def test_whole_weights_give_the_numbers_of_repeated_rows() -> None:
    weights = np.arange(200) % 3 + 1
    subject = Subject.of(None, SMALL_MODEL)
    weighted = evaluated(subject, model_responses(weights.astype(np.float64))).structure
    repeated = evaluated(subject, model_responses(repeat=weights)).structure
    assert weighted is not None
    assert repeated is not None
    assert weighted.index.value == pytest.approx(repeated.index.value, rel=1e-12)
    np.testing.assert_allclose(weighted.effects, repeated.effects, rtol=1e-10)
    assert [each.id for each in weighted.priorities] == [each.id for each in repeated.priorities]


def test_the_same_seed_gives_the_same_intervals() -> None:
    subject, responses = Subject.of(None, SMALL_MODEL), model_responses()
    first, second = (evaluated(subject, responses, replicates=50).index for _ in range(2))
    assert first == second
    assert first.interval is not None


def test_a_short_questionnaire_is_not_judged_for_care() -> None:
    care = evaluated(GAS, all_alike(40)).care
    assert (care.items, care.quality) == (8, None)


def test_derived_importance_is_left_out_where_nothing_varies() -> None:
    found = evaluated(GAS, all_alike(60, overall=np.full(60, 4.0))).tree
    assert found is not None
    assert found.derived is None
