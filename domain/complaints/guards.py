"""The guards: each names one reason for which a command is refused.

The same for HTTP, CLI, console and bulk. A guard that needs what is not known (the body while allowed commands are
listed, the policy in a validator) lets pass: it is asked again when the command is recorded.
"""

from datetime import datetime

from domain.complaints.assignment import why_not
from domain.complaints.case import Case
from domain.complaints.commands import (
    Acknowledge,
    AmendStep,
    Assess,
    Assign,
    Correct,
    Explain,
    Extend,
    Respond,
    RetryStep,
    SkipStep,
    UpdateCustomer,
)
from domain.complaints.policy import Duty
from domain.complaints.situation import Situation
from domain.complaints.terms import CONTACT_FOR, LETTERS, ORDERED, UPDATES, Correctable, StepKind, StepState, Way
from domain.ruling import Refused


def not_acknowledged_yet(situation: Situation) -> None:
    if situation.case.acknowledged_at is not None:
        raise Refused("already_acknowledged", "the customer has been told already")


def no_notice_under_way(situation: Situation) -> None:
    """A notice that is being sent or waits for an operator must end first, or the customer gets two."""
    command = situation.command
    by_us = isinstance(command, Acknowledge) and command.way in ORDERED
    notices = [step.key for step in situation.case.unfinished_steps if step.kind is StepKind.ACKNOWLEDGEMENT]
    if by_us and notices:
        raise Refused("notice_under_way", f"a notice is under way: {', '.join(notices)}")


def not_a_duplicate_of_itself(situation: Situation) -> None:
    command = situation.command
    if isinstance(command, Assess) and command.duplicate_of == situation.case.reference:
        raise Refused("duplicate_of_itself", "a case repeats another one, not itself")


def assessed_by_another(situation: Situation) -> None:
    """On appeal another person assesses (ISO 10002, 8.5: objectivity)."""
    case, policy = situation.case, situation.circumstances.policy
    enforced = policy is not None and policy.separation_of_duties is Duty.ENFORCE
    if enforced and case.appealed and case.assessed_by == situation.actor:
        raise Refused("same_assessor", "on appeal another person than the first assessor assesses")


def was_explained(situation: Situation) -> None:
    if situation.case.was_upheld or situation.case.decision is None:
        raise Refused("not_explained", "only a complaint that was not taken up can be appealed; use reopen")


def not_appealed_before(situation: Situation) -> None:
    if situation.case.appealed:
        raise Refused("already_appealed", "an explanation can be appealed once")


def inside_the_appeal_window(situation: Situation) -> None:
    _inside("appeal_window_over", situation, situation.case.appeal_until)


def inside_the_reopen_window(situation: Situation) -> None:
    _inside("reopen_window_over", situation, situation.case.reopen_until)


def was_answered(situation: Situation) -> None:
    if not situation.case.was_upheld:
        raise Refused("not_answered", "only an answered complaint can be reopened; use appeal")


def actor_is_the_handler(situation: Situation) -> None:
    if situation.case.handler != situation.actor:
        raise Refused("not_the_handler", "only the person that the case is assigned to does this")


def no_letter_under_way(situation: Situation) -> None:
    """A letter that is being sent or waits for an operator must end first, or the customer could get two."""
    _none_under_way(situation, *LETTERS)


def customer_is_reachable(situation: Situation) -> None:
    """What we carry out needs somewhere to go; told by any other way, the person vouches for it."""
    command = situation.command
    if not isinstance(command, Acknowledge | Explain | Respond | Extend | UpdateCustomer):
        return
    if command.way in ORDERED and not is_reachable_by(situation.case, command.way):
        guard, what = _LACKING[CONTACT_FOR[command.way]]
        raise Refused(guard, f"the customer left no {what}; correct it first or choose another way")


_LACKING = {
    Way.EMAIL: ("no_email", "e-mail address"),
    Way.PHONE: ("no_phone", "telephone number"),
    Way.POST: ("no_address", "postal address"),
}


def is_reachable_by(case: Case, way: Way) -> bool:
    """Whether the customer left what this way needs."""
    return CONTACT_FOR.get(way, way) in case.intake.reachable_by


def no_update_under_way(situation: Situation) -> None:
    """The same for the letters that say how things stand."""
    command = situation.command
    if isinstance(command, UpdateCustomer) and command.way in ORDERED:
        _none_under_way(situation, *UPDATES)


def no_extension_letter_under_way(situation: Situation) -> None:
    _none_under_way(situation, StepKind.EXTENSION_LETTER)


def handler_is_eligible(situation: Situation) -> None:
    command, staff = situation.command, situation.circumstances.staff
    if not isinstance(command, Assign) or staff is None:
        return
    if command.handler is None:
        return
    person = staff.get(command.handler)
    if person is None:
        raise Refused("unknown_person", f"{command.handler} is not in the staff registry")
    reason = why_not(person, situation.case, situation.now, command.team)
    if reason is not None:
        raise Refused("not_eligible", f"{command.handler} cannot handle this case: {reason}")


def nobody_handles_it(situation: Situation) -> None:
    """What somebody has already is given to another by a supervisor; of two that claim a case the first one wins."""
    if situation.case.handler is not None:
        raise Refused("already_assigned", f"the case is assigned to {situation.case.handler} already")


def actor_is_eligible(situation: Situation) -> None:
    """Who claims a case must be able to handle it."""
    person = (situation.circumstances.staff or {}).get(situation.actor)
    reason = None if person is None else why_not(person, situation.case, situation.now)
    if reason is not None:
        raise Refused("not_eligible", f"you cannot handle this case: {reason}")


def something_changes(situation: Situation) -> None:
    command = situation.command
    if not isinstance(command, Correct) or command.code is None:
        return
    if command.code == current_code(situation, command.field):
        raise Refused("nothing_changes", f"{command.field} is {command.code} already")


def something_is_parked(situation: Situation) -> None:
    if not situation.case.parked:
        raise Refused("nothing_parked", "no step of this case waits for an operator")


def step_can_go_again(situation: Situation) -> None:
    """Parked, or put off until later: what an operator may send on its way again, changed or not."""
    command, waiting = situation.command, {StepState.PARKED, StepState.DEFERRED}
    if not isinstance(command, RetryStep | AmendStep):
        if not any(step.state in waiting for step in situation.case.steps):
            raise Refused("nothing_parked", "no step of this case waits for an operator")
        return
    step = situation.case.step(command.step)
    if step is None:
        raise Refused("unknown_step", f"this case has no step {command.step}")
    if step.state not in waiting:
        raise Refused("step_not_parked", f"{command.step} is {step.state}, neither parked nor put off")


def step_is_at_rest(situation: Situation) -> None:
    """What nobody carries out at this moment can be given up: parked, put off, or waiting for who posts or calls."""
    command, at_rest = situation.command, [step.key for step in situation.case.steps if step.is_at_rest]
    if isinstance(command, SkipStep) and situation.case.step(command.step) is None:
        raise Refused("unknown_step", f"this case has no step {command.step}")
    if not at_rest or (isinstance(command, SkipStep) and command.step not in at_rest):
        raise Refused("step_not_parked", f"what waits: {', '.join(at_rest) or 'nothing'}")


def letter_still_means_something(situation: Situation) -> None:
    """A date that does not hold any more is not written to the customer; skip the letter."""
    command, case = situation.command, situation.case
    step = case.step(command.step) if isinstance(command, RetryStep | AmendStep) else None
    if step is None or step.kind is not StepKind.EXTENSION_LETTER:
        return
    if case.extension is None or case.extension.letter != step.text:
        raise Refused("extension_over", f"the extension that {step.key} announces does not hold any more; skip it")


def current_code(situation: Situation, field: Correctable) -> str | None:
    value = getattr(situation.case.intake, field)
    return None if value is None else str(value)


def _none_under_way(situation: Situation, *kinds: StepKind) -> None:
    letters = [step.key for step in situation.case.unfinished_steps if step.kind in kinds]
    if letters:
        raise Refused("letter_under_way", f"a letter is under way: {', '.join(letters)}")


def _inside(guard: str, situation: Situation, until: datetime | None) -> None:
    if until is not None and situation.now >= until:
        raise Refused(
            guard, f"the window closed at {until.isoformat()}; take it as a new complaint that refers to this"
        )
