"""Survey definitions as wholes: what is refused where, and that the shipped ones are what they claim to be."""

import tomllib
from datetime import timedelta
from typing import Any

import pytest

from domain.surveys.branching import Answer
from domain.surveys.definition import AddOn, SurveyDefinition
from domain.surveys.dispositions import CompletenessThresholds
from domain.surveys.errors import Problem, SurveyProblem, parse_document
from domain.surveys.questionnaire import Role
from domain.surveys.shipped import add_on_names, named_add_on, named_survey, survey_names

SMALL = """
format = "amends-survey/1"
id = "small"
version = 1
title = { zh = "小调查", en = "Small" }
languages = ["zh", "en"]
index = { method = "weighted_tree" }
sampling = { size = 100 }

[fieldwork]
channels = ["email"]
open_for = "P14D"
reminders = [{ kind = "partial", after = "P3D", channel = "email" }]

[indicators]
id = "csi"
title = { zh = "满意度", en = "Satisfaction" }
scale_map = "likert_x20"
children = [
    { id = "a", title = { zh = "甲", en = "A" }, weight = 0.5, question = "qa" },
    { id = "b", title = { zh = "乙", en = "B" }, weight = 0.5, question = "qb" },
]

[questionnaire]
introduction = { zh = "您好", en = "Hello" }
thanks = { zh = "谢谢", en = "Thanks" }

[[questionnaire.pages]]
id = "one"

[[questionnaire.pages.questions]]
type = "matrix"
id = "m"
text = { zh = "满意吗？", en = "Satisfied?" }
missing = ["dont_know"]
labels = { 1 = { zh = "否", en = "No" }, 5 = { zh = "是", en = "Yes" } }
rows = [{ id = "qa", text = { zh = "甲", en = "A" } }, { id = "qb", text = { zh = "乙", en = "B" } }]

[[questionnaire.pages.questions]]
type = "text"
id = "why"
required = false
text = { zh = "为什么？", en = "Why?" }
relevant = "${qa} <= 2"
"""


def content(**changes: Any) -> dict[str, Any]:
    """The small survey with parts replaced, by paths like `indicators__children__0__weight`."""
    whole = tomllib.loads(SMALL)
    for path, value in changes.items():
        *above, last = (int(step) if step.isdigit() else step for step in path.split("__"))
        part: Any = whole
        for step in above:
            part = part[step]
        part[last] = value
    return whole


def problems_of(**changes: Any) -> tuple[Problem, ...]:
    with pytest.raises(SurveyProblem) as caught:
        parse_document(SurveyDefinition, content(**changes))
    return caught.value.problems


def places(**changes: Any) -> list[str]:
    return [problem.place for problem in problems_of(**changes)]


def test_a_definition_reads_the_same_from_toml_and_from_its_own_json() -> None:
    survey = parse_document(SurveyDefinition, content())
    assert SurveyDefinition.model_validate_json(survey.model_dump_json()) == survey
    assert survey.fieldwork.open_for == timedelta(days=14)


def test_a_text_without_one_of_the_languages_is_refused_by_place() -> None:
    found = problems_of(languages=["zh", "en", "ug"], title={"zh": "小", "en": "Small", "ug": "x"})
    assert "title" not in [problem.place for problem in found]
    assert {problem.message for problem in found} == {"not translated to ug"}
    assert {
        "questionnaire introduction",
        "questionnaire m text",
        "questionnaire m labels 1",
        "questionnaire m row qa",
        "questionnaire why text",
        "questionnaire thanks",
        "indicators",
        "indicators a",
    } <= {problem.place for problem in found}


def test_a_leaf_without_its_question_is_refused_by_path() -> None:
    assert problems_of(indicators__children__0__question="gone") == (
        Problem("indicators a", "there is no question gone"),
    )


def test_a_leaf_measured_by_a_text_is_refused_by_path() -> None:
    assert problems_of(indicators__children__0__question="why") == (
        Problem("indicators a", "question why is not a rating"),
    )


def test_a_leaf_on_another_scale_than_its_question_is_refused_by_path() -> None:
    found = problems_of(
        questionnaire__pages__0__questions__0__scale={"minimum": 1, "maximum": 7},
        questionnaire__pages__0__questions__0__labels={1: {"zh": "否", "en": "No"}, 7: {"zh": "是", "en": "Yes"}},
    )
    assert found[0] == Problem("indicators a", "question qa goes from 1 to 7, not from 1 to 5")


def test_mixed_scales_under_likert_x20_are_refused_by_leaf() -> None:
    assert places(indicators__children__1__scale={"minimum": 0, "maximum": 10}) == ["indicators: b"]


def test_a_leaf_that_nobody_is_asked_is_refused_by_question() -> None:
    never = {"questionnaire__pages__0__questions__1__relevant": "${qa} < 2 and ${qa} > 4"}
    assert places(**never) == ["why"]
    assert places(questionnaire__pages__0__questions__0__relevant="${why} = 'x'") == ["qa relevant", "qb relevant"]


def test_weights_that_do_not_sum_to_one_are_refused_by_node() -> None:
    found = problems_of(indicators__children__0__weight=0.4)
    assert found == (Problem("indicators: csi", "the weights of its children must sum to 1, not 0.9"),)


def test_a_method_without_its_document_is_refused() -> None:
    assert places(index={"method": "path_model", "index_construct": "x"}) == ["model"]
    without_tree = content(index={"method": "weighted_tree"})
    del without_tree["indicators"]
    with pytest.raises(SurveyProblem, match="indicators: the weighted tree needs one"):
        parse_document(SurveyDefinition, without_tree)


def test_an_unknown_construct_and_items_without_questions_are_refused() -> None:
    model = {
        "id": "m",
        "title": {"zh": "模型", "en": "Model"},
        "constructs": [
            {"id": "x", "title": {"zh": "一", "en": "X"}, "items": ["qa"], "scale": {"minimum": 1, "maximum": 5}},
            {"id": "y", "title": {"zh": "二", "en": "Y"}, "items": ["gone"], "driven_by": ["x"]},
        ],
    }
    found = problems_of(index={"method": "path_model", "index_construct": "z"}, model=model)
    assert [problem.place for problem in found] == ["index index_construct", "model y"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"fieldwork__channels": ["email", "email"]}, "fieldwork: channels"),
        ({"fieldwork__channels": []}, "fieldwork.channels"),
        ({"fieldwork__channels": ["sms"]}, "fieldwork: reminders[0]"),
        ({"fieldwork__open_for": "P3D"}, "fieldwork: reminders[0]"),
        ({"fieldwork__open_for": "P0D"}, "fieldwork.open_for"),
        ({"fieldwork__thresholds": {"complete": 0.4}}, "fieldwork.thresholds"),
        ({"fieldwork__quotas": [{"attribute": "sex", "category": "f", "most": 0}]}, "fieldwork.quotas[0].most"),
        ({"fieldwork__quotas": [{"attribute": "sex", "category": "f", "most": 5}] * 2}, "fieldwork: quotas[1]"),
        ({"fieldwork__follow_up": {"question": "why", "at_most": 2}}, "fieldwork follow_up"),
        ({"fieldwork__follow_up": {"question": "qa", "at_most": 5}}, "fieldwork follow_up"),
        ({"sampling": {}}, "sampling: size"),
        ({"format": "amends-survey/2"}, "format"),
        ({"version": 0}, "version"),
        ({"languages": []}, "languages"),
        ({"id": "Small Survey"}, "id"),
        ({"colour": "red"}, "colour"),
        ({"weighting": {"largest_weight": 1}}, "weighting.largest_weight"),
    ],
)
def test_a_part_that_does_not_hold_is_refused_by_its_path(changes: dict[str, Any], expected: str) -> None:
    assert expected in places(**changes)


def test_a_second_reminder_of_one_kind_at_the_same_time_is_refused() -> None:
    reminder = {"kind": "partial", "after": "P3D", "channel": "email"}
    assert places(fieldwork__reminders=[reminder, reminder]) == ["fieldwork: reminders[1]"]


@pytest.mark.parametrize(
    ("answers", "expected"),
    [({}, 0.0), ({"qa": 4}, 0.5), ({"qa": 4, "qb": "dont_know"}, 1.0), ({"qa": 4, "qb": 2, "why": ""}, 1.0)],
)
def test_completeness_counts_the_core_questions_that_were_asked(answers: dict[str, Answer], expected: float) -> None:
    assert parse_document(SurveyDefinition, content()).core_share_answered(answers) == expected


def test_core_questions_that_were_not_asked_do_not_count() -> None:
    gas = named_survey("gas_utility")
    without_repair: dict[str, Answer] = {"supply_pressure": 5, "supply_quality": 4, "had_repair": "no"}
    assert gas.core_share_answered(without_repair) == pytest.approx(2 / 5)
    assert gas.core_share_answered(without_repair | {"had_repair": "yes"}) == pytest.approx(2 / 8)


def test_the_items_of_a_structural_model_are_its_core() -> None:
    survey = named_survey("ecsi")
    assert survey.core_items() == tuple(item.id for item in survey.questionnaire.items())


def test_the_thresholds_of_the_field_plan_are_those_of_dispositions() -> None:
    survey = parse_document(SurveyDefinition, content(fieldwork__thresholds={"complete": 0.9, "partial": 0.3}))
    assert survey.fieldwork.thresholds.for_dispositions() == CompletenessThresholds(0.9, 0.3)


def test_without_an_index_the_required_questions_are_the_core() -> None:
    assert "knows_competitor" in named_survey("value_curve").core_items()
    assert "what_to_add" not in named_survey("value_curve").core_items()


def test_what_is_shipped() -> None:
    assert survey_names() == ("complaint_closed", "ecsi", "gas_utility", "value_curve")
    assert add_on_names() == ("ces", "nps")


@pytest.mark.parametrize("name", survey_names())
def test_a_shipped_survey_is_sound_and_bilingual(name: str) -> None:
    survey = named_survey(name)
    assert survey.id == name
    assert survey.languages == ("zh", "en")


@pytest.mark.parametrize("survey", survey_names())
@pytest.mark.parametrize("add_on", add_on_names())
def test_every_add_on_fits_every_shipped_survey(survey: str, add_on: str) -> None:
    plain, extra = named_survey(survey), named_add_on(add_on)
    whole = plain.with_add_on(extra)
    assert [page.id for page in whole.questionnaire.pages][-1] == extra.pages[-1].id
    assert len(whole.questionnaire.items()) > len(plain.questionnaire.items())


def test_an_add_on_that_is_there_already_is_refused() -> None:
    add_on = named_add_on("nps")
    with pytest.raises(SurveyProblem, match="would_recommend: question used 2 times"):
        named_survey("ecsi").with_add_on(add_on).with_add_on(add_on)


def test_an_add_on_lacking_a_language_of_the_survey_is_refused() -> None:
    only_chinese = named_add_on("ces").model_dump()
    only_chinese["pages"][0]["questions"][0]["text"] = {"zh": "容易吗？"}
    add_on = parse_document(AddOn, only_chinese)
    with pytest.raises(SurveyProblem, match="questionnaire was_easy text: not translated to en"):
        parse_document(SurveyDefinition, content()).with_add_on(add_on)


def test_the_gas_tree_has_the_weights_of_the_reference_procedure() -> None:
    tree = named_survey("gas_utility").indicators
    assert tree is not None
    answers = {
        "pressure": 5,
        "gas_quality": 4,
        "repair_attitude": 4,
        "repair_timeliness": 4,
        "repair_result": 4,
        "reading_attitude": 5,
        "reading_accuracy": 5,
        "punctual_bill": 3,
    }
    weights = tree.leaf_weights()
    assert sum(weights.values()) == pytest.approx(1)
    assert sum(weights[leaf] * answer for leaf, answer in answers.items()) == pytest.approx(4.46)


def test_the_ecsi_survey_asks_24_items_of_seven_constructs() -> None:
    survey = named_survey("ecsi")
    assert survey.model is not None
    assert [len(construct.items) for construct in survey.model.constructs] == [5, 3, 7, 2, 3, 1, 3]
    assert survey.index.index_construct == "satisfaction"


def test_the_transaction_survey_has_its_control_question_and_opens_a_callback() -> None:
    survey = named_survey("complaint_closed")
    roles = [item.question.role for item in survey.questionnaire.items()]
    assert Role.CONTROL in roles
    assert survey.fieldwork.follow_up is not None
    assert survey.fieldwork.follow_up.action == "callback"


def test_the_value_curve_asks_the_same_elements_of_us_and_of_a_competitor() -> None:
    ids = [item.id for item in named_survey("value_curve").questionnaire.items()]
    ours, theirs = ({name.split("_", 1)[1] for name in ids if name.startswith(who)} for who in ("our_", "their_"))
    assert ours == theirs
    assert {"what_to_add", "what_to_drop"} <= {*ids}


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SurveyProblem, match="water: it is not shipped; known: complaint_closed, ecsi"):
        named_survey("water")
    with pytest.raises(SurveyProblem, match="known: ces, nps"):
        named_add_on("csat")
