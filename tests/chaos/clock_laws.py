"""Clocks, judged by the facts alone: what was promised is computed once more from the policy's own document."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from tests.chaos.evidence import Evidence, Row

PRESET = Path(__file__).parents[2] / "domain" / "complaints" / "presets" / "demo.toml"
SLACK = timedelta(seconds=5)
"""What the promise allows beyond an outage; on a crowded machine, as much more as it is overcommitted."""
LEASE = timedelta(seconds=13)
"""What a process that died held: a workflow task for ten seconds, a case's place in its queue for three."""

_SETTLED_BY = {
    "complaint.acknowledged": {"acknowledge"},
    "complaint.responded": {"acknowledge", "final_response"},
    "complaint.explained": {"acknowledge", "final_response"},
    "complaint.closed": {"acknowledge", "final_response"},
    "complaint.withdrawn": {"acknowledge", "final_response"},
    "complaint.aborted": {"acknowledge", "final_response"},
}


@dataclass(frozen=True, slots=True)
class Promise:
    """A clock as it must have run: when it was due, and the sequence and time of what settled it."""

    reference: str
    kind: str
    attempt: int
    due_at: datetime
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Lateness:
    """How late a breach was recorded, and how much of that the system was hurt."""

    reference: str
    seconds: float
    hurt_seconds: float


def every_due_time_has_one_record(evidence: Evidence) -> Iterator[str]:
    """A clock that was not settled by its due time has exactly one breach, never early, late at most by the outage."""
    for reference, rows in evidence.ledger.items():
        promises = list(promised(reference, rows))
        yield from _unplanned(reference, rows, promises)
        for promise in promises:
            yield from _broken(promise, rows, evidence)


def latenesses(evidence: Evidence) -> Iterator[Lateness]:
    """Every breach with how late its record was committed (or made, where commit times are not kept).

    A complaint that was logged when its clocks had run out could not be recorded as breached before that.
    """
    for rows in evidence.ledger.values():
        for row in rows:
            if row.type == "clock.breached":
                could_at = _could_be_recorded_at(datetime.fromisoformat(row.fact["due_at"]), row, rows)
                recorded_at = row.committed_at or row.at
                hurt = _hurt(evidence, could_at, recorded_at)
                yield Lateness(row.reference, (recorded_at - could_at).total_seconds(), hurt.total_seconds())


def promised(reference: str, rows: list[Row]) -> Iterator[Promise]:
    """The clocks that the policy starts at what the ledger says happened."""
    for position, row in enumerate(rows):
        match row.type:
            case "complaint.received":
                anchor, attempt = "received", 1
                began_at = datetime.fromisoformat(row.fact["intake"]["received_at"])
            case "complaint.reopened" | "complaint.appealed":
                anchor, attempt, began_at = "reopened", row.fact["attempt"], row.at
            case _:
                continue
        for kind, seconds in _spans(anchor).items():
            due_at = began_at + timedelta(seconds=seconds)
            yield Promise(reference, kind, attempt, due_at, _settled_at(rows[position + 1 :], kind))


@cache
def _spans(anchor: str) -> dict[str, int]:
    """Seconds by kind, as the document of the policy says."""
    rules: list[dict[str, Any]] = tomllib.loads(PRESET.read_text())["clocks"]
    return {rule["kind"]: rule["span"]["amount"] for rule in rules if rule["anchor"] == anchor}


def _settled_at(later: list[Row], kind: str) -> datetime | None:
    """When a promise was kept for good: a message that came back has kept none."""
    settled_at: datetime | None = None
    for row in later:
        if settled_at is None and kind in _SETTLED_BY.get(row.type, ()):
            settled_at = row.at
        elif row.type == "step.bounced" and row.fact["reopens"] and kind in _kept_by(row.fact["step"]):
            settled_at = None
        elif settled_at is not None and row.type in {"complaint.reopened", "complaint.appealed"}:
            break
    return settled_at


def _kept_by(step: str) -> set[str]:
    """The promises that a letter keeps; told in the conversation, an acknowledgement does not hang on the answer."""
    return {"acknowledge"} if step.startswith("acknowledgement") else {"final_response"}


def _could_be_recorded_at(due_at: datetime, breach: Row, rows: list[Row]) -> datetime:
    """Not before the case was logged, nor before the letter came back that had kept the promise until then."""
    came_back_at = [row.at for row in rows[: breach.sequence] if row.type == "step.bounced"]
    return max(due_at, rows[0].at, *came_back_at)


def _breaches(rows: list[Row], promise: Promise) -> list[Row]:
    return [
        row
        for row in rows
        if row.type == "clock.breached" and (row.fact["kind"], row.fact["attempt"]) == (promise.kind, promise.attempt)
    ]


def _unplanned(reference: str, rows: list[Row], promises: list[Promise]) -> Iterator[str]:
    """Clocks in the facts that are not the policy's, or due at another time."""
    expected = {(promise.kind, promise.attempt): promise.due_at for promise in promises}
    for row in rows:
        for clock in row.fact["clocks"]:
            if expected.get((clock["kind"], clock["attempt"])) != datetime.fromisoformat(clock["due_at"]):
                yield f"{reference} {row.sequence}: {clock['kind']}.{clock['attempt']} is not as the policy has it"


def _broken(promise: Promise, rows: list[Row], evidence: Evidence) -> Iterator[str]:
    breaches = _breaches(rows, promise)
    name = f"{promise.reference} {promise.kind}.{promise.attempt}"
    was_missed = (promise.settled_at or evidence.seen_at) >= promise.due_at
    if len(breaches) != was_missed:
        when = "was never settled" if promise.settled_at is None else f"was settled at {promise.settled_at}"
        yield f"{name} was due at {promise.due_at}, {when}, and has {len(breaches)} records of a breach"
    for row in breaches:
        recorded_at = row.committed_at or row.at
        if row.at < promise.due_at or recorded_at < promise.due_at:
            yield f"{name} fired {promise.due_at - row.at} early"
        could_at = _could_be_recorded_at(promise.due_at, row, rows)
        late = recorded_at - could_at - _hurt(evidence, could_at, recorded_at)
        if late > SLACK * evidence.crowding:
            yield f"{name} fired {late.total_seconds():.1f} s later than the outage explains"


def _hurt(evidence: Evidence, begin: datetime, end: datetime) -> timedelta:
    """For how long within a span something was down or leases of what had died were still held."""
    total, reached = timedelta(0), begin
    for injury in sorted(evidence.injuries, key=lambda injury: injury.at):
        over_at = (injury.back_at or end) + LEASE
        since, until = max(injury.at, reached), min(over_at, end)
        if until > since:
            total, reached = total + (until - since), until
    return total
