"""The operators' view of the whole: workers and queues, what waits and since when, what is wedged. No case content."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import Field

from domain.access import Permission, Person
from runtime.launcher import TEMPORAL_AWAY
from runtime.operations import Queue, Wedged
from starter.api.entry import Allowed, House
from starter.api.models import Answer
from starter.api.strict_json import StrictJsonRoute
from starter.problems import unavailable
from storage.batches import Progress

router = APIRouter(prefix="/v1", tags=["operators"], route_class=StrictJsonRoute)

LOOKED_AT = 20
"""How many cases are compared: a lag of one process shows in any of them."""
AT_REST_AFTER = timedelta(seconds=30)
"""Nobody asks the process of a case while something happens in it: decision 39."""

Operator = Annotated[Person, Depends(Allowed(Permission.READ_OPERATIONS))]


class PollerView(Answer):
    identity: str
    seen_at: datetime
    build: str | None = Field(description="absent where workers name none")


class QueueView(Answer):
    name: str
    kind: str = Field(description="workflow or activity")
    backlog: int = Field(description="about how many tasks wait")
    oldest_seconds: float
    pollers: tuple[PollerView, ...]

    @classmethod
    def of(cls, queue: Queue) -> "QueueView":
        pollers = tuple(PollerView(identity=p.identity, seen_at=p.seen_at, build=p.build) for p in queue.pollers)
        return cls(
            name=queue.name,
            kind=queue.kind,
            backlog=queue.backlog,
            oldest_seconds=queue.oldest_seconds,
            pollers=pollers,
        )


class Workers(Answer):
    """Who works, and what waits for a worker."""

    current_build: str | None = Field(description="the build that cases are routed to; absent where workers name none")
    queues: tuple[QueueView, ...]


class WedgedView(Answer):
    id: str
    type: str
    started_at: datetime
    problems: tuple[str, ...]

    @classmethod
    def of(cls, wedged: Wedged) -> "WedgedView":
        return cls(id=wedged.id, type=wedged.type, started_at=wedged.started_at, problems=wedged.problems)


class BatchProgress(Answer):
    id: str
    command: str
    asked_at: datetime
    per_second: float
    items: int
    outcomes: dict[str, int]

    @classmethod
    def of(cls, progress: Progress) -> "BatchProgress":
        return cls(**{name: getattr(progress, name) for name in cls.model_fields})


class Lag(Answer):
    """A case whose process knows less than its record, or another state than its record has."""

    reference: str
    recorded: int = Field(description="the sequence of the record")
    live: int | None = Field(description="that of the running process; absent where it does not answer")


class Overview(Answer):
    oldest_unstarted_intake_seconds: float | None
    outbox_depth: int = Field(description="events that wait for delivery, counted up to a hundred thousand")
    parked_steps: dict[str, int] = Field(description="by kind")
    last_anchor_seconds: float | None = Field(description="since the ledger was last signed; absent before the first")
    oldest_unanchored_seconds: float | None
    unanchored_cases: int
    strays: tuple[str, ...] = Field(description="of the last cases, those whose read model the ledger does not make")
    lagging: tuple[Lag, ...] = Field(description="of the last cases at rest, those whose process and record differ")
    batches: tuple[BatchProgress, ...] = Field(description="those under way")
    temporal: str = Field(description="up or down; when down, what it knows is absent")
    workers: Workers | None
    wedged: tuple[WedgedView, ...] | None = Field(description="workflows that cannot go on by themselves")


@router.get("/workers", summary="Who works, and what waits for a worker?")
async def workers(services: House, _: Operator) -> Workers:
    try:
        return await _workers(services)
    except (*TEMPORAL_AWAY, TimeoutError):
        raise unavailable("temporal_away", "Temporal cannot be reached now") from None


@router.get("/operations", summary="How does the installation stand?")
async def overview(services: House, _: Operator) -> Overview:
    """Everything that an operator looks at first. Answers with Temporal down; without PostgreSQL it is a 503."""
    parts, now = services.parts, datetime.now(UTC)
    anchors, oldest = await parts.standing.anchors(), await parts.unstarted.oldest()
    try:
        temporal, working = "up", await _workers(services)
        wedged = tuple(WedgedView.of(each) for each in await parts.operations.wedged())
        lagging = await _lagging(services)
    except (*TEMPORAL_AWAY, TimeoutError):
        temporal, working, wedged, lagging = "down", None, None, ()
    return Overview(
        oldest_unstarted_intake_seconds=_age(oldest, now),
        outbox_depth=await parts.records.outbox_depth(),
        parked_steps=await parts.steps.parked_by_kind(),
        last_anchor_seconds=_age(anchors.last_at, now),
        oldest_unanchored_seconds=_age(anchors.waiting_since, now),
        unanchored_cases=anchors.waiting_cases,
        strays=tuple(await parts.standing.strays(LOOKED_AT)),
        lagging=lagging,
        batches=tuple(BatchProgress.of(each) for each in await services.batch_records.under_way()),
        temporal=temporal,
        workers=working,
        wedged=wedged,
    )


async def _workers(services: House) -> Workers:
    operations = services.parts.operations
    queues = tuple(QueueView.of(queue) for queue in await operations.queues())
    return Workers(current_build=await operations.current_build(), queues=queues)


async def _lagging(services: House) -> tuple[Lag, ...]:
    """Looked at twice: a command that is just being recorded is no lag."""
    suspects = await services.parts.standing.at_rest(LOOKED_AT, datetime.now(UTC) - AT_REST_AFTER)
    for _ in range(2):
        found = [lag for reference in suspects if (lag := await _lag(services, reference)) is not None]
        suspects = [lag.reference for lag in found]
    return tuple(found)


async def _lag(services: House, reference: str) -> Lag | None:
    recorded = await services.parts.records.find(reference)
    live = await services.parts.launcher.asked(reference)
    if recorded is None or (live is not None and live.sequence >= recorded.sequence):
        return None
    return Lag(reference=reference, recorded=recorded.sequence, live=None if live is None else live.sequence)


def _age(since: datetime | None, now: datetime) -> float | None:
    return None if since is None else round((now - since).total_seconds(), 1)
