"""The documents that come with Amends: policies, code lists, letters in both languages."""

import re
import tomllib
from datetime import date
from importlib.resources import files
from pathlib import Path

import pytest
from pydantic import ValidationError

from domain.complaints import shipped
from domain.complaints.policy import Policy
from domain.complaints.taxonomy import LISTS, Taxonomy
from domain.complaints.terms import TO_OTHERS, ClockKind, StepKind, Way
from domain.complaints.writing import compose, worded, write

LETTERS = [kind for kind in StepKind if kind is not StepKind.IDENTITY_CORRECTION]
TO_CUSTOMERS = [kind for kind in LETTERS if kind not in TO_OTHERS]
WITHOUT_WORDS_OF_THEIR_OWN = {
    StepKind.ACKNOWLEDGEMENT,
    StepKind.CALLBACK_LETTER,
    StepKind.REFERRAL_LETTER,
    StepKind.REMINDER_LETTER,
    StepKind.ESCALATION_NOTICE,
}
FIELDS = {"reference": "C-2026-000017", "name": "李华", "text": "The valve cost £40 & was replaced at $0."}


def documents(folder: str, ending: str) -> list[Path]:
    return sorted(Path(str(files("domain.complaints") / folder)).glob(f"*.{ending}"))


@pytest.mark.parametrize("file", documents("presets", "toml"), ids=lambda file: str(file.stem))
def test_every_preset_is_a_policy_of_its_own_name(file: Path) -> None:
    policy = Policy.model_validate(tomllib.loads(file.read_text("utf-8")))
    assert file.stem in {policy.id, f"{policy.id}-{policy.version}"}
    assert policy in shipped.policies()


def test_no_two_presets_share_id_and_version() -> None:
    pins = [policy.pin for policy in shipped.policies()]
    assert len(pins) == len(set(pins)) == len(documents("presets", "toml"))
    assert {"default@1", "demo@1"} <= set(pins)


@pytest.mark.parametrize("policy", shipped.policies(), ids=lambda policy: str(policy.pin))
def test_every_preset_promises_an_answer_again_after_a_case_is_taken_up_again(policy: Policy) -> None:
    answers = {str(rule.anchor) for rule in policy.clocks if rule.kind is ClockKind.FINAL_RESPONSE}
    first = "acknowledged" if policy.id == "uk-housing" else "received"
    assert answers == {first, "reopened", *(["stage_two"] if policy.stage_two else [])}


def test_a_policy_that_starts_a_clock_twice_or_ends_before_it_begins_is_refused() -> None:
    document = shipped.policies()[0].model_dump()
    with pytest.raises(ValidationError, match="clocks: the same kind stands there twice"):
        Policy.model_validate(document | {"clocks": [document["clocks"][0]] * 2})
    with pytest.raises(ValidationError, match="valid_to lies before valid_from"):
        Policy.model_validate(document | {"valid_to": date(2019, 12, 31)})


@pytest.mark.parametrize("field", ["holds", "extensions"])
def test_a_policy_that_allows_the_same_thing_twice_is_refused(field: str) -> None:
    document = next(policy for policy in shipped.policies() if policy.id == "default").model_dump()
    with pytest.raises(ValidationError, match=f"{field}: the same kind stands there twice"):
        Policy.model_validate(document | {field: [document[field][0]] * 2})


def test_a_narrower_rule_may_stand_beside_the_general_one() -> None:
    document = next(policy for policy in shipped.policies() if policy.id == "default").model_dump()
    general = document["extensions"][0]
    narrower = [general | {"anchor": "stage_two"}, general | {"categories": ("safety",)}]
    assert len(Policy.model_validate(document | {"extensions": [*narrower, general]}).extensions) == 3


@pytest.mark.parametrize("name", LISTS)
def test_every_code_has_a_name_in_both_languages(name: str) -> None:
    terms = getattr(shipped.taxonomy(), name)
    assert terms
    for code, term in terms.items():
        assert re.fullmatch(r"[a-z0-9][a-z0-9_.-]{0,63}", code), code
        assert re.search(r"[\u4e00-\u9fff]", term.zh), code
        assert term.en.isascii(), code


def test_unknown_codes_are_named_with_their_fields() -> None:
    unknown = shipped.taxonomy().unknown(
        {"channel": "pigeon", "category": None, "remedies": ("refund", "flowers"), "outcome": "upheld"}
    )
    assert sorted(unknown) == [("channel", "pigeon"), ("remedies", "flowers")]


def test_a_code_under_one_that_does_not_exist_is_refused() -> None:
    document = shipped.taxonomy().model_dump()
    document["category"]["billing_meter"]["under"] = "money"
    with pytest.raises(ValidationError, match="category: billing_meter stand under codes that do not exist"):
        Taxonomy.model_validate(document)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("kind", TO_CUSTOMERS)
def test_a_letter_is_complete_and_speaks_the_customers_language(kind: StepKind, language: str) -> None:
    subject, body = write(kind, language, FIELDS)
    assert "C-2026-000017" in subject
    assert "\n" not in subject
    assert ("尊敬的李华" if language == "zh" else "Dear 李华,") in body
    assert bool(re.search("您|客户", body)) is (language == "zh")
    assert ("Customer care" in body) is (language == "en")
    assert not re.search(r"\$[a-z]", subject + body)
    assert (FIELDS["text"] in body) is (kind not in WITHOUT_WORDS_OF_THEIR_OWN)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("kind", sorted(TO_OTHERS))
def test_a_letter_to_partners_and_staff_names_no_customer(kind: StepKind, language: str) -> None:
    subject, body = write(kind, language, FIELDS)
    assert "C-2026-000017" in subject
    assert "李华" not in body
    assert not re.search(r"\$[a-z]", subject + body)
    assert bool(re.search(r"[\u4e00-\u9fff]", body)) is (language == "zh")


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("kind", TO_CUSTOMERS)
def test_a_text_message_is_short_and_its_parameters_are_what_a_gateway_fills_in(kind: StepKind, language: str) -> None:
    code = shipped.newest_template(kind, language, Way.SMS)
    written = compose(code, FIELDS | {"until": "3 March 2026", "body": "Ombudsman"})
    assert code == f"{kind}.{language}.sms.1"
    assert written.subject == ""
    assert "\n" not in written.body
    assert written.parameters["reference"] == "C-2026-000017"
    assert all(value in written.body for value in written.parameters.values())
    assert ("text" in written.parameters) is (kind not in WITHOUT_WORDS_OF_THEIR_OWN)


def test_every_template_has_a_twin_in_the_other_language() -> None:
    codes = set(shipped.template_codes())
    assert {code.replace(".en.", ".zh.") for code in codes if ".en." in code} == {c for c in codes if ".zh." in c}
    assert {code.partition(".")[0] for code in codes} == set(LETTERS)


def test_a_letter_names_what_is_known_and_leaves_out_what_is_not() -> None:
    _, bare = write(StepKind.ACKNOWLEDGEMENT, "en", FIELDS)
    _, told = write(StepKind.ACKNOWLEDGEMENT, "en", FIELDS | {"due": "9 March 2026", "link": "https://x.example/s/1"})
    assert "at the latest" not in bare
    assert "here:" not in bare
    assert "You will have our answer by 9 March 2026 at the latest." in told
    assert "https://x.example/s/1" in told


def test_an_older_version_of_a_letter_stays_as_it_was() -> None:
    due = FIELDS | {"due": "9 March 2026"}
    assert "9 March" not in write(StepKind.ACKNOWLEDGEMENT, "en", due, "acknowledgement.en.1")[1]


@pytest.mark.parametrize(("language", "expected"), [("zh", "2026年3月2日"), ("en", "2 March 2026")])
def test_dates_are_written_as_the_reader_writes_them_in_the_house_zone(language: str, expected: str) -> None:
    known = {"due": "2026-03-01T17:30:00+00:00", "body": "ombudsman", "level": "2"}
    said = worded(known, language, "Asia/Shanghai")
    assert (said["due"], said["level"]) == (expected, "2")
    assert said["body"] == ("申诉专员" if language == "zh" else "Ombudsman")


@pytest.mark.parametrize(("language", "greeting"), [("zh", "尊敬的客户："), ("en", "Dear customer,")])
def test_a_customer_without_a_name_is_greeted_all_the_same(language: str, greeting: str) -> None:
    _, body = write(StepKind.ACKNOWLEDGEMENT, language, FIELDS | {"name": ""})
    assert greeting in body


def test_a_customer_of_a_language_without_letters_is_written_to_in_english() -> None:
    assert write(StepKind.RESPONSE_LETTER, "fr", FIELDS) == write(StepKind.RESPONSE_LETTER, "en", FIELDS)


def test_what_stands_in_a_letter_is_not_a_template_itself() -> None:
    _, body = write(StepKind.RESPONSE_LETTER, "en", FIELDS | {"text": "Pay $reference and {name}."})
    assert "Pay $reference and {name}." in body
