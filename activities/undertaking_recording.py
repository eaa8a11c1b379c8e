"""Deciding and recording: the one activity in which an undertaking changes."""

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.ports import AlreadyRecorded, DivergedError, SupersededError
from activities.undertaking_ports import UndertakingAppended, UndertakingBehind, UndertakingLedger
from contracts.cases import Patience
from contracts.names import DIVERGED, LOAD_UNDERTAKING, RECORD_UNDERTAKING, SUPERSEDED
from contracts.undertakings import UndertakingLoaded, UndertakingRecorded, UndertakingRecording, UndertakingStart
from domain.undertakings.kinds import Entry, decide_all, fold

MAX_ROUNDS = 5
"""How often a recording decides again because the ledger moved; more than two writers do not exist."""


class UndertakingRecorder:
    """Decides outside the sandbox and appends with the expected sequence: the ledger decides who was first."""

    def __init__(self, ledger: UndertakingLedger, patience: Patience) -> None:
        self._ledger = ledger
        self._patience = patience

    @activity.defn(name=LOAD_UNDERTAKING)
    async def load_undertaking(self, start: UndertakingStart) -> UndertakingLoaded:
        """The undertaking as its ledger makes it; refused to a run of an older epoch."""
        if await self._ledger.epoch(start.reference) != start.epoch:
            raise _final("a newer epoch runs this undertaking", SUPERSEDED)
        undertaking = fold(await self._ledger.entries(start.reference))
        return UndertakingLoaded(
            undertaking=undertaking.model_copy(update={"epoch": start.epoch}), patience=self._patience
        )

    @activity.defn(name=RECORD_UNDERTAKING)
    async def record_undertaking(self, request: UndertakingRecording) -> UndertakingRecorded:
        """Decide what waits and record it; the entries that come back are the truth, whatever the run believed."""
        try:
            return await self._record(request)
        except SupersededError:
            raise _final("a newer epoch runs this undertaking", SUPERSEDED) from None
        except DivergedError:
            raise _final("the state is not a beginning of the ledger", DIVERGED) from None

    async def _record(self, request: UndertakingRecording) -> UndertakingRecorded:
        adopted = await self._hidden_from(request)
        undertaking = fold(adopted, request.undertaking)
        recorded: dict[str, int] = {}
        for _ in range(MAX_ROUNDS):
            decided = decide_all(undertaking, request.submissions, request.now, recorded)
            if not decided.entries:
                return UndertakingRecorded(entries=adopted, rulings=decided.rulings)
            match await self._ledger.append(undertaking, decided.entries, decided.undertaking):
                case UndertakingAppended():
                    return UndertakingRecorded(entries=adopted + decided.entries, rulings=decided.rulings)
                case UndertakingBehind(tail=tail):
                    undertaking, adopted = fold(tail, undertaking), adopted + tail
                case AlreadyRecorded(sequences=sequences):
                    recorded |= sequences
        raise ApplicationError(f"the ledger moved {MAX_ROUNDS} times", type="contended")

    async def _hidden_from(self, request: UndertakingRecording) -> tuple[Entry, ...]:
        """What a giver saw and the run does not know; else a refusal by its old state would never ask the ledger."""
        known = request.undertaking.sequence
        if all(submission.as_of <= known for submission in request.submissions):
            return ()
        return (await self._ledger.entries(request.undertaking.reference))[known:]


def _final(message: str, kind: str) -> ApplicationError:
    return ApplicationError(message, type=kind, non_retryable=True)
