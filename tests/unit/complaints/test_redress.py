"""Redress: the requester's own limit, four eyes above it, the approver's limit, payment with proof.

Handlers may grant 50, the supervisor 1,000. Under `RICH` it is paid within ten working days after the approval.
"""

from decimal import Decimal

import pytest

from domain.complaints import commands as c
from domain.complaints.facts import RedressChanged
from domain.complaints.policy import Duty, Money
from domain.complaints.terms import RedressState
from tests.unit.complaints import story as s
from tests.unit.complaints.rulebook import RICH
from tests.unit.complaints.story import (
    CALLER,
    COLLEAGUE,
    HANDLER,
    SUPERVISOR,
    Story,
    march,
    story_at,
    tell,
)

PAY_BY = march(18)  # 3, 4, 5, 6, 10, 11, 12, 13, 16 and 17 March
NEXT_SUPERVISOR = "per_supervisor2"


def ask(amount: str) -> c.RequestRedress:
    return c.RequestRedress(kind="refund", money=Money(amount=Decimal(amount), currency="GBP"))


def asked(amount: str = "200", by: str = HANDLER) -> Story:
    story = story_at("investigating", RICH)
    story.staff = {**s.STAFF, NEXT_SUPERVISOR: s.STAFF[SUPERVISOR].model_copy(update={"id": NEXT_SUPERVISOR})}
    story.do(ask(amount), by)
    return story


def approved(amount: str = "200") -> Story:
    return tell(asked(amount), s.APPROVE_REDRESS, by=SUPERVISOR)


def states(story: Story) -> list[str]:
    return [redress.state.value for redress in story.case.redress]


@pytest.mark.parametrize(("amount", "state"), [("50", "approved"), ("50.01", "requested")])
def test_within_the_own_limit_it_is_approved_at_once(amount: str, state: str) -> None:
    assert states(asked(amount)) == [state]


@pytest.mark.parametrize("by", [CALLER, "per_nobody1"])
def test_who_has_no_limit_grants_nothing(by: str) -> None:
    assert states(asked("0.01", by)) == ["requested"]


def test_what_was_asked_for_and_granted_stands_in_the_record() -> None:
    story = asked("30")
    assert [fact.redress.state for fact in story.told(RedressChanged)] == ["requested", "approved"]
    [redress] = story.case.redress
    assert (redress.requested_by, redress.decided_by, redress.kind) == (HANDLER, HANDLER, "refund")


@pytest.mark.parametrize(
    ("amount", "asker", "approver", "guard"),
    [
        ("200", HANDLER, SUPERVISOR, None),
        ("200", HANDLER, HANDLER, "own_request"),
        ("1000.01", SUPERVISOR, SUPERVISOR, "own_request"),
        ("1000", HANDLER, SUPERVISOR, None),
        ("1000.01", HANDLER, SUPERVISOR, "above_your_limit"),
        ("1000.01", SUPERVISOR, NEXT_SUPERVISOR, "above_your_limit"),
        ("60", HANDLER, COLLEAGUE, "above_your_limit"),
        ("60", HANDLER, "per_nobody1", "above_your_limit"),
    ],
)
def test_above_it_another_person_approves_within_that_persons_limit(
    amount: str, asker: str, approver: str, guard: str | None
) -> None:
    story = asked(amount, asker)
    before = story.case
    assert story.refused(s.APPROVE_REDRESS, approver) == guard
    assert story.case == before


def test_under_a_policy_that_only_warns_who_asked_may_approve_within_the_limit() -> None:
    lenient = RICH.model_copy(update={"separation_of_duties": Duty.WARN})
    story = tell(story_at("investigating", lenient), ask("200"), by=HANDLER)
    story.staff = {**s.STAFF, HANDLER: s.STAFF[HANDLER].model_copy(update={"redress_limit": Decimal(500)})}
    assert story.refused(s.APPROVE_REDRESS, HANDLER) is None


def test_the_approval_starts_the_clock_and_the_payment_meets_it_with_its_proof() -> None:
    story = approved()
    assert story.due("redress_paid.1") == PAY_BY
    story.at(march(5)).do(s.PAY_REDRESS)
    [redress] = story.case.redress
    assert (redress.state, redress.proof) == (RedressState.PAID, "BANK-2026/117")
    assert story.clock_states["redress_paid.1"] == "met"


def test_each_payment_meets_the_clock_of_its_own_redress() -> None:
    story = approved()
    tell(story, ask("30"), ask("40"))
    story.do(c.PayRedress(number=2, proof="BANK-2"))
    assert {key: state for key, state in story.clock_states.items() if key.startswith("redress")} == {
        "redress_paid.1": "running",
        "redress_paid.2": "met",
        "redress_paid.3": "running",
    }


def test_a_rejected_request_is_over() -> None:
    story = asked()
    story.do(s.REJECT_REDRESS, SUPERVISOR)
    assert states(story) == ["rejected"]
    assert story.told(RedressChanged)[-1].reason == s.text(18)
    assert "redress_paid.1" not in story.clock_states


REFUSALS: list[tuple[str, tuple[c.Command, ...], c.Command]] = [
    ("no_redress_asked", (s.APPROVE_REDRESS,), s.APPROVE_REDRESS),  # approved already
    ("no_redress_asked", (s.APPROVE_REDRESS,), s.REJECT_REDRESS),
    ("no_redress_asked", (s.REJECT_REDRESS,), s.APPROVE_REDRESS),
    ("no_redress_asked", (), c.ApproveRedress(number=2)),
    ("no_redress_asked", (), c.RejectRedress(number=2, reason=s.text(18))),
    ("redress_not_approved", (), s.PAY_REDRESS),
    ("redress_not_approved", (s.REJECT_REDRESS,), s.PAY_REDRESS),
    ("redress_not_approved", (s.APPROVE_REDRESS, s.PAY_REDRESS), s.PAY_REDRESS),
    ("redress_not_approved", (s.APPROVE_REDRESS,), c.PayRedress(number=2, proof="BANK-2")),
]


@pytest.mark.parametrize(("guard", "beforehand", "command"), REFUSALS)
def test_redress_goes_its_way_once(guard: str, beforehand: tuple[c.Command, ...], command: c.Command) -> None:
    story = tell(asked(), *beforehand, by=SUPERVISOR)
    before = story.case
    assert story.refused(command, SUPERVISOR) == guard
    assert story.case == before


@pytest.mark.parametrize("answer", [s.RESPOND, s.RESPOND_BY_MAIL])
@pytest.mark.parametrize("decision", [s.APPROVE_REDRESS, s.REJECT_REDRESS])
def test_the_answer_waits_for_the_decision(answer: c.Command, decision: c.Command) -> None:
    story = asked()
    before = story.case
    assert story.refused(answer) == "redress_pending"
    assert story.case == before
    story.do(decision, SUPERVISOR)
    assert story.refused(answer) is None


def test_what_was_promised_is_paid_after_the_case_was_closed_and_keeps_its_clock_until_then() -> None:
    story = tell(approved(), s.RESPOND)
    story.do(s.SETTLED, CALLER)
    assert story.case.status == "closed"
    assert story.case.nearest_due() == PAY_BY
    story.do(s.PAY_REDRESS)
    assert story.case.nearest_due() is None


def test_what_was_asked_for_while_the_customer_was_called_can_be_decided_after_the_end() -> None:
    story = tell(story_at("investigating", RICH), s.RESPOND, s.ASK_REDRESS)
    story.do(s.SETTLED, CALLER)
    story.do(s.APPROVE_REDRESS, SUPERVISOR)
    assert story.due("redress_paid.1") == PAY_BY


def test_a_payment_without_a_proof_is_none() -> None:
    for proof in ("", "x" * 65, "paid in cash to the customer"):
        with pytest.raises(ValueError, match="proof"):
            c.PayRedress(number=1, proof=proof)


@pytest.mark.parametrize("money", [{"amount": "0"}, {"amount": "-5"}, {"amount": "1.005"}, {"currency": "pounds"}])
def test_money_is_a_positive_amount_in_a_currency(money: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        Money.model_validate({"amount": "5", "currency": "GBP"} | money)
