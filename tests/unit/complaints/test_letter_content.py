"""The checklist of a letter: which points it makes, by which words, and what it lacks."""

import pytest

from domain.complaints import shipped
from domain.complaints.letter_content import checklist, missing, recognitions
from domain.complaints.letter_points import Point
from domain.complaints.policy import LetterRule, Policy
from domain.complaints.terms import StepKind, Way
from domain.complaints.writing import compose
from tests.unit.complaints import story as s
from tests.unit.complaints.story import story_at

LETTER = StepKind.RESPONSE_LETTER
EVERYTHING = LetterRule(kind=LETTER, must_say=tuple(Point))

GOOD = {
    "en": (
        "We uphold your complaint, because the meter was read wrongly, and refund 40 pounds by 5 March. You have "
        "accepted the matter as resolved. If you are not satisfied you can go to the ombudsman within six months."
    ),
    "zh": "经核实，由于抄表有误，投诉成立，将于3月5日退款。您已认可问题得到解决。如不认同，可在六个月内向12345申诉。",
}
BAD = {"en": "Thank you for writing.", "zh": "谢谢来信。"}


def looked_at(text: str, language: str, rule: LetterRule = EVERYTHING) -> dict[Point, tuple[bool, str | None]]:
    fields = {"reference": "C-2026-000017", "name": "", "text": text}
    written = compose(shipped.newest_template(LETTER, language, Way.EMAIL), fields)
    return {point.point: (point.is_made, point.made_in) for point in checklist(rule, written, text, language)}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_letter_that_says_everything_makes_every_point(language: str) -> None:
    assert [point for point, (is_made, _) in looked_at(GOOD[language], language).items() if not is_made] == []


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_letter_that_says_nothing_makes_only_the_points_of_its_template(language: str) -> None:
    made = {point: by for point, (is_made, by) in looked_at(BAD[language], language).items() if is_made}
    assert set(made.values()) == {"template"}
    assert set(made) == {Point.REFERENCE, Point.CONTACT, Point.DISAGREE}


def test_the_words_of_a_point_are_named_and_what_is_expected_where_they_are_missing() -> None:
    rule = LetterRule(kind=LETTER, must_say=(Point.EXTERNAL_BODY, Point.REASONS))
    text = "You may go to the Energy Ombudsman."
    written = compose("response_letter.en.1", {"reference": "C-1", "name": "", "text": text})
    body, reasons = checklist(rule, written, text, "en")
    assert (body.is_made, body.words) == (True, "ombudsman")
    assert not reasons.is_made
    assert "because" in reasons.expected
    assert [point.point for point in missing((body, reasons))] == [Point.REASONS]


def test_every_point_is_recognised_and_explained_in_both_languages() -> None:
    assert set(recognitions()) == set(Point)
    for point, rule in recognitions().items():
        for language in ("zh", "en"):
            assert rule.phrases.of(language) or rule.patterns.of(language), (point, language)
        assert rule.expected.zh
        assert rule.expected.en


@pytest.mark.parametrize("policy", shipped.policies(), ids=lambda policy: str(policy.pin))
def test_what_a_shipped_policy_wants_of_letters_that_nobody_writes_stands_in_their_templates(policy: Policy) -> None:
    """Else a notice that goes out by itself would never be complete."""
    for kind in (StepKind.ACKNOWLEDGEMENT, StepKind.REFERRAL_LETTER, StepKind.CALLBACK_LETTER):
        for language in ("zh", "en"):
            fields = {"reference": "C-2026-000017", "name": "", "text": "", "body": "x"}
            written = compose(shipped.newest_template(kind, language, Way.EMAIL), fields)
            assert not list(missing(checklist(policy.letter_rule(kind), written, "", language)))


def test_the_rights_that_the_fca_wants_are_asked_of_the_final_response() -> None:
    policy = next(policy for policy in shipped.policies() if policy.id == "uk-fca-disp")
    rule = policy.letter_rule(LETTER)
    assert {Point.EXTERNAL_BODY, Point.TIME_LIMIT, Point.OUTCOME, Point.REASONS} == set(rule.must_say)
    assert rule.statutory
    assert rule.in_writing


def test_a_letter_that_the_policy_does_not_name_owes_nothing() -> None:
    policy = next(policy for policy in shipped.policies() if policy.id == "plain")
    assert policy.letter_rule(LETTER) == LetterRule(kind=LETTER)
    assert story_at("investigating").do(s.RESPOND) == ["complaint.response_approved", "complaint.responded"]
