"""Forms on paper: every term has its words, the fonts come from wheels, the same form gives the same bytes."""

import re
from enum import StrEnum

import pytest

from documents.forms import FormFormat, render_form
from documents.forms.rendering import rows_of
from domain.complaints import shipped, terms
from domain.complaints.forms import FormKind, form_of
from domain.complaints.forms.paper import Field, Form, Room, Section, Written
from domain.complaints.forms.wording import Words
from domain.privacy import ContactWay, Language
from tests.documents.test_pdf import objects

BOTH = [(kind, language) for kind in FormKind for language in Language]
CLOSED_LISTS: dict[str, type[StrEnum]] = {
    "status": terms.Status,
    "decision": terms.Decision,
    "way": terms.Way,
    "clock": terms.ClockKind,
    "clock_state": terms.ClockState,
    "hold": terms.HoldKind,
    "reached": terms.Reached,
    "solved": terms.Solved,
    "redress_state": terms.RedressState,
    "external_decision": terms.ExternalDecision,
    "contact": ContactWay,
    "language": Language,
}


def words(language: Language) -> Words:
    return Words(language, shipped.taxonomy(), "Asia/Shanghai")


def empty(kind: FormKind, language: Language) -> Form:
    return form_of(kind, words(language), None)


@pytest.mark.parametrize("name", CLOSED_LISTS)
def test_every_term_of_a_closed_list_has_words_in_both_languages(name: str) -> None:
    for term in CLOSED_LISTS[name]:
        said = [words(language).said(f"{name}.{term}") for language in Language]
        assert all(said)


@pytest.mark.parametrize(("kind", "language"), BOTH)
def test_a_form_has_no_empty_label_and_lines_to_sign_on(kind: FormKind, language: Language) -> None:
    form = empty(kind, language)
    for sheet in form.sheets:
        assert len(sheet.signatures) == 3
        assert all(field.label for section in sheet.sections for field in section.fields)


@pytest.mark.parametrize(("kind", "language"), BOTH)
def test_paper_is_tagged_undated_and_set_in_the_fonts_of_the_wheels(kind: FormKind, language: Language) -> None:
    paper = render_form(empty(kind, language), FormFormat.PDF)
    content = objects(paper)
    assert b"/StructTreeRoot" in content
    assert b"/CreationDate" not in content
    named = set(re.findall(rb"/BaseFont\s*/[A-Z]{6}\+([A-Za-z]+)", content))
    assert named <= {b"LibertinusSerif", b"NotoSansCJKtc"}
    assert (b"NotoSansCJKtc" in named) is (language is Language.ZH)


def test_chinese_paper_says_that_it_is_simplified_chinese() -> None:
    assert b"/Lang(zh-CN)" in objects(render_form(empty(FormKind.VISIT, Language.ZH), FormFormat.PDF)).replace(
        b" ", b""
    )


@pytest.mark.parametrize("kind", FormFormat)
def test_the_same_form_gives_the_same_bytes(kind: FormFormat) -> None:
    first, second = (render_form(empty(FormKind.REGISTER, Language.ZH), kind) for _ in range(2))
    assert first == second


def test_two_short_fields_stand_side_by_side_and_an_odd_one_alone() -> None:
    def field(label: str, room: Room) -> Field:
        return Field(label, Written(), room)

    fields = (field("a", Room.SHORT), field("b", Room.LINE), field("c", Room.SHORT), field("d", Room.SHORT))
    assert [[each.label for each in row] for row in rows_of(Section("", fields))] == [["a"], ["b"], ["c", "d"]]


def test_how_late_something_was_is_said_in_days_and_hours() -> None:
    assert words(Language.ZH).delay(3 * 86_400 + 2 * 3_600 + 59) == "3 天 2 小时"
    assert words(Language.EN).delay(5_400) == "1 h"
