"""How long each kind of activity may take and how often it is tried, with the reasons."""

import re
from datetime import timedelta
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, FailureError
from temporalio.exceptions import TimeoutError as ActivityTimeoutError

with workflow.unsafe.imports_passed_through():
    from contracts.cases import Patience
    from contracts.names import DIVERGED, SUPERSEDED

_Result = TypeVar("_Result")

TWICE = RetryPolicy(
    initial_interval=timedelta(milliseconds=200),
    maximum_attempts=2,
    non_retryable_error_types=[SUPERSEDED, DIVERGED],
)
"""A local activity holds a workflow task slot: with the store away, cases that try for ever starve all queries."""

UNTIL_DONE = RetryPolicy(
    initial_interval=timedelta(seconds=1),
    backoff_coefficient=2,
    maximum_interval=timedelta(seconds=20),
    non_retryable_error_types=[SUPERSEDED, DIVERGED],
)
"""Recording never gives up: nothing that was accepted is lost because the store was away."""


async def insist(activity: str, request: Any, answer: type[_Result]) -> _Result:
    """Run a recording activity until it succeeds: locally while the store answers, else as a normal activity.

    A failed local activity raises ApplicationError itself. Its `schedule_to_close` is not enforced between attempts,
    so it is bounded by attempts. Raises ApplicationError `Superseded` (the run is a twin and must end); what says
    `Diverged` fails the workflow task, so that a mended release can go on.
    """
    try:
        recorded: _Result = await workflow.execute_local_activity(
            activity,
            request,
            result_type=answer,
            retry_policy=TWICE,
            start_to_close_timeout=timedelta(seconds=5),
        )
    except (ActivityError, ApplicationError) as error:
        _give_way(error)
    else:
        return recorded
    try:
        recorded = await workflow.execute_activity(
            activity,
            request,
            result_type=answer,
            retry_policy=UNTIL_DONE,
            start_to_close_timeout=timedelta(seconds=10),
        )
    except ActivityError as error:
        _give_way(error)
        raise
    return recorded


STEP_ATTEMPT_LIMIT = timedelta(seconds=30)
"""More than a hand-over and what is read and noted around it; its message is held for less (`activities`)."""


def step_retries(patience: Patience) -> RetryPolicy:
    """An outside effect is tried for a while and then parked: a person finds out, the case does not wait."""
    return RetryPolicy(
        initial_interval=patience.first_wait,
        backoff_coefficient=2,
        maximum_interval=patience.longest_wait,
        maximum_attempts=patience.attempts,
    )


def error_code(error: FailureError) -> str:
    """The code of what went wrong in an activity; messages may quote the outside world and stay behind.

    An error that nobody foresaw goes by the name of its class: `StoreAway` is `store_away`.
    """
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", _kind(error)).lower()
    return re.sub(r"[^a-z0-9]+", "_", words)[:64]


def is_final(error: ActivityError) -> bool:
    """Whether the activity said that trying again cannot help."""
    return isinstance(error.cause, ApplicationError) and error.cause.non_retryable


def attempts_made(error: ActivityError, patience: Patience) -> int:
    """Our own failures say at which attempt they came; any other was tried as often as patience lasts."""
    match error.cause:
        case ApplicationError(details=(int() as attempt, *_)):
            return attempt
        case _:
            return patience.attempts


def _kind(error: FailureError) -> str:
    cause = error.cause if isinstance(error, ActivityError) else error
    match cause:
        case ApplicationError(type=str() as kind) if kind:
            return kind
        case ActivityTimeoutError():
            return "timed_out"
        case _:
            return "failed"


def _give_way(error: FailureError) -> None:
    kind = _kind(error)
    if kind == SUPERSEDED:
        raise ApplicationError("a newer run of this case has taken over", type=SUPERSEDED, non_retryable=True)
    if kind == DIVERGED:
        raise RuntimeError("the state of this run is not a beginning of its ledger")
