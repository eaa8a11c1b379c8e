"""A policy file is refused with every problem by its place."""

import tomllib
from collections.abc import Collection
from importlib.resources import files

import pytest

from domain.complaints import shipped
from domain.complaints.policy_check import PolicyError, read_policy

TEXT = """
id = "office"
version = 1
title = { zh = "本所规则", en = "Office policy" }
jurisdiction = "any"
source = "our own"
valid_from = 2020-01-01
calendar = "cn"
told_at_intake = ["phone", "visit"]
reopen_window = { amount = 30, unit = "calendar_days" }
appeal_window = { amount = 30, unit = "calendar_days" }

[[clocks]]
kind = "acknowledge"
anchor = "received"
span = { amount = 1, unit = "working_days" }

[[clocks]]
kind = "final_response"
anchor = "received"
span = { amount = 2, unit = "working_days" }
categories = ["safety", "billing"]

[[clocks]]
kind = "final_response"
anchor = "received"
span = { amount = 15, unit = "calendar_days" }
severity_from = 3

[[clocks]]
kind = "final_response"
anchor = "reopened"
span = { amount = 15, unit = "calendar_days" }
"""


def clock(narrowed: str = "") -> str:
    """A further rule for the final answer from receipt; the second clock of the text is the first such rule."""
    span = "span = { amount = 8, unit = 'weeks' }"
    return f"\n[[clocks]]\nkind = 'final_response'\nanchor = 'received'\n{span}\n{narrowed}\n"


def problems(text: str, calendars: Collection[str] = frozenset({"every-day", "cn"})) -> dict[str, str]:
    with pytest.raises(PolicyError) as refusal:
        read_policy(tomllib.loads(text), calendars)
    return {problem.place: problem.message for problem in refusal.value.problems}


def test_every_shipped_policy_is_in_order() -> None:
    folder = files("domain.complaints") / "presets"
    read = {
        read_policy(tomllib.loads(file.read_text("utf-8")), shipped.calendar_ids())
        for file in folder.iterdir()
        if file.name.endswith(".toml")
    }
    assert read == set(shipped.policies())


def test_every_category_that_a_shipped_policy_names_can_be_given_to_a_complaint() -> None:
    named = {
        category
        for policy in shipped.policies()
        for part in (*policy.clocks, *policy.extensions)
        for category in part.categories
    }
    assert named
    assert named <= set(shipped.taxonomy().category)


def test_a_policy_in_order_is_read() -> None:
    policy = read_policy(tomllib.loads(TEXT + clock()), ["cn"])
    assert (policy.pin, len(policy.clocks)) == ("office@1", 5)


def test_an_unknown_calendar_is_named_with_those_that_there_are() -> None:
    assert problems(TEXT, ["us", "england"]) == {"calendar": "there is no calendar cn; there are england, us"}


@pytest.mark.parametrize(
    ("narrowed", "wider"),
    [
        ("categories = ['safety', 'billing']", 1),
        ("categories = ['billing']", 1),
        ("severity_from = 3", 2),
        ("severity_from = 5", 2),
        ("categories = ['billing', 'repair']\nseverity_from = 4", 2),
    ],
)
def test_a_clock_that_an_earlier_one_always_forestalls_is_named_with_it(narrowed: str, wider: int) -> None:
    found = problems(TEXT + clock(narrowed))
    assert found == {"clocks[4]": f"has no effect: clocks[{wider}] fits wherever this one does"}


@pytest.mark.parametrize("narrowed", ["", "severity_from = 2", "categories = ['billing', 'repair']"])
def test_a_clock_that_is_wider_than_those_before_it_is_in_order(narrowed: str) -> None:
    assert len(read_policy(tomllib.loads(TEXT + clock(narrowed)), ["cn"]).clocks) == 5


def test_a_clock_that_is_started_twice_is_named() -> None:
    assert set(problems(TEXT + clock() + clock())) == {"clocks[5]"}


def test_a_hold_or_an_extension_without_effect_is_named() -> None:
    hold = "\n[[holds]]\nkind = 'customer'\nlongest = { amount = 20, unit = 'working_days' }\n"
    extension = "\n[[extensions]]\nkind = 'final_response'\nlongest = { amount = 10, unit = 'working_days' }\n"
    narrower = f"{extension}anchor = 'reopened'\n"
    assert set(problems(TEXT + hold * 2)) == {"holds[1]"}
    assert set(problems(TEXT + extension + narrower)) == {"extensions[1]"}
    assert read_policy(tomllib.loads(TEXT + hold + narrower + extension), ["cn"]).id == "office"


def test_a_policy_that_ends_before_it_begins_is_named() -> None:
    ends_early = TEXT.replace("valid_from = 2020-01-01", "valid_from = 2020-01-01\nvalid_to = 2019-12-31")
    assert problems(ends_early) == {"valid_to": "expected a day from 2020-01-01, valid_from, on; found 2019-12-31"}


@pytest.mark.parametrize(
    ("right", "wrong", "place"),
    [
        ("span = { amount = 1,", "span = { amount = 0,", "clocks[0].span.amount"),
        ('kind = "acknowledge"', 'kind = "applause"', "clocks[0].kind"),
        ('anchor = "reopened"', 'anchor = "lunch"', "clocks[3].anchor"),
        ('reopen_window = { amount = 30, unit = "calendar_days" }', "reopen_window = 30", "reopen_window"),
        ('appeal_window = { amount = 30, unit = "calendar_days" }', "", "appeal_window"),
        ("valid_from = 2020-01-01", 'valid_from = "soon"', "valid_from"),
        ('told_at_intake = ["phone", "visit"]', 'told_at_intake = ["phone", "pigeon"]', "told_at_intake[1]"),
        ('told_at_intake = ["phone", "visit"]', "reopen = true", "reopen"),
        ('id = "office"', 'id = "My Policy"', "id"),
    ],
)
def test_a_wrong_field_is_named_by_its_place(right: str, wrong: str, place: str) -> None:
    assert TEXT.count(right) == 1
    assert set(problems(TEXT.replace(right, wrong))) == {place}


def test_every_problem_is_told_at_once() -> None:
    wrong = (
        TEXT.replace("valid_from = 2020-01-01", "valid_from = 2020-01-01\nvalid_to = 2019-12-31")
        .replace('calendar = "cn"', 'calendar = "harbour"')
        .replace('jurisdiction = "any"\n', "")
        .replace('zh = "本所规则", ', "")
    )
    twice = wrong + clock("severity_from = 9") + clock("severity_from = 4")
    assert set(problems(twice)) == {
        "jurisdiction",
        "title.zh",
        "clocks[4].severity_from",
        "clocks[5]",
        "calendar",
        "valid_to",
    }


def test_a_contradiction_that_only_the_model_sees_is_told_of_the_whole() -> None:
    document = tomllib.loads(TEXT)
    twice = dict.fromkeys(range(2), document["clocks"][0])
    with pytest.raises(PolicyError) as refusal:
        read_policy(document | {"clocks": twice.values()}, ["cn"])
    assert [str(problem) for problem in refusal.value.problems] == ["policy: clocks: the same kind stands there twice"]
