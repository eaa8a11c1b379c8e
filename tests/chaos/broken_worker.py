"""A worker process for tests: the real one, but it crashes at a named point or lacks a named part of its safety net.

Crash points are where random kills hardly ever hit: between a commit and the completion of the task that made it.
Only this module reads the two variables.
"""

import asyncio
import dataclasses
import os
import signal
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from temporalio import activity
from temporalio.common import RetryPolicy

from activities.ports import AlreadyRecorded, Appended, Behind
from activities.recording import CaseRecorder
from contracts.cases import Recorded, Recording
from contracts.names import PERFORM_AND_RECORD
from domain.complaints.case import Case
from domain.complaints.commands import Close
from domain.complaints.facts import Entry
from domain.complaints.law import ANY, RULES
from domain.complaints.ruling import decide_all
from gateways.mail import MailPost
from runtime import assembly, serving
from runtime.assembly import Parts
from runtime.housekeeping import Chore
from runtime.serving import run_worker
from storage import ledger
from storage.deliveries import Deliveries
from storage.ledger import Ledger
from storage.pool import StoreAway
from workflows import options
from workflows.alarm import Alarm

CRASH = "AMENDS_TEST_CRASH"
LACK = "AMENDS_TEST_LACK"


def die_after_the_commit_of_an_assessment() -> None:
    append = Ledger.append

    async def append_and_die(
        self: Ledger, expected: Case, entries: Sequence[Entry], after: Case
    ) -> Appended | Behind | AlreadyRecorded:
        answer = await append(self, expected, entries, after)
        if any(entry.fact.type == "complaint.assessed" for entry in entries):
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    Ledger.append = append_and_die  # type: ignore[method-assign]


def lose_the_answer_to_the_first_hand_over() -> None:
    """It is remembered, and whoever asked hears that the store is away."""
    accept = Deliveries.accept
    lost: list[str] = []

    async def accept_and_lose(self: Deliveries, effect_key: str, evidence: str, at: datetime) -> None:
        await accept(self, effect_key, evidence, at)
        if not lost:
            lost.append(effect_key)
            raise StoreAway("the answer of the commit was lost")

    Deliveries.accept = accept_and_lose  # type: ignore[method-assign]


def lose_the_note_of_the_first_hand_over() -> None:
    """The message is out, and the store is away before that is written down."""
    accept = Deliveries.accept
    lost: list[str] = []

    async def lose_or_accept(self: Deliveries, effect_key: str, evidence: str, at: datetime) -> None:
        if not lost:
            lost.append(effect_key)
            raise StoreAway("the connection was lost before the statement")
        await accept(self, effect_key, evidence, at)

    Deliveries.accept = lose_or_accept  # type: ignore[method-assign]


def lack_the_delivery_memory() -> None:
    async def accepted(self: Deliveries, effect_key: str) -> str | None:
        return None

    Deliveries.accepted = accepted  # type: ignore[method-assign]


def lack_the_reconciler() -> None:
    chores = assembly.chores

    def chores_without_it(parts: Parts) -> Sequence[Chore]:
        return [chore for chore in chores(parts) if chore.name != "start what was left"]

    setattr(serving, "chores", chores_without_it)  # noqa: B010  it is imported there, not offered


def lack_the_order_of_recording_and_answering() -> None:
    """Answer at once and record a moment later."""
    record = CaseRecorder.perform_and_record
    going_on: set[asyncio.Task[Recorded]] = set()

    async def answer_first(self, request: Recording) -> Recorded:  # type: ignore[no-untyped-def]  the SDK knows a method by it
        async def later() -> Recorded:
            await asyncio.sleep(2)
            return await record(self, request)

        task = asyncio.create_task(later())
        going_on.add(task)
        decided = decide_all(request.case, request.submissions, await self._circumstances(request), {})
        return Recorded(entries=decided.entries, rulings=decided.rulings)

    CaseRecorder.perform_and_record = activity.defn(name=PERFORM_AND_RECORD)(answer_first)  # type: ignore[method-assign]


def lack_the_alarm() -> None:
    def stay_silent(self: Alarm, due: datetime | None) -> None:
        return

    Alarm.set_for = stay_silent  # type: ignore[method-assign]


def lack_the_post() -> None:
    """Say that a letter was sent, and send nothing."""

    async def pretend(self: MailPost, letter: Any) -> str:
        return str(self._compose(letter)["Message-ID"])

    MailPost.send = pretend  # type: ignore[method-assign]


def lack_the_guards_of_closing() -> None:
    RULES[Close] = dataclasses.replace(RULES[Close], lawful_from=ANY)


def lack_the_read_model() -> None:
    """Leave the status of the read model as it was at the beginning."""
    record_of = ledger.record_of

    def stale(case: Case) -> dict[str, Any]:
        return {**record_of(case), "status": "received"}

    ledger.record_of = stale


def lack_the_relay() -> None:
    """Record events and tell nobody."""
    chores = assembly.chores

    def chores_without_it(parts: Parts) -> Sequence[Chore]:
        return [chore for chore in chores(parts) if chore.name != "tell what happened"]

    setattr(serving, "chores", chores_without_it)  # noqa: B010  it is imported there, not offered


def lack_the_insistence() -> None:
    """Give recording up when it does not succeed at once."""
    options.UNTIL_DONE = RetryPolicy(maximum_attempts=1)


CRASHES: dict[str, Callable[[], None]] = {
    "after the commit": die_after_the_commit_of_an_assessment,
    "after the hand-over": lose_the_answer_to_the_first_hand_over,
    "before the hand-over is noted": lose_the_note_of_the_first_hand_over,
}
LACKS: dict[str, Callable[[], None]] = {
    "delivery memory": lack_the_delivery_memory,
    "reconciler": lack_the_reconciler,
    "recording before answering": lack_the_order_of_recording_and_answering,
    "alarm": lack_the_alarm,
    "post": lack_the_post,
    "guards": lack_the_guards_of_closing,
    "read model": lack_the_read_model,
    "relay": lack_the_relay,
    "insistence": lack_the_insistence,
}


def main() -> None:
    for variable, changes in ((CRASH, CRASHES), (LACK, LACKS)):
        if wanted := os.environ.get(variable):
            changes[wanted]()
    run_worker()


if __name__ == "__main__":
    main()
