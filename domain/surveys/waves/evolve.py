"""What a wave is after a fact. Total: every fact that was recorded applies, whatever today's rules would say."""

from collections.abc import Iterable
from typing import Any

from domain.surveys.waves import facts as f
from domain.surveys.waves.wave import REMEMBERED_COMMANDS, PlannedReminder, Wave, WaveStatus, WaveStep


def fold_wave(entries: Iterable[f.WaveEntry], wave: Wave | None = None) -> Wave:
    """The wave that its ledger makes, from the beginning or from a state already folded."""
    for entry in entries:
        wave = evolve_wave(wave, entry)
    if wave is None:
        raise ValueError("a wave has at least one fact")
    return wave


def evolve_wave(wave: Wave | None, entry: f.WaveEntry) -> Wave:
    """The wave after one more fact."""
    before = wave or _planned(entry)
    if entry.sequence != before.sequence + 1:
        raise ValueError(f"fact {entry.sequence} does not follow {before.sequence} of {before.reference}")
    remembered = (
        *(known for known in before.recent if known[0] != entry.command_id),
        (entry.command_id, entry.sequence),
    )
    return before.model_copy(
        update={
            "sequence": entry.sequence,
            "epoch": entry.epoch,
            "steps": _with(before.steps, entry.fact.steps),
            "recent": remembered[-REMEMBERED_COMMANDS:],
            **_changes(before, entry),
        }
    )


def _planned(entry: f.WaveEntry) -> Wave:
    if not isinstance(entry.fact, f.Planned):
        raise ValueError(f"{entry.reference} does not begin with being planned")  # noqa: TRY004  a fact, not a type
    return Wave(
        reference=entry.reference,
        survey=entry.fact.survey,
        version=entry.fact.version,
        status=WaveStatus.DRAFT,
        planned_by=entry.actor,
        planned_at=entry.at,
        launches=entry.fact.launches,
    )


def _with(steps: tuple[WaveStep, ...], changed: tuple[WaveStep, ...]) -> tuple[WaveStep, ...]:
    """The steps with the changed ones in their places and new ones at the end."""
    return tuple(({step.key: step for step in steps} | {step.key: step for step in changed}).values())


_STATUS_AFTER: dict[type[f.WaveFact], WaveStatus] = {
    f.Sampled: WaveStatus.SAMPLED,
    f.Launched: WaveStatus.FIELDING,
    f.Paused: WaveStatus.PAUSED,
    f.Resumed: WaveStatus.FIELDING,
    f.FieldClosed: WaveStatus.CLOSING,
    f.Computed: WaveStatus.COMPUTED,
    f.Reported: WaveStatus.REPORTED,
    f.SignedOff: WaveStatus.SIGNED_OFF,
    f.Cancelled: WaveStatus.CANCELLED,
}


def _changes(wave: Wave, entry: f.WaveEntry) -> dict[str, Any]:
    status = _STATUS_AFTER.get(type(entry.fact), wave.status)
    return {"status": status, **_further_changes(wave, entry)}


def _further_changes(wave: Wave, entry: f.WaveEntry) -> dict[str, Any]:  # noqa: C901, PLR0912  one line a fact
    match entry.fact:
        case f.Sampled(sample=sample):
            return {"sample": sample}
        case f.Launched(closes_at=closes_at, reminders=reminders):
            return {"launched_at": entry.at, "closes_at": closes_at, "reminders": reminders}
        case f.Extended(closes_at=closes_at):
            return {"closes_at": closes_at}
        case f.Revised(version=version):
            return {"version": version}
        case f.Invited(again_at=again_at):
            return {"invite_again_at": again_at}
        case f.InvitationsDue() | f.FieldClosed() | f.Cancelled():
            return {"invite_again_at": None}
        case f.ReminderDue(number=number):
            return {"reminders": tuple(_out(each, number) for each in wave.reminders)}
        case f.ReserveReleased(count=count):
            return {"released": wave.released + count}
        case f.Computed(result=result):
            return {"result": result}
        case f.Reported(report_sha256=digest):
            return {"report_sha256": digest}
        case f.SignedOff(measures=measures):
            return {"signed_off_by": entry.actor, "measures": measures}
        case f.HandedOver(improvements=improvements):
            return {"improvements": improvements}
        case _:
            return {}


def _out(reminder: PlannedReminder, number: int) -> PlannedReminder:
    return reminder.model_copy(update={"is_out": True}) if reminder.number == number else reminder
