"""Commands to running cases, as activities give them: refused by name, or unavailable."""

from datetime import timedelta

from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from activities.ports import CaseUnavailable, Refusal
from contracts.names import REFUSED
from domain.complaints.commands import Submission
from runtime.launcher import TEMPORAL_AWAY, CaseLauncher
from storage.ledger import Ledger, UnknownCase
from storage.pool import StoreAway

LIMIT = timedelta(seconds=10)


class CaseCommands:
    """The way to running cases."""

    def __init__(self, launcher: CaseLauncher, ledger: Ledger) -> None:
        self._launcher = launcher
        self._ledger = ledger

    async def give(self, reference: str, submission: Submission) -> None:
        """Do a command in a case. Raises `Refusal`, `CaseUnavailable`."""
        try:
            epoch = await self._ledger.epoch(reference)
        except UnknownCase:
            raise Refusal("not_found", "there is no such case any more") from None
        except StoreAway as error:
            raise CaseUnavailable(reference) from error
        try:
            await self._launcher.perform(reference, epoch, submission, LIMIT)
        except WorkflowUpdateFailedError as error:
            raise refusal_of(error) from None
        except (*TEMPORAL_AWAY, TimeoutError) as error:
            raise CaseUnavailable(reference) from error


def refusal_of(error: WorkflowUpdateFailedError) -> Refusal | CaseUnavailable:
    """The guard that said no, or that the case could not take the command."""
    cause = error.cause
    if isinstance(cause, ApplicationError) and cause.type == REFUSED:
        return Refusal(str(cause.details[0]) if cause.details else "refused", cause.message)
    return CaseUnavailable("the case cannot take the command now")
