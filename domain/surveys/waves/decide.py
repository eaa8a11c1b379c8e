"""The decider of a wave: whether a command is lawful, and which facts it makes, steps included."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel

from domain.ruling import Decided, Refused, decide_in_order
from domain.surveys.field_plan import FieldPlan
from domain.surveys.waves import commands as c
from domain.surveys.waves import facts as f
from domain.surveys.waves.evolve import evolve_wave, fold_wave
from domain.surveys.waves.wave import (
    ENDED,
    IN_THE_FIELD,
    SENDING,
    PlannedReminder,
    Wave,
    WaveStatus,
    WaveStep,
    WaveStepKind,
    WaveStepState,
)

SYSTEM = "system"

LAWFUL: dict[type[BaseModel], frozenset[WaveStatus]] = {
    c.Launch: frozenset({WaveStatus.SAMPLED}),
    c.Pause: frozenset({WaveStatus.FIELDING}),
    c.ResumeWave: frozenset({WaveStatus.PAUSED}),
    c.ExtendField: IN_THE_FIELD,
    c.Revise: frozenset({WaveStatus.SAMPLED, *IN_THE_FIELD}),
    c.CloseField: IN_THE_FIELD,
    c.Cancel: frozenset({WaveStatus.DRAFT, WaveStatus.SAMPLED, WaveStatus.CLOSING, *IN_THE_FIELD}),
    c.ReleaseReserve: IN_THE_FIELD,
    c.SignOff: frozenset({WaveStatus.REPORTED}),
    c.RetryWaveStep: frozenset(WaveStatus) - {WaveStatus.CANCELLED},
    c.SkipWaveStep: frozenset(WaveStatus) - ENDED,
}
"""When each command of a person is lawful."""


@dataclass(frozen=True, slots=True)
class WaveCircumstances:
    """What a decision may know beside the wave. A workflow's validator knows the time only."""

    now: datetime
    plan: FieldPlan | None = None


def plan_wave(
    reference: str, survey: str, version: int, actor: str, submission_id: str, at: datetime, *, launches: bool = False
) -> tuple[f.WaveEntry, ...]:
    """The first entry of a wave: it is planned, and its sample is to be drawn; then it may launch by itself."""
    step = WaveStep(key=f"{WaveStepKind.SELECT}.1", kind=WaveStepKind.SELECT)
    fact = f.Planned(survey=survey, version=version, launches=launches, steps=(step,))
    return (_entry(reference, 1, 1, fact, at, actor, submission_id),)


def decide_wave(wave: Wave, submission: c.WaveSubmission, circumstances: WaveCircumstances) -> tuple[f.WaveEntry, ...]:
    """The facts that a command makes, in order; what came due before it is recorded first.

    Raises `Refused` with the guard's name; then nothing has happened.
    """
    recorder = _Recorder(wave, submission.id)
    recorder.record_all(_overdue(wave, circumstances.now), circumstances.now, SYSTEM)
    check_wave(recorder.wave, submission, circumstances.now)
    recorder.record_all(_facts(recorder.wave, submission.command, circumstances), circumstances.now, submission.actor)
    return tuple(recorder.entries)


def decide_all_of_wave(
    wave: Wave,
    submissions: tuple[c.WaveSubmission, ...],
    circumstances: WaveCircumstances,
    recorded: dict[str, int],
) -> Decided[Wave, f.WaveEntry]:
    """Decide submissions one after the other, each on the wave that the former leave."""
    return decide_in_order(
        wave, submissions, recorded, lambda known, each: decide_wave(known, each, circumstances), fold_wave
    )


def allowed_wave_commands(wave: Wave) -> tuple[str, ...]:
    """What a person might ask of the wave as it is now, roles apart."""
    names = {kind: name for name, kind in c.PERSONS_WAVE_COMMANDS.items()}
    lawful = (names[kind] for kind, statuses in LAWFUL.items() if wave.status in statuses)
    about_steps = {"retry_step", "skip_step"}
    needless = about_steps if not wave.parked else set()
    if not _has_reserve(wave):
        needless = needless | {"release_reserve"}
    return tuple(sorted(set(lawful) - needless))


def check_wave(wave: Wave, submission: c.WaveSubmission, now: datetime) -> None:
    """Raise `Refused` if the command is not lawful for the wave as it is."""
    command = submission.command
    lawful = LAWFUL.get(type(command))
    if lawful is not None and wave.status not in lawful:
        expected = ", ".join(sorted(lawful))
        raise Refused("wrong_status", f"{command.command} needs a wave that is {expected}; this one is {wave.status}")
    match command:
        case c.ExtendField(until=until):
            _check_extension(wave, until, now)
        case c.Revise(version=version) if version <= wave.version:
            raise Refused("not_newer", f"the wave has version {wave.version}; a newer one is expected")
        case c.ReleaseReserve() if not _has_reserve(wave):
            raise Refused("no_reserve", "there is no reserve that was not released")
        case c.RetryWaveStep(step=key) | c.SkipWaveStep(step=key):
            _check_step(wave, key, skips=isinstance(command, c.SkipWaveStep))
        case _:
            return


def _check_extension(wave: Wave, until: datetime, now: datetime) -> None:
    if until <= now or (wave.closes_at is not None and until <= wave.closes_at):
        raise Refused("not_later", f"the field work ends at {wave.closes_at}; a later time is expected")


def _check_step(wave: Wave, key: str, *, skips: bool) -> None:
    step = wave.step(key)
    if step is None or step.state is not WaveStepState.PARKED:
        raise Refused("not_parked", f"there is no parked step {key}")
    if skips and step.kind not in SENDING:
        raise Refused("not_skippable", f"without {step.kind} the wave cannot go on; retry it, or cancel the wave")


def _has_reserve(wave: Wave) -> bool:
    ordered = any(step.kind is WaveStepKind.RELEASE for step in wave.steps)
    return wave.sample is not None and wave.sample.reserve > 0 and not ordered


def _facts(wave: Wave, command: c.WaveCommand, circumstances: WaveCircumstances) -> Iterator[f.AnyWaveFact]:  # noqa: C901, PLR0912  one line a command
    match command:
        case c.Launch():
            yield _launched(wave, circumstances)
        case c.Pause(reason=reason):
            yield f.Paused(reason=reason)
        case c.ResumeWave():
            yield f.Resumed()
        case c.ExtendField(until=until, reason=reason):
            yield f.Extended(closes_at=until, reason=reason)
        case c.Revise(version=version, reason=reason):
            yield f.Revised(version=version, reason=reason)
        case c.CloseField(reason=reason):
            yield _closed(wave, "command", reason)
        case c.Cancel(reason=reason):
            yield f.Cancelled(reason=reason, steps=tuple(_dropped(step) for step in wave.unfinished_steps))
        case c.ReleaseReserve(reason=reason):
            yield f.ReserveOrdered(reason=reason, steps=(_step(wave, WaveStepKind.RELEASE),))
        case c.SignOff(measures=measures):
            yield f.SignedOff(measures=measures, steps=(_step(wave, WaveStepKind.HAND_OVER),) if measures else ())
        case c.RetryWaveStep(step=key, reason=reason):
            yield f.WaveStepRetried(step=key, reason=reason, steps=_changed(wave, key, WaveStepState.RUNNING))
        case c.SkipWaveStep(step=key, reason=reason):
            yield f.WaveStepSkipped(step=key, reason=reason, steps=_changed(wave, key, WaveStepState.SKIPPED))
        case c.WaveStepFailed(step=key, error=error, attempts=attempts):
            yield from _failed(wave, key, error, attempts)
        case c.WaveStepDone():
            yield from _done(wave, command, circumstances)
        case _:
            return


def _launched(wave: Wave, circumstances: WaveCircumstances) -> f.Launched:
    plan, now = circumstances.plan, circumstances.now
    if plan is None:
        raise ValueError("a wave is launched only where its field plan is known")
    reminders = tuple(
        PlannedReminder(number=number, kind=each.kind, channel=each.channel, at=now + each.after)
        for number, each in enumerate(plan.reminders, start=1)
    )
    return f.Launched(closes_at=now + plan.open_for, reminders=reminders, steps=(_step(wave, WaveStepKind.INVITE),))


def _closed(wave: Wave, cause: str, reason: str | None = None) -> f.FieldClosed:
    """The field work is over: what still wrote to people is dropped, and the index is computed."""
    dropped = tuple(_dropped(step) for step in wave.unfinished_steps)
    steps = (*dropped, _step(wave, WaveStepKind.COMPUTE))
    return f.FieldClosed.model_validate({"cause": cause, "reason": reason, "steps": steps})


def _overdue(wave: Wave, now: datetime) -> Iterator[f.AnyWaveFact]:
    """What has come due: the end before anything else, for after it nobody is written to."""
    if wave.status in IN_THE_FIELD and wave.closes_at is not None and wave.closes_at <= now:
        yield _closed(wave, "due")
        return
    if not wave.is_open_to_answers:
        return
    ordinal = sum(step.kind is WaveStepKind.REMIND for step in wave.steps)
    for reminder in wave.reminders:
        if not reminder.is_out and reminder.at <= now:
            ordinal += 1
            step = WaveStep(key=f"{WaveStepKind.REMIND}.{ordinal}", kind=WaveStepKind.REMIND, reminder=reminder.number)
            yield f.ReminderDue(number=reminder.number, steps=(step,))
    if wave.invite_again_at is not None and wave.invite_again_at <= now:
        yield f.InvitationsDue(steps=(_step(wave, WaveStepKind.INVITE),))


def _done(wave: Wave, done: c.WaveStepDone, circumstances: WaveCircumstances) -> Iterator[f.AnyWaveFact]:
    step = wave.step(done.step)
    if step is None or step.state is not WaveStepState.RUNNING:
        return  # dropped meanwhile, or told twice
    steps = _changed(wave, step.key, WaveStepState.DONE)
    match step.kind:
        case WaveStepKind.SELECT if done.sample is not None:
            yield f.Sampled(sample=done.sample, steps=steps)
            if wave.launches:
                yield _launched(wave, circumstances)
        case WaveStepKind.INVITE:
            yield f.Invited(count=done.count, again_at=done.again_at, steps=steps)
        case WaveStepKind.REMIND:
            yield f.Reminded(number=step.reminder or 0, count=done.count, steps=steps)
        case WaveStepKind.RELEASE:
            yield f.ReserveReleased(count=done.count, steps=(*steps, _step(wave, WaveStepKind.INVITE)))
        case WaveStepKind.COMPUTE if done.result is not None:
            yield f.Computed(result=done.result, steps=(*steps, _step(wave, WaveStepKind.REPORT)))
        case WaveStepKind.REPORT if done.report_sha256 is not None:
            yield f.Reported(report_sha256=done.report_sha256, steps=steps)
        case WaveStepKind.HAND_OVER:
            yield f.HandedOver(improvements=done.improvements, steps=steps)
        case _:
            raise ValueError(f"{done.step} came back without what it was to make")


def _failed(wave: Wave, key: str, error: str, attempts: int) -> Iterator[f.AnyWaveFact]:
    step = wave.step(key)
    if step is None or step.state is not WaveStepState.RUNNING:
        return
    parked = step.model_copy(update={"state": WaveStepState.PARKED, "error": error, "rounds": step.rounds + 1})
    yield f.WaveStepParked(step=key, error=error, attempts=attempts, steps=(parked,))


def _changed(wave: Wave, key: str, state: WaveStepState) -> tuple[WaveStep, ...]:
    step = wave.step(key)
    return () if step is None else (step.model_copy(update={"state": state, "error": None}),)


def _dropped(step: WaveStep) -> WaveStep:
    return step.model_copy(update={"state": WaveStepState.DROPPED})


def _step(wave: Wave, kind: WaveStepKind) -> WaveStep:
    return WaveStep(key=wave.next_key(kind), kind=kind)


class _Recorder:
    """Puts facts in their places."""

    def __init__(self, wave: Wave, submission_id: str) -> None:
        self.wave = wave
        self.entries: list[f.WaveEntry] = []
        self._submission_id = submission_id

    def record_all(self, facts: Iterator[f.AnyWaveFact], at: datetime, actor: str) -> None:
        for fact in facts:
            wave = self.wave
            entry = _entry(wave.reference, wave.epoch, wave.sequence + 1, fact, at, actor, self._submission_id)
            self.wave = evolve_wave(wave, entry)
            self.entries.append(entry)


def _entry(
    reference: str, epoch: int, sequence: int, fact: f.AnyWaveFact, at: datetime, actor: str, submission_id: str
) -> f.WaveEntry:
    return f.WaveEntry(
        reference=reference, epoch=epoch, sequence=sequence, at=at, actor=actor, command_id=submission_id, fact=fact
    )
