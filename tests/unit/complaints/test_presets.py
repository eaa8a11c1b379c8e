"""The regulators' presets against complaints.md, section 3: the first due times of typical cases, counted by hand.

Each test names the days that count. Days end at midnight where the company is: in England at 23:00 UTC under summer
time, in Shanghai at 16:00 UTC, in Sydney at 14:00 UTC after 5 April, in New York at 4:00 UTC of the next day in summer.
"""

import tomllib
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

import pytest

from domain.calendar import Calendar, make_calendar
from domain.complaints import commands as c
from domain.complaints import shipped
from domain.complaints.policy import Money, Policy
from domain.complaints.terms import ClockKind, Way
from tests.unit.complaints import story as s
from tests.unit.complaints.rulebook import OFFICE_WEEK
from tests.unit.complaints.story import SUPERVISOR, Story, tell

COUNTRIES = {
    "england": ("GB", "ENG", "Europe/London"),
    "china": ("CN", None, "Asia/Shanghai"),
    "australia": ("AU", None, "Australia/Sydney"),
    "united-states": ("US", None, "America/New_York"),
}
POLICIES = {policy.pin: policy for policy in shipped.policies()}
REGULATORS = [policy for policy in shipped.policies() if not policy.source.startswith("Amends' own")]


@cache
def calendar(place: str) -> Calendar:
    country, subdivision, zone = COUNTRIES[place]
    return make_calendar(
        calendar_id=place,
        version=1,
        title=place,
        zone=zone,
        week=OFFICE_WEEK,
        country=country,
        subdivision=subdivision,
        first_year=2026,
        last_year=2026,
    )


def at(month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def received(pin: str, place: str, when: datetime, **of_intake: Any) -> Story:
    return Story(POLICIES[pin], calendar(place), received_at=when, logged_at=when, **of_intake)


IN_ENGLAND = at(4, 1, 9)  # Wednesday before Easter, 10:00; closed on the 3rd and 6th of April, the 4th and 25th of May
IN_CHINA = at(9, 29, 2)  # Tuesday before the golden week, 10:00; closed 1–7 October, Saturday the 10th is worked
IN_AUSTRALIA = at(3, 31, 23)  # Wednesday, 1 April, 10:00; closed on the 3rd and the 6th
IN_AMERICA = at(7, 1, 14)  # Wednesday, 10:00

FIRST_DUE: list[tuple[str, str, datetime, dict[str, Any], dict[str, datetime]]] = [
    (
        "default@1",
        "china",
        IN_CHINA,
        {},
        {
            "acknowledge": at(9, 29, 3),
            "first_response": at(9, 30, 2),
            "assess": at(10, 8, 16),  # 30 September, 8 October
            "final_response": at(10, 12, 16),  # 30 September, 8, 9, 10, 12 October
        },
    ),
    (
        "uk-fca-disp@1",
        "england",
        IN_ENGLAND,
        {},
        {
            "acknowledge": at(4, 7, 23),  # "promptly", read as 2 working days: the 2nd and the 7th
            "final_response": at(5, 27, 23),  # 8 weeks
            "periodic_update": at(4, 29, 23),
        },
    ),
    (
        "uk-fca-disp@1",
        "england",
        IN_ENGLAND,
        {"category": "payment_service"},
        {  # the 15 are 2, 7–10, 13–17, 20–24 April
            "acknowledge": at(4, 7, 23),
            "final_response": at(4, 24, 23),
            "periodic_update": at(4, 29, 23),
        },
    ),
    ("uk-ofcom@1", "england", IN_ENGLAND, {}, {"final_response": at(5, 27, 23)}),  # 8 weeks
    ("uk-ofcom@2", "england", at(4, 8, 9), {}, {"final_response": at(5, 20, 23)}),  # 6 weeks from 8 April on
    ("gb-energy@1", "england", IN_ENGLAND, {}, {"final_response": at(5, 27, 23)}),
    # 2, 7, 8, 9, 10, 13, 14, 15, 16, 17 April
    ("eng-water@1", "england", IN_ENGLAND, {}, {"final_response": at(4, 17, 23)}),
    # 2, 7, 8, 9, 10 April; the time to answer begins with the acknowledgement
    ("uk-housing@1", "england", IN_ENGLAND, {}, {"acknowledge": at(4, 10, 23)}),
    (
        "us-cfpb@1",
        "united-states",
        IN_AMERICA,
        {},
        {"first_response": at(7, 17, 4), "final_response": at(8, 31, 4)},  # 15 and 60 days: 16 July, 30 August
    ),
    (
        "au-rg271@1",
        "australia",
        IN_AUSTRALIA,
        {},
        {"acknowledge": at(4, 1, 23), "final_response": at(5, 1, 14)},  # 24 hours; 30 days end on 1 May
    ),
    (
        "au-rg271@1",
        "australia",
        IN_AUSTRALIA,
        {"category": "superannuation"},
        {"acknowledge": at(4, 1, 23), "final_response": at(5, 16, 14)},  # 45 days
    ),
    (
        "au-telco@1",
        "australia",
        IN_AUSTRALIA,
        {},
        {  # the 2nd and the 7th; with 8, 9, 10, 13, 14, 15, 16 and 17 ten days
            "acknowledge": at(4, 7, 14),
            "final_response": at(4, 17, 14),
        },
    ),
    (
        "au-telco@1",
        "australia",
        IN_AUSTRALIA,
        {"severity": 5},
        {"acknowledge": at(4, 7, 14), "final_response": at(4, 7, 14)},  # urgent
    ),
    ("cn-telecom@1", "china", IN_CHINA, {}, {"final_response": at(10, 14, 16)}),  # 15 days
    (
        "cn-bank-insurer@1",
        "china",
        IN_CHINA,
        {},
        {"acknowledge": at(9, 30, 16), "final_response": at(10, 14, 16)},
    ),
    (
        "cn-bank-insurer@1",
        "china",
        IN_CHINA,
        {"severity": 4},
        {"acknowledge": at(9, 30, 16), "final_response": at(10, 29, 16)},  # 30 days
    ),
    *(
        ("cn-beijing-12345@1", "china", IN_CHINA, of_intake, {"acknowledge": at(9, 29, 2, 10), "final_response": due})
        for of_intake, due in (
            ({}, at(10, 6, 16)),  # 7 days
            ({"severity": 4}, at(10, 14, 16)),  # 15 days
            ({"category": "supply_interruption", "severity": 4}, at(9, 30, 2)),  # 24 hours
            ({"category": "safety"}, at(9, 29, 4)),  # 2 hours
            ({"category": "supply_interruption", "is_emergency": True}, at(9, 29, 4)),
            ({"is_emergency": True}, at(9, 29, 4)),
        )
    ),
]


@pytest.mark.parametrize(
    ("pin", "place", "when", "of_intake", "due"), FIRST_DUE, ids=[f"{case[0]}-{case[3]}" for case in FIRST_DUE]
)
def test_the_first_due_times_of_a_typical_case(
    pin: str, place: str, when: datetime, of_intake: dict[str, Any], due: dict[str, datetime]
) -> None:
    story = received(pin, place, when, **of_intake)
    assert {clock.kind.value: clock.due_at for clock in story.case.clocks} == due
    assert not any(clock.provisional for clock in story.case.clocks)


def test_every_preset_of_a_regulator_has_a_typical_case() -> None:
    assert {case[0] for case in FIRST_DUE} == {policy.pin for policy in REGULATORS} | {"default@1"}


def extend(until: datetime) -> c.Extend:
    return c.Extend(clock=ClockKind.FINAL_RESPONSE, until=until, way=Way.PHONE, letter=s.text(11))


def longest_extension(story: Story, until: datetime) -> bool:
    """Whether a supervisor may extend the answer to that moment and not a microsecond longer."""
    beyond = extend(until + timedelta(microseconds=1))
    return (story.refused(extend(until), SUPERVISOR), story.refused(beyond, SUPERVISOR)) == (None, "extension_too_long")


def test_fca_a_payment_service_answers_after_35_business_days_at_the_latest_and_nobody_else_extends() -> None:
    payment = received("uk-fca-disp@1", "england", IN_ENGLAND, category="payment_service")
    assert longest_extension(payment, at(5, 26, 23))  # 27–30 April, 1, 5–8, 11–15, 18–22, 26 May
    assert payment.do(extend(at(5, 26, 23))) == ["complaint.extension_requested"]
    other = received("uk-fca-disp@1", "england", IN_ENGLAND)
    assert other.refused(extend(at(6, 1)), SUPERVISOR) == "extension_not_allowed"


def test_housing_stage_one_counts_from_the_acknowledgement_and_is_extended_by_ten_days() -> None:
    story = received("uk-housing@1", "england", IN_ENGLAND).at(at(4, 8, 9))
    story.delivered("acknowledgement.1")
    assert story.due("final_response.1") == at(4, 22, 23)  # 9, 10, 13–17, 20–22 April
    assert longest_extension(story, at(5, 7, 23))  # 23, 24, 27–30 April, 1, 5, 6, 7 May
    assert story.do(extend(at(5, 7, 23))) == ["complaint.extension_approved", "complaint.extended"]


def test_housing_stage_two_has_25_days_and_is_extended_by_20() -> None:
    story = received("uk-housing@1", "england", IN_ENGLAND)
    tell(story, s.VALID, s.CLAIM, s.START, s.RESPOND).at(at(4, 20, 9)).do(s.TO_STAGE_TWO)
    [clock] = story.case.running_clocks
    assert clock.due_at == at(5, 27, 23)  # 21–24, 27–30 April, 1, 5–8, 11–15, 18–22, 26, 27 May
    assert longest_extension(story, at(6, 24, 23))  # 28, 29 May, 1–5, 8–12, 15–19, 22–24 June


def test_water_owes_40_pounds_for_a_missed_answer_and_40_more_for_paying_late() -> None:
    story = received("eng-water@1", "england", IN_ENGLAND).at(at(4, 17, 23))
    story.tick()
    assert story.due("penalty_paid.1") == at(5, 1, 23)  # 20–24, 27–30 April, 1 May
    story.at(at(6, 1)).tick()
    assert [redress.money for redress in story.case.redress] == [Money(amount=Decimal(40), currency="GBP")] * 2


def test_telco_carries_out_in_five_days_what_the_customer_agreed_to() -> None:
    story = received("au-telco@1", "australia", IN_AUSTRALIA)
    tell(story, s.VALID, s.CLAIM, s.START).at(at(4, 8, 23)).do(s.ASK_REDRESS)  # Thursday, the 9th in Sydney
    story.do(s.APPROVE_REDRESS, SUPERVISOR)
    assert story.due("redress_paid.1") == at(4, 16, 14)  # 10, 13, 14, 15, 16 April


def test_bank_or_insurer_extends_by_thirty_days_with_approval() -> None:
    story = received("cn-bank-insurer@1", "china", IN_CHINA, severity=4)
    assert longest_extension(story, at(11, 28, 16))  # 30 October to 28 November
    assert story.do(extend(at(11, 28, 16))) == ["complaint.extension_requested"]


def test_bank_or_insurer_ends_with_the_withdrawal() -> None:
    story = tell(received("cn-bank-insurer@1", "china", IN_CHINA), s.WITHDRAW)
    assert story.case.nearest_due() is None


def test_beijing_calls_everybody_back_within_three_days() -> None:
    story = tell(received("cn-beijing-12345@1", "china", IN_CHINA), s.VALID, s.CLAIM, s.START, s.RESPOND)
    assert story.case.status == "callback"
    assert story.due("callback.1") == at(10, 2, 16)


def test_default_explains_in_two_days_asks_partners_two_and_pays_in_ten() -> None:
    invalid = tell(received("default@1", "china", IN_CHINA), s.INVALID)
    assert invalid.due("explain.1") == at(10, 8, 16)  # 30 September, 8 October
    valid = tell(received("default@1", "china", IN_CHINA), s.VALID, s.CLAIM, s.START, s.ASK_PARTNER, s.ASK_REDRESS)
    valid.do(s.APPROVE_REDRESS, SUPERVISOR)
    assert valid.due("partner_reply.1") == at(10, 8, 16)
    assert valid.due("redress_paid.1") == at(10, 19, 16)  # 30 September, 8, 9, 10, 12–16, 19 October
    valid.do(s.RESPOND)
    assert valid.due("callback.1") == at(10, 9, 16)  # 30 September, 8, 9 October


@pytest.mark.parametrize(
    ("day", "version"), [(date(2026, 4, 7), 1), (date(2026, 4, 8), 2), (date(2020, 1, 1), 1), (date(2030, 1, 1), 2)]
)
def test_of_two_versions_one_is_in_force_on_any_day(day: date, version: int) -> None:
    ofcom = [policy for policy in shipped.policies() if policy.id == "uk-ofcom"]
    in_force = [p.version for p in ofcom if p.valid_from <= day and (p.valid_to is None or day <= p.valid_to)]
    assert in_force == [version]


@pytest.mark.parametrize("policy", REGULATORS, ids=lambda policy: str(policy.pin))
def test_a_regulators_preset_names_its_source_and_says_that_it_is_no_legal_advice(policy: Policy) -> None:
    assert policy.source
    assert any("No legal advice" in note for note in policy.notes)
    assert policy.title.zh
    assert policy.title.en.isascii()


def test_no_preset_claims_to_be_verified_without_a_date() -> None:
    for file in (files("domain.complaints") / "presets").iterdir():
        document = tomllib.loads(file.read_text("utf-8"))
        assert isinstance(document.get("verified_on", date.min), date), file.name
        assert "verified" not in {key for key in document if key != "verified_on"}, file.name


def test_each_preset_counts_in_the_calendar_of_its_country() -> None:
    expected = {"GB": "england", "GB-ENG": "england", "US": "us", "AU": "au", "CN": "cn", "CN-BJ": "cn"}
    assert {policy.pin: policy.calendar for policy in REGULATORS} == {
        policy.pin: expected[policy.jurisdiction] for policy in REGULATORS
    }
