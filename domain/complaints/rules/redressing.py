"""Redress (赔付): asked for, approved by another above the limit, paid with proof."""

from collections.abc import Iterator
from decimal import Decimal

from domain.complaints import commands as c
from domain.complaints import facts as f
from domain.complaints.policy import Duty
from domain.complaints.redress import Redress
from domain.complaints.rules.given import given
from domain.complaints.situation import Situation
from domain.complaints.terms import RedressState
from domain.ruling import Refused

Facts = Iterator[f.AnyFact]


def redress_is_pending(situation: Situation) -> None:
    command = situation.command
    if not isinstance(command, c.ApproveRedress | c.RejectRedress):
        pending = any(redress.is_pending for redress in situation.case.redress)
    else:
        asked = situation.case.redress_of(command.number)
        pending = asked is not None and asked.is_pending
    if not pending:
        raise Refused("no_redress_asked", "no such redress waits for approval")


def redress_is_decided(situation: Situation) -> None:
    """The answer names the redress: it is decided first."""
    if any(redress.is_pending for redress in situation.case.redress):
        raise Refused("redress_pending", "redress that was asked for waits for approval")


def approver_is_another(situation: Situation) -> None:
    """Four eyes: who asked for it does not approve it."""
    command, policy = situation.command, situation.circumstances.policy
    if not isinstance(command, c.ApproveRedress) or policy is None or policy.separation_of_duties is Duty.WARN:
        return
    asked = situation.case.redress_of(command.number)
    if asked is not None and asked.requested_by == situation.actor:
        raise Refused("own_request", "another person than the one who asked approves")


def approver_may_approve_that_much(situation: Situation) -> None:
    command, staff = situation.command, situation.circumstances.staff
    if not isinstance(command, c.ApproveRedress) or staff is None:
        return
    asked = situation.case.redress_of(command.number)
    if asked is not None and asked.money.amount > _limit(situation):
        raise Refused("above_your_limit", f"your limit is {_limit(situation)}; the request is {asked.money.amount}")


def redress_is_approved(situation: Situation) -> None:
    command = situation.command
    numbers = [redress.number for redress in situation.case.redress if redress.state is RedressState.APPROVED]
    if not numbers or (isinstance(command, c.PayRedress) and command.number not in numbers):
        raise Refused("redress_not_approved", "no such redress is approved and unpaid")


def request_redress(situation: Situation) -> Facts:
    """Within the requester's own limit it is approved at once."""
    command = given(situation, c.RequestRedress)
    asked = Redress(
        number=len(situation.case.redress) + 1,
        kind=command.kind,
        money=command.money,
        requested_by=situation.actor,
    )
    yield f.RedressChanged(redress=asked)
    if command.money.amount <= _limit(situation):
        yield f.RedressChanged(redress=_decided(asked, RedressState.APPROVED, situation.actor))


def approve_redress(situation: Situation) -> Facts:
    asked = _redress(situation, given(situation, c.ApproveRedress).number)
    yield f.RedressChanged(redress=_decided(asked, RedressState.APPROVED, situation.actor))


def reject_redress(situation: Situation) -> Facts:
    command = given(situation, c.RejectRedress)
    rejected = _decided(_redress(situation, command.number), RedressState.REJECTED, situation.actor)
    yield f.RedressChanged(redress=rejected, reason=command.reason)


def pay_redress(situation: Situation) -> Facts:
    command = given(situation, c.PayRedress)
    approved = _redress(situation, command.number)
    yield f.RedressChanged(redress=approved.model_copy(update={"state": RedressState.PAID, "proof": command.proof}))


def _decided(redress: Redress, state: RedressState, by: str) -> Redress:
    return redress.model_copy(update={"state": state, "decided_by": by})


def _redress(situation: Situation, number: int) -> Redress:
    redress = situation.case.redress_of(number)
    if redress is None:
        raise Refused("no_redress_asked", f"this case has no redress {number}")
    return redress


def _limit(situation: Situation) -> Decimal:
    """How much the actor may approve; nothing, for somebody who is not known."""
    person = (situation.circumstances.staff or {}).get(situation.actor)
    return person.redress_limit if person is not None else Decimal(0)
