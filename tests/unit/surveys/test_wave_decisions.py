"""The decider of a wave: what each command makes, what comes due, and what is refused."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.surveys.dispositions import Channel
from domain.surveys.field_plan import FieldPlan, Reminder, ReminderKind
from domain.surveys.waves import commands as c
from domain.surveys.waves.decide import (
    SYSTEM,
    Refused,
    WaveCircumstances,
    allowed_wave_commands,
    decide_all_of_wave,
    decide_wave,
    plan_wave,
)
from domain.surveys.waves.evolve import fold_wave
from domain.surveys.waves.facts import WaveEntry, read_wave_entry
from domain.surveys.waves.wave import Result, SampleSize, Wave, WaveStatus, WaveStepState
from domain.undertakings.measure import Measure
from domain.undertakings.undertaking import Target

BEGIN = datetime(2026, 3, 2, 9, tzinfo=UTC)
DAY = timedelta(days=1)
PLAN = FieldPlan(
    channels=(Channel.EMAIL,),
    open_for=timedelta(days=14),
    reminders=(
        Reminder(kind=ReminderKind.NOT_OPENED, after=timedelta(days=4), channel=Channel.EMAIL),
        Reminder(kind=ReminderKind.PARTIAL, after=timedelta(days=7), channel=Channel.EMAIL),
    ),
)
DRAWN = SampleSize(units=100, taken=20, reserve=5, strata=2)
WHY = "txt_" + "0" * 32
MEASURE = Measure(title=WHY, target=Target(category="repair_late"), partner="city_fitters")
RESULT = Result(inputs_sha256="0" * 64, respondents=12, index=81.5, low=78.0, high=85.0, response_rate=0.6)


class Story:
    """A wave with what happened to it, told command by command."""

    def __init__(self) -> None:
        self.entries: list[WaveEntry] = list(plan_wave("W-2026-000001", "gas", 1, "per_a", "plan-1", BEGIN))
        self.at = BEGIN
        self._told = 0

    @property
    def wave(self) -> Wave:
        return fold_wave(self.entries)

    def tell(self, command: Any, actor: str = "per_a") -> list[str]:
        """The facts that the command makes now."""
        self._told += 1
        submission = c.WaveSubmission(id=f"{command.command}-{self._told}", actor=actor, command=command)
        made = decide_wave(self.wave, submission, WaveCircumstances(self.at, PLAN))
        self.entries += made
        return [entry.fact.type for entry in made]

    def done(self, step: str, **outcome: Any) -> list[str]:
        return self.tell(c.WaveStepDone(step=step, **outcome), SYSTEM)

    def tick(self, at: datetime) -> list[str]:
        self.at = at
        return self.tell(c.WaveTick(), SYSTEM)


@pytest.fixture
def fielding() -> Story:
    """A wave whose invitations are out."""
    story = Story()
    story.done("select.1", sample=DRAWN)
    story.tell(c.Launch())
    story.done("invite.1", count=20)
    return story


def refusal(story: Story, command: Any) -> str:
    before = story.wave
    with pytest.raises(Refused) as refused:
        story.tell(command)
    assert story.wave == before
    return refused.value.guard


def test_a_wave_lives_from_draft_to_signed_off(fielding: Story) -> None:
    assert fielding.tell(c.CloseField(reason=WHY)) == ["wave.field_closed"]
    assert fielding.done("compute.1", result=RESULT) == ["wave.computed"]
    assert fielding.done("report.1", report_sha256="1" * 64) == ["wave.reported"]
    assert fielding.tell(c.SignOff()) == ["wave.signed_off"]
    assert fielding.wave.has_ended
    assert fielding.wave.result == RESULT
    assert allowed_wave_commands(fielding.wave) == ()


def test_its_end_and_its_reminders_are_computed_once_at_the_launch(fielding: Story) -> None:
    assert fielding.wave.closes_at == BEGIN + 14 * DAY
    assert [each.at for each in fielding.wave.reminders] == [BEGIN + 4 * DAY, BEGIN + 7 * DAY]
    assert fielding.wave.nearest_due() == BEGIN + 4 * DAY


def test_a_reminder_goes_out_when_it_is_due_and_once(fielding: Story) -> None:
    assert fielding.tick(BEGIN + 4 * DAY - timedelta(seconds=1)) == []
    assert fielding.tick(BEGIN + 4 * DAY) == ["wave.reminder_due"]
    assert fielding.tick(BEGIN + 4 * DAY) == []
    (step,) = fielding.wave.steps_to_carry_out()
    assert (step.key, step.reminder) == ("remind.1", 1)


def test_two_reminders_that_an_outage_held_back_are_two_steps(fielding: Story) -> None:
    assert fielding.tick(BEGIN + 8 * DAY) == ["wave.reminder_due", "wave.reminder_due"]
    assert [(step.key, step.reminder) for step in fielding.wave.steps_to_carry_out()] == [
        ("remind.1", 1),
        ("remind.2", 2),
    ]


def test_the_field_work_ends_by_itself_and_computes(fielding: Story) -> None:
    assert fielding.tick(BEGIN + 14 * DAY) == ["wave.field_closed"]
    assert [step.key for step in fielding.wave.steps_to_carry_out()] == ["compute.1"]
    assert fielding.wave.nearest_due() is None


def test_a_command_that_comes_after_the_end_finds_it_ended(fielding: Story) -> None:
    fielding.at = BEGIN + 15 * DAY
    assert refusal(fielding, c.ExtendField(until=BEGIN + 20 * DAY, reason=WHY)) == "wrong_status"


def test_what_still_writes_to_people_is_dropped_at_the_end(fielding: Story) -> None:
    fielding.tick(BEGIN + 4 * DAY)
    fielding.tell(c.CloseField(reason=WHY))
    step = fielding.wave.step("remind.1")
    assert step is not None
    assert step.state is WaveStepState.DROPPED
    assert fielding.done("remind.1", count=3) == []


def test_a_pause_holds_messages_back_but_not_the_end(fielding: Story) -> None:
    fielding.tell(c.Pause(reason=WHY))
    assert fielding.wave.nearest_due() == BEGIN + 14 * DAY
    assert fielding.tick(BEGIN + 5 * DAY) == []
    assert fielding.tell(c.ResumeWave()) == ["wave.resumed"]
    assert fielding.tick(BEGIN + 5 * DAY) == ["wave.reminder_due"]
    fielding.tell(c.Pause(reason=WHY))
    assert fielding.wave.steps_to_carry_out() == ()
    assert fielding.tick(BEGIN + 14 * DAY) == ["wave.field_closed"]


def test_the_end_moves_later_only(fielding: Story) -> None:
    assert refusal(fielding, c.ExtendField(until=BEGIN + 13 * DAY, reason=WHY)) == "not_later"
    fielding.tell(c.ExtendField(until=BEGIN + 21 * DAY, reason=WHY))
    assert fielding.wave.closes_at == BEGIN + 21 * DAY


def test_the_reserve_is_released_once_and_then_invited(fielding: Story) -> None:
    fielding.tell(c.ReleaseReserve(reason=WHY))
    assert refusal(fielding, c.ReleaseReserve(reason=WHY)) == "no_reserve"
    assert fielding.done("release.1", count=5) == ["wave.reserve_released"]
    assert fielding.wave.released == 5
    assert [step.key for step in fielding.wave.steps_to_carry_out()] == ["invite.2"]


def test_invitations_that_were_put_off_come_up_again() -> None:
    story = Story()
    story.done("select.1", sample=DRAWN)
    story.tell(c.Launch())
    story.done("invite.1", count=18, again_at=BEGIN + 2 * DAY)
    assert story.wave.nearest_due() == BEGIN + 2 * DAY
    assert story.tick(BEGIN + 2 * DAY) == ["wave.invitations_due"]
    assert [step.key for step in story.wave.steps_to_carry_out()] == ["invite.2"]


def test_a_failed_step_is_parked_and_only_what_writes_to_people_can_be_skipped(fielding: Story) -> None:
    fielding.tick(BEGIN + 4 * DAY)
    assert fielding.tell(c.WaveStepFailed(step="remind.1", error="mail_server_away", attempts=5), SYSTEM) == [
        "step.failed"
    ]
    assert [step.key for step in fielding.wave.parked] == ["remind.1"]
    assert fielding.tell(c.RetryWaveStep(step="remind.1")) == ["step.retried"]
    assert refusal(fielding, c.SkipWaveStep(step="remind.1", reason=WHY)) == "not_parked"
    fielding.tell(c.WaveStepFailed(step="remind.1", error="mail_server_away", attempts=5), SYSTEM)
    assert fielding.tell(c.SkipWaveStep(step="remind.1", reason=WHY)) == ["step.skipped"]
    fielding.tell(c.CloseField(reason=WHY))
    fielding.tell(c.WaveStepFailed(step="compute.1", error="not_computable", attempts=1), SYSTEM)
    assert refusal(fielding, c.SkipWaveStep(step="compute.1", reason=WHY)) == "not_skippable"


def test_a_wave_that_cannot_be_computed_can_be_given_up(fielding: Story) -> None:
    fielding.tell(c.CloseField(reason=WHY))
    fielding.tell(c.WaveStepFailed(step="compute.1", error="not_computable", attempts=1), SYSTEM)
    assert fielding.tell(c.Cancel(reason=WHY)) == ["wave.cancelled"]
    assert fielding.wave.has_ended
    assert fielding.wave.parked == ()


@pytest.mark.parametrize(
    "command",
    [
        c.Pause(reason=WHY),
        c.ResumeWave(),
        c.CloseField(reason=WHY),
        c.ReleaseReserve(reason=WHY),
        c.SignOff(),
        c.Launch(),
        c.ExtendField(until=BEGIN + DAY, reason=WHY),
    ],
)
def test_a_draft_can_only_be_cancelled(command: Any) -> None:
    story = Story()
    assert refusal(story, command) == "wrong_status"
    assert allowed_wave_commands(story.wave) == ("cancel",)


def test_a_submission_that_is_recorded_is_answered_and_not_done_again(fielding: Story) -> None:
    again = c.WaveSubmission(id="launch-2", actor="per_a", command=c.Launch())
    decided = decide_all_of_wave(fielding.wave, (again,), WaveCircumstances(BEGIN, PLAN), {})
    assert decided.entries == ()
    assert decided.rulings[0].sequence == 3


def test_every_entry_comes_back_from_its_stored_form(fielding: Story) -> None:
    fielding.tick(BEGIN + 14 * DAY)
    fielding.done("compute.1", result=RESULT)
    assert [read_wave_entry(entry.model_dump(mode="json")) for entry in fielding.entries] == fielding.entries
    assert fielding.wave.status is WaveStatus.COMPUTED


def test_measures_that_a_sign_off_accepts_are_handed_over_before_the_wave_is_over(fielding: Story) -> None:
    fielding.tell(c.CloseField(reason=WHY))
    fielding.done("compute.1", result=RESULT)
    fielding.done("report.1", report_sha256="1" * 64)
    assert fielding.tell(c.SignOff(measures=(MEASURE,))) == ["wave.signed_off"]
    assert fielding.wave.status is WaveStatus.SIGNED_OFF
    assert not fielding.wave.has_ended
    fielding.tell(c.WaveStepFailed(step="handover.1", error="store_away", attempts=5), SYSTEM)
    assert allowed_wave_commands(fielding.wave) == ("retry_step",)
    assert fielding.tell(c.RetryWaveStep(step="handover.1")) == ["step.retried"]
    assert fielding.done("handover.1", improvements=("I-2026-000001",)) == ["wave.measures_handed_over"]
    assert fielding.wave.has_ended
    assert (fielding.wave.measures, fielding.wave.improvements) == ((MEASURE,), ("I-2026-000001",))


def test_a_sign_off_without_measures_ends_the_wave_at_once(fielding: Story) -> None:
    fielding.tell(c.CloseField(reason=WHY))
    fielding.done("compute.1", result=RESULT)
    fielding.done("report.1", report_sha256="1" * 64)
    fielding.tell(c.SignOff())
    assert fielding.wave.has_ended
