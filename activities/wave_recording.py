"""Deciding and recording: the one activity in which a wave changes."""

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.survey_ports import (
    AlreadyRecorded,
    Definitions,
    DivergedError,
    SupersededError,
    WaveAppended,
    WaveBehind,
    WaveLedger,
)
from contracts.cases import Patience
from contracts.names import DIVERGED, LOAD_WAVE, RECORD_WAVE, SUPERSEDED
from contracts.waves import WaveLoaded, WaveRecorded, WaveRecording, WaveStart
from domain.surveys.waves.decide import WaveCircumstances, decide_all_of_wave
from domain.surveys.waves.evolve import fold_wave
from domain.surveys.waves.facts import WaveEntry

MAX_ROUNDS = 5
"""How often a recording decides again because the ledger moved; more than two writers do not exist."""


class WaveRecorder:
    """Decides outside the sandbox and appends with the expected sequence: the ledger decides who was first."""

    def __init__(self, ledger: WaveLedger, definitions: Definitions, patience: Patience) -> None:
        self._ledger = ledger
        self._definitions = definitions
        self._patience = patience

    @activity.defn(name=LOAD_WAVE)
    async def load_wave(self, start: WaveStart) -> WaveLoaded:
        """The wave as its ledger makes it; refused to a run of an older epoch."""
        if await self._ledger.epoch(start.reference) != start.epoch:
            raise _final("a newer epoch runs this wave", SUPERSEDED)
        wave = fold_wave(await self._ledger.entries(start.reference))
        return WaveLoaded(wave=wave.model_copy(update={"epoch": start.epoch}), patience=self._patience)

    @activity.defn(name=RECORD_WAVE)
    async def record_wave(self, request: WaveRecording) -> WaveRecorded:
        """Decide what waits and record it; the entries that come back are the truth, whatever the run believed."""
        try:
            return await self._record(request)
        except SupersededError:
            raise _final("a newer epoch runs this wave", SUPERSEDED) from None
        except DivergedError:
            raise _final("the state is not a beginning of the ledger", DIVERGED) from None

    async def _record(self, request: WaveRecording) -> WaveRecorded:
        adopted = await self._hidden_from(request)
        wave = fold_wave(adopted, request.wave)
        definition = await self._definitions.definition(wave.survey, wave.version)
        circumstances = WaveCircumstances(now=request.now, plan=definition.fieldwork)
        recorded: dict[str, int] = {}
        for _ in range(MAX_ROUNDS):
            decided = decide_all_of_wave(wave, request.submissions, circumstances, recorded)
            if not decided.entries:
                return WaveRecorded(entries=adopted, rulings=decided.rulings)
            match await self._ledger.append(wave, decided.entries, decided.wave):
                case WaveAppended():
                    return WaveRecorded(entries=adopted + decided.entries, rulings=decided.rulings)
                case WaveBehind(tail=tail):
                    wave, adopted = fold_wave(tail, wave), adopted + tail
                case AlreadyRecorded(sequences=sequences):
                    recorded |= sequences
        raise ApplicationError(f"the ledger moved {MAX_ROUNDS} times", type="contended")

    async def _hidden_from(self, request: WaveRecording) -> tuple[WaveEntry, ...]:
        """What a giver saw and the run does not know; else a refusal by its old state would never ask the ledger."""
        if all(submission.as_of <= request.wave.sequence for submission in request.submissions):
            return ()
        return (await self._ledger.entries(request.wave.reference))[request.wave.sequence :]


def _final(message: str, kind: str) -> ApplicationError:
    return ApplicationError(message, type=kind, non_retryable=True)
