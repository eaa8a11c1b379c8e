"""Questions by themselves, the way through them, and the answers to them."""

from typing import Any

import pytest

from domain.surveys.answering import AnswerFault, answer_faults, items_asked, refuse_faulty_answers
from domain.surveys.branching import Answer
from domain.surveys.errors import Problem, SurveyProblem, parse_document
from domain.surveys.questionnaire import Questionnaire
from domain.surveys.reachability import reachability_faults
from domain.surveys.routing import reference_faults

Part = dict[str, Any]


def rating(name: str, low: int = 1, high: int = 5, **more: Any) -> Part:
    labels = {low: {"en": "bad"}, high: {"en": "good"}}
    scale = {"minimum": low, "maximum": high}
    return {"type": "rating", "id": name, "text": {"en": name}, "scale": scale, "labels": labels, **more}


def single(name: str, *codes: str, kind: str = "single", **more: Any) -> Part:
    choices = [{"code": code, "title": {"en": code}} for code in codes]
    return {"type": kind, "id": name, "text": {"en": name}, "choices": choices, **more}


def number(name: str, minimum: float, maximum: float, **more: Any) -> Part:
    return {"type": "number", "id": name, "text": {"en": name}, "minimum": minimum, "maximum": maximum, **more}


def text(name: str, **more: Any) -> Part:
    return {"type": "text", "id": name, "text": {"en": name}, **more}


def matrix(name: str, *rows: str, **more: Any) -> Part:
    return rating(name, **more) | {"type": "matrix", "rows": [{"id": row, "text": {"en": row}} for row in rows]}


def constrained(constraint: str) -> Part:
    return {"constraint": constraint, "constraint_message": {"en": "please check"}}


def questionnaire(*pages: list[Part], known: tuple[str, ...] = (), **of_every_page: Any) -> Questionnaire:
    content = {
        "introduction": {"en": "hello"},
        "thanks": {"en": "thanks"},
        "known": known,
        "pages": [{"id": f"p{at}", "questions": page, **of_every_page} for at, page in enumerate(pages, start=1)],
    }
    return parse_document(Questionnaire, content)


def problems_of(*pages: list[Part], **more: Any) -> tuple[Problem, ...]:
    with pytest.raises(SurveyProblem) as caught:
        questionnaire(*pages, **more)
    return caught.value.problems


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (rating("q", 1, 6), "a rating goes from 1 to 5, 7 or 10 or from 0 to 10"),
        (rating("q", labels={1: {"en": "bad"}}), "labels are needed for 1 and 5 and allowed between them"),
        (rating("q", labels={1: {"en": "bad"}, 5: {"en": "good"}, 6: {"en": "?"}}), "labels are needed for 1 and 5"),
        (rating("q", role="nps"), "the question of the net promoter score goes from 0 to 10"),
        (rating("q", constraint=". > 1"), "constraint and constraint_message belong together"),
        (rating("q", relevant="${a} >"), "a question, a number or a text in quotes is expected"),
        (single("q", "a"), "at least 2 items"),
        (single("q", "a", "a"), "choice used 2 times"),
        (single("q", "a", "dont_know", missing=["dont_know"]), "choice used 2 times"),
        (single("q", "a", "b", kind="multiple", least=3), "at least 3 cannot be chosen of 2"),
        (single("q", "a", "b", kind="multiple", least=2, most=1), "at least 2 cannot be chosen of 2 (at most 1)"),
        (single("q", "a", "b", kind="ranking", places=3), "3 places cannot be filled by 2 choices"),
        (number("q", 5, 4), "minimum 5 is above maximum 4"),
        (text("q", longest=0), "greater than or equal to 1"),
        (matrix("q"), "at least 1 item"),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused_on_its_page(question: Part, expected: str) -> None:
    found = problems_of([question])
    assert found[0].place.startswith("pages[0].questions[0]")
    assert expected in found[0].message


def test_ids_are_distinct_over_questions_rows_matrices_and_known_attributes() -> None:
    pages = [[rating("a"), matrix("m", "a", "b")], [text("m"), text("product")]]
    found = problems_of(*pages, known=("product",))
    assert {problem.place for problem in found} == {"a", "m", "product"}


def test_page_ids_are_distinct() -> None:
    assert problems_of([text("a")], [text("b")], id="same") == (Problem("same", "page used 2 times"),)


def test_a_matrix_is_one_rating_per_row() -> None:
    found = questionnaire([matrix("m", "a", "b", missing=["dont_know"], relevant="${k} = 'x'")], known=("k",)).items()
    assert [(item.id, item.question.type, item.question.missing) for item in found] == [
        ("a", "rating", ("dont_know",)),
        ("b", "rating", ("dont_know",)),
    ]
    assert all(len(item.conditions) == 1 for item in found)


def fault_places(*pages: list[Part], **more: Any) -> list[tuple[str, str]]:
    return [(each.place, each.message) for each in reference_faults(questionnaire(*pages, **more))]


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("${nobody} = 1", "nobody is not an earlier question"),
        ("${later} = 1", "later is not an earlier question"),
        ("${score} = 6", "score never is 6"),
        ("${score} > 2.5", "score never is 2.5"),
        ("${score} = 'yes'", "score never is 'yes'"),
        ("${kind} = 'oil'", "kind never is 'oil'"),
        ("${kind} > 'gas'", "kind has no order, so > says nothing"),
        ("${words} < 3", "words has no order, so < says nothing"),
        ("${reasons} = 'price'", "reasons has several answers: selected() asks for one of them"),
        ("selected(${reasons}, 'speed')", "reasons never is 'speed'"),
        ("1 = 1", "a comparison needs a question"),
    ],
)
def test_a_condition_on_what_is_not_there_is_refused_by_question(condition: str, message: str) -> None:
    earlier = [
        rating("score", missing=["dont_know"]),
        single("kind", "gas", "power"),
        single("reasons", "price", "staff", kind="multiple"),
        text("words"),
    ]
    assert fault_places([*earlier, text("q", relevant=condition), rating("later")]) == [("q relevant", message)]


def test_a_missing_code_and_a_known_attribute_may_be_asked_for() -> None:
    condition = "${score} = 'dont_know' or ${product} = 'anything'"
    pages = [rating("score", missing=["dont_know"]), text("q", relevant=condition)]
    assert fault_places(pages, known=("product",)) == []


def test_numbers_and_texts_may_be_compared_with_their_like() -> None:
    page = [number("age", 18, 99), text("words"), text("q", relevant="${age} > 65.5 or ${words} = 'none'")]
    assert fault_places(page) == []
    wrong = [*page[:2], text("q", relevant="${age} = 'old' or ${words} = 3")]
    assert fault_places(wrong) == [("q relevant", "age never is 'old'"), ("q relevant", "words never is 3")]


def test_a_constraint_on_a_value_off_its_own_scale_is_refused() -> None:
    assert fault_places([rating("score", **constrained(". >= 7"))]) == [("score constraint", ". never is 7")]


def test_a_question_of_the_same_page_in_random_order_is_not_an_earlier_one() -> None:
    page = [single("kind", "gas", "power"), text("q", relevant="${kind} = 'gas'")]
    assert fault_places(page) == []
    assert fault_places(page, order="random") == [("q relevant", "kind is not an earlier question")]


def test_a_placeholder_names_an_earlier_question_or_a_known_attribute() -> None:
    page = [text("first", text={"en": "About ${product}"}), text("second", hint={"en": "${first} ${third}"})]
    assert fault_places(page, known=("product",)) == [("second hint", "third is not an earlier question")]


def ways(*pages: list[Part], **more: Any) -> list[tuple[str, str]]:
    return [(each.place, each.message) for each in reachability_faults(questionnaire(*pages, **more))]


UNASKED = "nobody is ever asked: its conditions cannot all hold"


def test_a_question_whose_condition_contradicts_itself_is_never_asked() -> None:
    page = [rating("a"), text("q", relevant="${a} < 2 and ${a} > 3")]
    assert ways(page) == [("q", UNASKED)]


def test_a_question_whose_condition_contradicts_that_of_another_is_never_asked() -> None:
    page = [
        single("kind", "gas", "power"),
        rating("pressure", relevant="${kind} = 'gas'"),
        text("q", relevant="${pressure} <= 2 and ${kind} = 'power'"),
    ]
    assert ways(page) == [("q", UNASKED)]


def test_a_question_whose_condition_contradicts_that_of_its_page_is_never_asked() -> None:
    pages = [single("kind", "gas", "power")], [text("q", relevant="${kind} = 'gas'")]
    built = questionnaire(*pages).model_copy()
    content = built.model_dump()
    content["pages"][1]["relevant"] = "${kind} = 'power'"
    found = list(reachability_faults(parse_document(Questionnaire, content)))
    assert [(each.place, each.message) for each in found] == [("q", UNASKED)]


def test_a_choice_that_stands_alone_is_never_chosen_with_another() -> None:
    both = "selected(${reasons}, 'none') and selected(${reasons}, 'price')"
    reasons = single("reasons", "price", "staff", "none", kind="multiple")
    assert ways([reasons, text("q", relevant=both)]) == []
    reasons["choices"][2]["exclusive"] = True
    assert ways([reasons, text("q", relevant=both)]) == [("q", UNASKED)]


def test_more_choices_than_may_be_made_are_never_made() -> None:
    both = "selected(${reasons}, 'staff') and selected(${reasons}, 'price')"
    assert ways([single("reasons", "price", "staff", kind="multiple", most=1), text("q", relevant=both)]) == [
        ("q", UNASKED)
    ]


def test_numbers_are_tried_at_their_boundaries() -> None:
    def way(condition: str) -> list[tuple[str, str]]:
        return ways([number("age", 18, 99), text("q", relevant=condition)])

    assert way("${age} < 18") == [("q", UNASKED)]
    assert way("${age} < 19") == []
    assert way("${age} > 40 and ${age} < 41") == [("q", UNASKED)]
    assert way("${age} > 40 and ${age} < 42") == []


def test_a_required_question_that_admits_no_answer_after_some_answers_is_a_dead_end() -> None:
    page = [rating("worst"), rating("best", **constrained(". > ${worst}"))]
    assert ways(page) == [("best", "a dead end: it has no valid answer after worst = 5")]


@pytest.mark.parametrize("way_out", [{"required": False}, {"missing": ["dont_know"]}])
def test_a_question_that_may_be_skipped_or_not_known_is_no_dead_end(way_out: Part) -> None:
    assert ways([rating("worst"), rating("best", **constrained(". > ${worst}"), **way_out)]) == []


def test_a_constraint_that_nothing_meets_is_a_dead_end_whatever_came_before() -> None:
    page = [rating("q", **constrained(". < 2 and . > 3"))]
    assert ways(page) == [("q", "a dead end: it has no valid answer whatever was answered before")]


def test_a_known_attribute_may_have_any_value_that_is_asked_for_but_only_one() -> None:
    page = [text("q", relevant="${product} = 'gas'"), text("r", relevant="${product} = 'a' and ${product} = 'b'")]
    assert ways(page, known=("product",)) == [("r", UNASKED)]


def test_a_place_in_a_ranking_may_be_asked_for() -> None:
    page = [single("order", "price", "staff", "speed", kind="ranking", places=2)]
    both = "selected(${order}, 'price') and selected(${order}, 'staff')"
    assert ways([*page, text("q", relevant=both)]) == []
    assert ways([*page, text("q", relevant=f"{both} and selected(${{order}}, 'speed')")]) == [("q", UNASKED)]


def test_numbers_and_ratings_are_compared_with_each_other() -> None:
    page = [number("paid", 0, 100), rating("worth", 0, 10), text("q", relevant="${worth} > ${paid}")]
    assert ways(page) == []
    page[0]["minimum"] = 20
    assert ways(page) == [("q", UNASKED)]


def test_more_codes_told_apart_than_can_be_tried_are_refused() -> None:
    codes = [f"c{number}" for number in range(11)]
    all_of_them = " and ".join(f"selected(${{many}}, '{code}')" for code in codes)
    found = ways([single("many", *codes, kind="multiple"), text("q", relevant=all_of_them)])
    assert {place for place, _ in found} == {"many", "q"}


def test_a_follow_up_on_any_of_many_ratings_is_found_at_once() -> None:
    names = [f"r{number}" for number in range(20)]
    any_low = " or ".join(f"${{{name}}} <= 2" for name in names)
    assert ways([*map(rating, names), text("why", relevant=any_low)]) == []


def test_conditions_on_too_many_cases_are_refused_and_not_waited_for() -> None:
    names = [f"r{number}" for number in range(12)]
    never = " and ".join(f"${{{name}}} > 2" for name in names) + " and ${r0} < 2"
    found = ways([*map(rating, names), text("why", relevant=never)])
    assert found == [("why", "its conditions depend on more than 50,000 cases of earlier answers")]


FORM = questionnaire(
    [
        rating("score", missing=["dont_know"]),
        text("why", required=False, relevant="${score} <= 2", longest=10),
        single("kind", "gas", "power"),
    ],
    [
        single("reasons", "price", "staff", "speed", kind="multiple", required=False, least=1, most=2),
        single("order", "price", "staff", "speed", kind="ranking", required=False, places=2),
        number("age", 18, 99, required=False),
        number("bill", 0, 500, required=False, whole=False, **constrained(". > 0 or ${kind} = 'gas'")),
    ],
)
VALID: dict[str, Answer] = {"score": 4, "kind": "gas"}


def test_valid_answers_have_no_fault() -> None:
    full = VALID | {"reasons": ("price", "speed"), "order": ("staff", "price"), "age": 40, "bill": 12.5}
    assert answer_faults(FORM, full) == {}
    refuse_faulty_answers(FORM, full)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"score": None}, {"score": AnswerFault.MISSING}),
        ({"score": 6}, {"score": AnswerFault.OFF_SCALE}),
        ({"score": 4.0}, {"score": AnswerFault.OFF_SCALE}),
        ({"score": True}, {"score": AnswerFault.OFF_SCALE}),
        ({"score": "dont_know"}, {}),
        ({"score": "not_applicable"}, {"score": AnswerFault.OFF_SCALE}),
        ({"kind": "oil"}, {"kind": AnswerFault.UNKNOWN_CODE}),
        ({"kind": "  "}, {"kind": AnswerFault.MISSING}),
        ({"why": "too slow"}, {"why": AnswerFault.NOT_ASKED}),
        ({"score": 2, "why": "too slow"}, {}),
        ({"score": 2, "why": "much too slow"}, {"why": AnswerFault.NOT_A_TEXT}),
        ({"reasons": ("price", "oil")}, {"reasons": AnswerFault.UNKNOWN_CODE}),
        ({"reasons": "price"}, {"reasons": AnswerFault.UNKNOWN_CODE}),
        ({"reasons": ("price", "staff", "speed")}, {"reasons": AnswerFault.WRONG_NUMBER_OF_CHOICES}),
        ({"reasons": ("price", "price")}, {"reasons": AnswerFault.WRONG_NUMBER_OF_CHOICES}),
        ({"reasons": ()}, {}),
        ({"order": ("price",)}, {"order": AnswerFault.WRONG_NUMBER_OF_CHOICES}),
        ({"age": 17}, {"age": AnswerFault.NOT_A_NUMBER}),
        ({"age": 40.5}, {"age": AnswerFault.NOT_A_NUMBER}),
        ({"age": "40"}, {"age": AnswerFault.NOT_A_NUMBER}),
        ({"bill": float("nan")}, {"bill": AnswerFault.NOT_A_NUMBER}),
        ({"bill": 0, "kind": "power"}, {"bill": AnswerFault.CONSTRAINT}),
        ({"bill": 0}, {}),
        ({"typo": 1}, {"typo": AnswerFault.UNKNOWN_QUESTION}),
    ],
)
def test_a_faulty_answer_is_named_by_its_question(answers: dict[str, Answer], expected: dict[str, AnswerFault]) -> None:
    assert answer_faults(FORM, VALID | answers) == expected


def test_a_choice_that_stands_alone_is_refused_with_another() -> None:
    reasons = single("reasons", "price", "staff", "none", kind="multiple", least=2)
    reasons["choices"][2]["exclusive"] = True
    form = questionnaire([reasons])
    assert answer_faults(form, {"reasons": ("none",)}) == {}
    assert answer_faults(form, {"reasons": ("none", "price")}) == {"reasons": AnswerFault.NOT_TOGETHER}


def test_only_the_pages_answered_so_far_are_held_to_be_complete() -> None:
    assert answer_faults(FORM, {}, pages=["p2"]) == {}
    assert answer_faults(FORM, {}, pages=["p1"]) == {"score": AnswerFault.MISSING, "kind": AnswerFault.MISSING}


def test_an_answer_that_was_not_asked_for_opens_no_further_question() -> None:
    form = questionnaire(
        [
            single("kind", "gas", "power"),
            rating("pressure", relevant="${kind} = 'gas'"),
            text("why", relevant="${pressure} <= 2"),
        ]
    )
    asked = items_asked(form, {"kind": "power", "pressure": 1})
    assert [item.id for item in asked] == ["kind"]


def test_known_attributes_open_questions() -> None:
    form = questionnaire([text("why", relevant="${product} = 'gas'")], known=("product",))
    assert [item.id for item in items_asked(form, {}, {"product": "gas"})] == ["why"]
    assert items_asked(form, {}, {"product": "power"}) == ()


def test_faulty_answers_are_refused_with_all_their_places() -> None:
    with pytest.raises(SurveyProblem) as caught:
        refuse_faulty_answers(FORM, {"score": 9, "typo": 1})
    assert {problem.place for problem in caught.value.problems} == {"score", "kind", "typo"}
