"""Surveys as XLSForm: our own come back equal, pyxform takes them, those of others are read or refused by cell."""

import io
from typing import Any

import openpyxl
import pytest
from pyxform.xls2xform import convert

from documents.xlsform.reading import read_xlsform
from documents.xlsform.writing import as_xlsform
from domain.surveys.definition import SurveyDefinition
from domain.surveys.errors import SurveyProblem, parse_document
from domain.surveys.questionnaire import (
    Matrix,
    MultipleChoice,
    Number,
    OpenText,
    Order,
    Questionnaire,
    Ranking,
    Rating,
    SingleChoice,
)
from domain.surveys.shipped import named_survey, survey_names

Cells = list[list[Any]]

SURVEY = ["type", "name", "label::English (en)", "required", "relevant", "constraint", "appearance", "parameters"]
CHOICES = ["list_name", "name", "label::English (en)"]
SCALE: Cells = [["agree", code, f"Label {code}"] for code in (1, 2, 3, 4, 5)]
YES_NO: Cells = [["yes_no", "yes", "Yes"], ["yes_no", "no", "No"]]


def both(text: str) -> dict[str, str]:
    return {"zh": f"中{text}", "en": text}


def choices(*codes: str) -> list[dict[str, Any]]:
    return [{"code": code, "title": both(code)} for code in codes]


def survey_with_everything() -> SurveyDefinition:
    """Every type of question with everything that it may have."""
    labels = {1: both("worst"), 5: both("best")}
    rating = {"labels": labels, "missing": ["dont_know", "not_applicable"]}
    rule = {"constraint": ". >= 2 or . = 1", "constraint_message": both("no")}
    questions: list[dict[str, Any]] = [
        {
            "type": "rating",
            "id": "r",
            "text": both("Dear ${name}"),
            "hint": both("h"),
            "role": "csat",
            **rating,
            **rule,
        },
        {"type": "matrix", "id": "m", "text": both("m"), "order": "random", "rows": rows("m1", "m2"), **rating, **rule},
        {"type": "single", "id": "s", "text": both("s"), "order": "random", "choices": choices("1", "2", "dont_know")},
        {
            "type": "multiple",
            "id": "mc",
            "text": both("mc"),
            "least": 1,
            "most": 2,
            "missing": ["not_applicable"],
            "choices": [*choices("a", "b"), {"code": "none", "title": both("none"), "exclusive": True}],
        },
        {"type": "ranking", "id": "k", "text": both("k"), "choices": choices("a", "b", "c"), "places": 2},
        {"type": "number", "id": "n", "text": both("n"), "minimum": 0.5, "maximum": 9, "whole": False, **rule},
        {"type": "number", "id": "n2", "text": both("n2"), "minimum": -3, "maximum": 3, "missing": ["dont_know"]},
        {"type": "text", "id": "t", "text": both("=1+1\n\nhttp://example.org"), "longest": 80, "required": False},
    ]
    pages = [
        {"id": "first", "questions": questions},
        {"id": "t", "title": both("T"), "order": "random", "relevant": "${r} <= 2", "questions": [last_question()]},
    ]
    return parse_document(
        SurveyDefinition,
        {
            "format": "amends-survey/1",
            "id": "all",
            "version": 7,
            "title": both("All"),
            "languages": ["zh", "en"],
            "questionnaire": {"introduction": both("hello"), "thanks": both("bye"), "pages": pages, "known": ["name"]},
            "sampling": {"method": "stratified", "size": 9, "deviations": {"E.1 [x]": 1 / 3, '"y"': 0.1 + 0.2}},
            "fieldwork": {
                "channels": ["email"],
                "open_for": "P7D",
                "quotas": [{"attribute": "age", "category": "1", "most": 5}],
            },
            "index": {"method": "none"},
        },
    )


def rows(*names: str) -> list[dict[str, Any]]:
    return [{"id": name, "text": both(name)} for name in names]


def last_question() -> dict[str, Any]:
    return {"type": "text", "id": "why", "text": both("why ${m1}"), "relevant": "not(selected(${mc}, 'a'))"}


def workbook(**sheets: Cells) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, cells in sheets.items():
        sheet = book.create_sheet(name)
        for row in cells:
            sheet.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def form(*survey: list[Any], choices: Cells | None = None) -> bytes:
    settings = [["form_title", "form_id", "default_language"], ["A form", "a_form", "English (en)"]]
    return workbook(survey=[SURVEY, *survey], choices=[CHOICES, *(choices or [*SCALE, *YES_NO])], settings=settings)


def read_form(*survey: list[Any], choices: Cells | None = None) -> Questionnaire:
    read = read_xlsform(form(*survey, choices=choices))
    assert isinstance(read, Questionnaire)
    return read


def refusal(content: bytes) -> dict[str, str]:
    with pytest.raises(SurveyProblem) as refused:
        read_xlsform(content)
    return {problem.place: problem.message for problem in refused.value.problems}


def changed(sheet: str, cell: str, value: object) -> bytes:
    """The gas utility's workbook with one cell changed by hand."""
    book = openpyxl.load_workbook(io.BytesIO(as_xlsform(named_survey("gas_utility"))))
    book[sheet][cell] = value
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def cell_of(sheet: str, first: str, column: int) -> str:
    """Address of the cell in that column of the row where `first` stands."""
    book = openpyxl.load_workbook(io.BytesIO(as_xlsform(named_survey("gas_utility"))))
    found = next(row for row in book[sheet].iter_rows() if first in [cell.value for cell in row])
    return str(found[column - 1].coordinate)


@pytest.mark.parametrize("name", survey_names())
def test_a_shipped_survey_comes_back_equal(name: str) -> None:
    assert read_xlsform(as_xlsform(named_survey(name))) == named_survey(name)


def test_every_type_of_question_comes_back_equal() -> None:
    survey = survey_with_everything()
    assert read_xlsform(as_xlsform(survey)) == survey


@pytest.mark.parametrize("survey", [*map(named_survey, survey_names()), survey_with_everything()], ids=lambda s: s.id)
def test_the_converter_of_xlsform_accepts_it_without_warnings(survey: SurveyDefinition) -> None:
    warnings: list[str] = []
    xform = convert(as_xlsform(survey), warnings=warnings, file_type=".xlsx").xform
    assert all(f"<{item.id}/>" in xform for item in survey.questionnaire.items())
    assert [text for text in warnings if "missing the survey columns" not in text] == []


def test_the_same_survey_gives_the_same_bytes() -> None:
    assert as_xlsform(named_survey("gas_utility")) == as_xlsform(named_survey("gas_utility"))


def test_what_was_changed_in_the_spreadsheet_is_what_is_read() -> None:
    address = cell_of("survey", "what_to_improve", 4)
    survey = read_xlsform(changed("survey", address, "What should we do better?"))
    assert isinstance(survey, SurveyDefinition)
    item = survey.questionnaire.item("what_to_improve")
    assert item is not None
    assert item.question.text["en"] == "What should we do better?"


def test_a_wrong_weight_is_named_by_its_row_in_our_sheet() -> None:
    address = cell_of("amends", "indicators.children[0].children[0].weight", 2)
    [(place, message)] = refusal(changed("amends", address, 1.5)).items()
    assert place == f"amends!{address} content"
    assert "less than or equal to 1" in message


def test_a_text_that_lost_its_translation_is_named_by_its_cell() -> None:
    address = cell_of("survey", "supply_pressure", 4)
    row = address.strip("ABCDEFGH")
    assert refusal(changed("survey", address, None)) == {f"survey!C{row} label": "not translated to en"}


def test_the_types_of_a_foreign_form_are_recognised() -> None:
    read = read_form(
        ["note", "welcome", "Hello"],
        ["select_one agree", "happy", "Are you happy?", "yes"],
        ["select_one yes_no", "again", "Again?", "true()"],
        ["select_multiple yes_no", "several", "Which?", "", "", "count-selected(.) <= 1"],
        ["rank yes_no", "ranked", "In which order?"],
        ["integer", "age", "Age", "", "", ". >= 18 and . <= 99"],
        ["decimal", "amount", "Amount"],
        ["text", "why", "Why?", "", "${happy} < 3", "string-length(.) <= 50"],
        ["note", "end", "Goodbye"],
    )
    assert [type(item.question) for item in read.items()] == [
        *(Rating, SingleChoice, MultipleChoice, Ranking, Number, Number, OpenText)
    ]
    questions = {item.id: item.question for item in read.items()}
    assert questions["happy"].required
    assert not questions["age"].required
    assert read.introduction == {"en": "Hello"}
    assert read.thanks == {"en": "Goodbye"}
    assert next((q.minimum, q.maximum) for q in questions.values() if isinstance(q, Number)) == (18, 99)
    assert [q.most for q in questions.values() if isinstance(q, MultipleChoice)] == [1]
    assert [(q.longest, q.relevant) for q in questions.values() if isinstance(q, OpenText)] == [(50, "${happy} < 3")]


def test_groups_are_pages_and_questions_between_them_make_their_own() -> None:
    read = read_form(
        ["text", "alone", "Alone"],
        ["begin group", "details", "Details", "", "${alone} != 'x'", "", "field-list"],
        ["text", "inside", "Inside"],
        ["end group"],
    )
    assert [(page.id, page.title, page.relevant) for page in read.pages] == [
        ("page_1", None, None),
        ("details", {"en": "Details"}, "${alone} != 'x'"),
    ]
    assert read.introduction == {"en": "A form"}


def test_a_table_list_is_a_matrix_and_missing_codes_are_kept_apart() -> None:
    read = read_form(
        ["begin_group", "table", "How good?", "", "", "", "table-list"],
        ["select_one agree", "price", "Price", "yes"],
        ["select_one agree", "speed", "Speed", "yes"],
        ["end_group"],
        choices=[*SCALE, ["agree", "dont_know", "No idea"]],
    )
    [table] = read.pages[0].questions
    assert isinstance(table, Matrix)
    assert [row.id for row in table.rows] == ["price", "speed"]
    assert table.missing == ("dont_know",)
    assert sorted(table.labels) == [1, 2, 3, 4, 5]


def test_randomised_choices_are_in_random_order() -> None:
    read = read_form(["select_one yes_no", "again", "Again?", "", "", "", "", "randomize=true"])
    [question] = read.pages[0].questions
    assert isinstance(question, SingleChoice)
    assert question.order is Order.RANDOM


@pytest.mark.parametrize(
    ("row", "place", "message"),
    [
        (["geopoint", "where", "Where?"], "survey!A2 type", "geopoint is not supported"),
        (["begin_repeat", "many", "Many"], "survey!A2 type", "begin_repeat is not supported"),
        (["text", "Where", "Where?"], "survey!B2 name", "String should match pattern"),
        (["text", "where", ""], "survey!C2 label", "at least 1 item"),
        (["text", "where", "Where?", "${x} = 1"], "survey!D2 required", "yes or no is expected"),
        (["text", "where", "Where?", "", "today() > 3"], "survey!E2 relevant", "position 1"),
        (["text", "where", "Where?", "", "", "regex(., 'a')"], "survey!F2 constraint", "position 1"),
        (["select_one yes_no or_other", "o", "O"], "survey!A2 type", "or_other is not supported"),
        (["select_one yes_no", "o", "O", "", "", "", "", "seed=1"], "survey!H2 parameters", "only randomize=true"),
    ],
)
def test_what_a_survey_cannot_do_is_refused_by_its_cell(row: list[Any], place: str, message: str) -> None:
    assert message in refusal(form(row))[place]


def test_every_fault_of_a_form_is_named_at_once() -> None:
    faults = refusal(form(["audio", "a", "A"], ["text", "b", "B"], ["text", "C", "C"], ["image", "d", "D"]))
    assert list(faults) == ["survey!A2 type", "survey!A5 type", "survey!B4 name"]


def test_columns_that_would_be_lost_are_refused_but_unknown_ones_are_passed_over() -> None:
    survey = [[*SURVEY, "calculation", "remarks"], ["text", "a", "A", "", "", "", "", "", "1 + 1", "ask Ann"]]
    settings = [["form_id", "default_language"], ["f", "English (en)"]]
    assert refusal(workbook(survey=survey, settings=settings)) == {
        "survey!I2 calculation": "this column is not supported"
    }


def test_a_label_without_language_is_refused_unless_the_form_has_a_default() -> None:
    survey = [["type", "name", "label"], ["text", "a", "A"]]
    assert list(refusal(workbook(survey=survey))) == ["survey!C1 label"]
    read = read_xlsform(workbook(survey=survey, settings=[["default_language"], ["English (en)"]]))
    assert isinstance(read, Questionnaire)
    assert read.pages[0].questions[0].text == {"en": "A"}


def test_a_choice_with_an_unusable_code_is_named_in_the_sheet_of_choices() -> None:
    bad: Cells = [["sex", "F", "Female"], ["sex", "m", "Male"]]
    assert list(refusal(form(["select_one sex", "sex", "Sex"], choices=bad))) == ["choices!B2 name"]


def test_a_condition_on_a_later_question_is_named_by_its_cell() -> None:
    faults = refusal(form(["text", "a", "A", "", "${b} = 'x'"], ["text", "b", "B"]))
    assert faults == {"survey!E2 relevant": "b is not an earlier question"}


def test_what_the_converter_refuses_is_passed_on_with_its_row() -> None:
    faults = refusal(form(["text", "a", "A"], ["text", "a", "A again"]))
    assert any(place.startswith("survey!3 name") for place in faults)


def test_a_file_that_is_no_workbook_is_refused() -> None:
    assert refusal(b"type,name\ntext,a\n") == {"": "an XLSX workbook is expected"}
