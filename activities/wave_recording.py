"""Deciding and recording: the one activity in which a wave changes."""

from collections.abc import Sequence

from temporalio import activity

from activities.ledgered_recording import LedgeredRecorder
from activities.survey_ports import Definitions, WaveLedger
from contracts.cases import Patience
from contracts.names import LOAD_WAVE, RECORD_WAVE
from contracts.waves import WaveLoaded, WaveRecorded, WaveRecording, WaveStart
from domain.ruling import Decided
from domain.surveys.waves.decide import WaveCircumstances, decide_all_of_wave
from domain.surveys.waves.evolve import fold_wave
from domain.surveys.waves.facts import WaveEntry
from domain.surveys.waves.wave import Wave


class WaveRecorder(LedgeredRecorder[Wave, WaveEntry]):
    """Decides on waves by the field plan of the version that each has pinned."""

    def __init__(self, ledger: WaveLedger, definitions: Definitions, patience: Patience) -> None:
        super().__init__(ledger, patience)
        self._definitions = definitions

    @activity.defn(name=LOAD_WAVE)
    async def load_wave(self, start: WaveStart) -> WaveLoaded:
        """The wave as its ledger makes it; refused to a run of an older epoch."""
        wave = await self._load(start.reference, start.epoch)
        return WaveLoaded(wave=wave.model_copy(update={"epoch": start.epoch}), patience=self._patience)

    @activity.defn(name=RECORD_WAVE)
    async def record_wave(self, request: WaveRecording) -> WaveRecorded:
        """Decide what waits and record it; the entries that come back are the truth, whatever the run believed."""

        async def decide(wave: Wave, recorded: dict[str, int]) -> Decided[Wave, WaveEntry]:
            definition = await self._definitions.definition(wave.survey, wave.version)
            circumstances = WaveCircumstances(now=request.now, plan=definition.fieldwork)
            return decide_all_of_wave(wave, request.submissions, circumstances, recorded)

        entries, rulings = await self._record(request.wave, request.submissions, decide)
        return WaveRecorded(entries=entries, rulings=rulings)

    def _fold(self, entries: Sequence[WaveEntry], state: Wave | None = None) -> Wave:
        return fold_wave(entries, state)
