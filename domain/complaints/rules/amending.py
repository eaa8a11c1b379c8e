"""What operators may change of a step without seeing its case. A wrong address or text is corrected in the case."""

from collections.abc import Iterator
from datetime import timedelta

from domain.complaints import commands as c
from domain.complaints import facts as f
from domain.complaints.acts import step_of
from domain.complaints.guards import is_reachable_by
from domain.complaints.rules.given import given
from domain.complaints.shipped import newest_template, template_codes
from domain.complaints.situation import Situation
from domain.complaints.steps import Step
from domain.complaints.terms import ORDERED, TO_OTHERS, StepKind, StepState, Way
from domain.ruling import Refused

LONGEST_PUT_OFF = timedelta(days=30)


def amendable(kind: StepKind) -> frozenset[str]:
    """The fields that a kind of step lists for operators: nothing personal, and of a correction nothing at all."""
    if kind is StepKind.IDENTITY_CORRECTION:
        return frozenset()
    ours = frozenset({"template", "not_before"})
    return ours if kind in TO_OTHERS else ours | {"way"}


def amendment_fits(situation: Situation) -> None:
    """Only what this kind of step has, on a way on which the customer can be reached, and soon."""
    command, case = situation.command, situation.case
    step = case.step(command.step) if isinstance(command, c.AmendStep) else None
    if step is None or not isinstance(command, c.AmendStep):
        return
    if unknown := command.changes.keys() - amendable(step.kind):
        raise Refused("not_amendable", f"{', '.join(sorted(unknown))} cannot be changed of a step {step.kind}")
    if command.way is not None and command.way not in ORDERED:
        raise Refused("way_not_carried", f"we bring nothing by {command.way}, only by: {', '.join(sorted(ORDERED))}")
    if command.way is not None and not is_reachable_by(case, command.way):
        raise Refused("not_reachable", f"the customer left nothing to be reached at by {command.way}")
    if command.template is not None and not _writes(command.template, step, command.way or step.way):
        raise Refused("not_its_template", f"{command.template} is no template of a {step.kind} for this way")
    if command.not_before is not None and command.not_before > situation.now + LONGEST_PUT_OFF:
        raise Refused("too_far_ahead", f"a step is put off by {LONGEST_PUT_OFF.days} days at most")
    if not _changed(command, step):
        raise Refused("nothing_changes", f"{step.key} is so already; retry it")


def amend_step(situation: Situation) -> Iterator[f.AnyFact]:
    command = given(situation, c.AmendStep)
    step = step_of(situation, command.step)
    changed = _changed(command, step)
    if "way" in changed and command.template is None:
        changed["template"] = newest_template(step.kind, situation.case.intake.language, command.way or Way.EMAIL)
    is_another_message = bool(changed.keys() - {"not_before"})
    amendments = step.amendments + is_another_message
    amended = step.model_copy(update={"error": None, "not_before": None, **changed, "amendments": amendments})
    is_later = amended.not_before is not None and amended.not_before > situation.now
    state = {"state": StepState.DEFERRED} if is_later else {"state": amended.begins_as, "not_before": None}
    steps = (amended.model_copy(update=state),)
    yield f.StepAmended(step=step.key, reason=command.reason, changed=tuple(sorted(changed)), steps=steps)


def _changed(command: c.AmendStep, step: Step) -> dict[str, object]:
    return {name: value for name, value in command.changes.items() if getattr(step, name) != value}


def _writes(template: str, step: Step, way: Way | None) -> bool:
    """Whether the template is there, of the step's kind, and for a text message or not."""
    kind, *medium, _version = template.split(".")
    return template in template_codes() and kind == step.kind and ("sms" in medium) is (way is Way.SMS)
