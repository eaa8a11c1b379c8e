"""What people may ask of a case, drawn at random: lawful, unlawful, sensible or not, but always well formed.

A request that names a time is a function of the moment at which it is made.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypeAlias

from hypothesis import strategies as st

from domain.complaints import commands as c
from domain.complaints.policy import Money
from domain.complaints.terms import (
    PERSONAL,
    ClockKind,
    Correctable,
    Decision,
    ExternalDecision,
    HoldKind,
    Reached,
    Solved,
    StepKind,
    Way,
)
from tests.unit.complaints.rulebook import PLAIN, RICH, SECONDS
from tests.unit.complaints.story import CALLER, COLLEAGUE, HANDLER, HOTLINE, OPERATOR, SUPERVISOR, intake, text

Asking: TypeAlias = Callable[[datetime], c.Command]

NOBODY = "per_nobody1"
CODES = frozenset(Correctable) - PERSONAL - {Correctable.SEVERITY}
NOT_TAKEN_UP = (Decision.INVALID, Decision.NOT_OURS, Decision.SERVICE_REQUEST)

texts = st.integers(1, 99).map(text)
ways = st.sampled_from([Way.EMAIL, Way.EMAIL, *Way])
codes = st.from_regex(r"[a-z0-9][a-z0-9_.-]{0,63}", fullmatch=True)
numbers = st.integers(1, 3)
remedies = st.lists(codes, max_size=2).map(tuple)
references = st.sampled_from(["C-2026-000009", intake().reference])
people = st.sampled_from([HOTLINE, HANDLER, COLLEAGUE, SUPERVISOR, CALLER, OPERATOR, "customer", NOBODY])
step_keys = st.builds("{}.{}".format, st.sampled_from(StepKind), numbers)
spans = st.sampled_from([0, 0, 0, 1, 60, 3_600, 86_400, 3 * 86_400, 31 * 86_400]).map(lambda n: timedelta(seconds=n))
days_ahead = st.integers(-1, 30).map(lambda days: timedelta(days=days))
money = st.builds(
    Money, amount=st.sampled_from([Decimal(5), Decimal("49.99"), Decimal(5_000)]), currency=st.just("GBP")
)


def _plain(command: type[c.Command], /, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Asking]:
    return st.builds(command, **fields).map(lambda made: lambda _: made)


def _until(command: type[c.Command], /, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Asking]:
    """A command with a time `until`, so many days from now."""
    return st.builds(
        lambda ahead, **given: lambda now: command.model_validate({**given, "until": now + ahead}), days_ahead, **fields
    )


def _window(ahead: timedelta, length: int, caller: str | None) -> Asking:
    return lambda now: c.PlanCallback(
        window_from=now + ahead, window_to=now + ahead + timedelta(hours=length), caller=caller
    )


visits = st.one_of(
    st.builds(
        c.RecordVisit,
        way=ways,
        result=st.just(Reached.REACHED),
        solved=st.sampled_from(Solved),
        satisfaction=st.integers(1, 5) | st.none(),
        reason=texts | st.none(),
    ),
    st.builds(c.RecordVisit, way=ways, result=st.sampled_from([result for result in Reached if result != "reached"])),
)
assessments = st.one_of(
    st.builds(c.Assess, decision=st.sampled_from([Decision.VALID, Decision.PARTLY])),
    st.builds(c.Assess, decision=st.sampled_from(NOT_TAKEN_UP), ground=codes),
    st.builds(c.Assess, decision=st.just(Decision.DUPLICATE), ground=codes, duplicate_of=references),
)
corrections = st.one_of(
    st.builds(c.Correct, field=st.sampled_from(sorted(CODES)), code=codes),
    st.builds(c.Correct, field=st.just(Correctable.SEVERITY), code=st.sampled_from("12345")),
    st.builds(c.Correct, field=st.sampled_from(sorted(PERSONAL)), text=texts),
)

ASKING: dict[str, st.SearchStrategy[Asking]] = {
    "acknowledge": _plain(c.Acknowledge, way=ways),
    "assess": assessments.map(lambda command: lambda _: command),
    "explain": _plain(c.Explain, way=ways, letter=texts),
    "appeal": _plain(c.Appeal, reason=texts),
    "assign": _plain(c.Assign, handler=st.sampled_from([HOTLINE, HANDLER, COLLEAGUE, NOBODY]) | st.none()),
    "claim": _plain(c.Claim),
    "start_investigation": _plain(c.StartInvestigation),
    "respond": _plain(c.Respond, way=ways, letter=texts, outcome=codes, cause=codes, remedies=remedies),
    "close": _plain(c.Close),
    "note": _plain(c.Note, text=texts),
    "correct": corrections.map(lambda command: lambda _: command),
    "withdraw": _plain(c.Withdraw, reason=texts, confirmed_by=ways),
    "reopen": _plain(c.Reopen, reason=texts),
    "hold": _until(c.Hold, kind=st.sampled_from(HoldKind), reason=texts),
    "resume": _plain(c.Resume, kind=st.sampled_from(HoldKind)),
    "extend": _until(c.Extend, clock=st.sampled_from(ClockKind), way=ways, letter=texts),
    "approve_extension": _plain(c.ApproveExtension, clock=st.sampled_from(ClockKind)),
    "update_customer": _plain(c.UpdateCustomer, way=ways, letter=texts),
    "escalate": _plain(c.Escalate, level=st.integers(1, 9), reason=texts),
    "acknowledge_escalation": _plain(c.AcknowledgeEscalation),
    "plan_callback": st.builds(
        _window, days_ahead, st.integers(1, 100), st.sampled_from([CALLER, HANDLER, COLLEAGUE, None])
    ),
    "record_visit": visits.map(lambda command: lambda _: command),
    "to_stage_two": _plain(c.ToStageTwo, reason=texts),
    "refer_external": _plain(c.ReferExternal, body=codes),
    "record_external_outcome": _plain(
        c.RecordExternalOutcome, decision=st.sampled_from(ExternalDecision), remedies=remedies
    ),
    "request_partner": _plain(c.RequestPartner, partner=codes, question=texts),
    "partner_reply": _plain(c.PartnerReply, number=numbers, answer=texts),
    "request_redress": _plain(c.RequestRedress, kind=codes, money=money),
    "approve_redress": _plain(c.ApproveRedress, number=numbers),
    "reject_redress": _plain(c.RejectRedress, number=numbers, reason=texts),
    "pay_redress": _plain(c.PayRedress, number=numbers, proof=st.just("BANK-1")),
    "merge": _plain(c.Merge, into=references),
    "unmerge": _plain(c.Unmerge, reason=texts),
    "link_incident": _plain(c.LinkIncident, incident=codes),
    "unlink_incident": _plain(c.UnlinkIncident, reason=texts),
    "change_policy": _plain(c.ChangePolicy, policy=st.sampled_from([PLAIN.pin, RICH.pin, SECONDS.pin]), reason=texts),
    "attach": _plain(c.Attach, file=st.integers(1, 3).map(lambda number: f"att_{number:032x}")),
    "abort": _plain(c.Abort, reason=texts),
    "retry_step": _plain(c.RetryStep, step=step_keys),
    "skip_step": _plain(c.SkipStep, step=step_keys, reason=texts),
}
"""By the name of the command: everything that may be asked with it."""

ENDING = frozenset({"withdraw", "abort"})
SYSTEMS = st.one_of(
    _plain(c.Tick),
    _plain(c.StepDone, step=step_keys),
    _plain(c.StepFailed, step=step_keys, error=st.just("mail_refused"), attempts=st.just(5)),
)
INTAKES = st.fixed_dictionaries(
    {
        "channel": st.sampled_from(["web", "email", "phone", "visit"]),
        "reachable_by": st.sampled_from([(Way.EMAIL,), (Way.EMAIL, Way.PHONE), (Way.POST,), ()]),
        "is_emergency": st.sampled_from([False, False, False, True]),
        "subject_person": st.sampled_from([None, None, COLLEAGUE]),
    }
)
