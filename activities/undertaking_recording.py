"""Deciding and recording: the one activity in which an undertaking changes."""

from collections.abc import Sequence

from temporalio import activity

from activities.ledgered_recording import LedgeredRecorder
from contracts.names import LOAD_UNDERTAKING, RECORD_UNDERTAKING
from contracts.undertakings import UndertakingLoaded, UndertakingRecorded, UndertakingRecording, UndertakingStart
from domain.ruling import Decided
from domain.undertakings.kinds import AnyUndertaking, Entry, decide_all, fold


class UndertakingRecorder(LedgeredRecorder[AnyUndertaking, Entry]):
    """Decides on undertakings, each by the rules of its kind."""

    @activity.defn(name=LOAD_UNDERTAKING)
    async def load_undertaking(self, start: UndertakingStart) -> UndertakingLoaded:
        """The undertaking as its ledger makes it; refused to a run of an older epoch."""
        undertaking = await self._load(start.reference, start.epoch)
        return UndertakingLoaded(
            undertaking=undertaking.model_copy(update={"epoch": start.epoch}), patience=self._patience
        )

    @activity.defn(name=RECORD_UNDERTAKING)
    async def record_undertaking(self, request: UndertakingRecording) -> UndertakingRecorded:
        """Decide what waits and record it; the entries that come back are the truth, whatever the run believed."""

        async def decide(undertaking: AnyUndertaking, recorded: dict[str, int]) -> Decided[AnyUndertaking, Entry]:
            return decide_all(undertaking, request.submissions, request.now, recorded)

        entries, rulings = await self._record(request.undertaking, request.submissions, decide)
        return UndertakingRecorded(entries=entries, rulings=rulings)

    def _fold(self, entries: Sequence[Entry], state: AnyUndertaking | None = None) -> AnyUndertaking:
        return fold(entries, state)
