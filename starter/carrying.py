"""Bringing a command to the run that decides it, and what its giver is told when it was refused or did not answer."""

import asyncio
from datetime import timedelta
from typing import TypeVar

from temporalio.client import WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from contracts.names import REFUSED
from runtime.ledgered_launcher import TEMPORAL_AWAY, LedgeredLauncher, Submitted
from starter.problems import Problem, unavailable

UPDATE_LIMIT = timedelta(seconds=10)
NOT_READY_TRIES = 5
NOT_READY_PAUSE_SECONDS = 0.3

SubmissionT = TypeVar("SubmissionT", bound=Submitted)
AnswerT = TypeVar("AnswerT")


async def carry(
    launcher: LedgeredLauncher[SubmissionT, AnswerT], reference: str, epoch: int, submission: SubmissionT
) -> AnswerT:
    """The run's answer to a command. Raises `Problem`: its refusal is a 409, an outcome that is not known a 503."""
    for _ in range(NOT_READY_TRIES):
        try:
            return await launcher.perform(reference, epoch, submission, UPDATE_LIMIT)
        except WorkflowUpdateFailedError as error:
            raise _refused(reference, error) from None
        except WorkflowUpdateRPCTimeoutOrCancelledError:
            break
        except TEMPORAL_AWAY as error:
            if not isinstance(error, RPCError) or error.status is not RPCStatusCode.FAILED_PRECONDITION:
                break
        await asyncio.sleep(NOT_READY_PAUSE_SECONDS)
    raise unavailable(
        "outcome_unknown", f"{reference} does not answer now; repeat the request with the same Idempotency-Key"
    )


def _refused(reference: str, error: WorkflowUpdateFailedError) -> Problem:
    cause = error.cause
    if isinstance(cause, ApplicationError) and cause.type == REFUSED:
        guard = str(cause.details[0]) if cause.details else "refused"
        return Problem(409, guard, cause.message)
    return unavailable("outcome_unknown", f"the process of {reference} was replaced meanwhile; repeat the request")
