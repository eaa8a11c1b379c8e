"""What is well with an installation and what is not, in plain words, each with what to do about it.

Reads the settings of the environment. Each check stands by itself: with PostgreSQL away the rest is still looked at.
"""

import asyncio
import shutil
import socket
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client

from contracts import search_attributes
from runtime.assembly import Parts, plug_together
from runtime.operations import WITHIN
from runtime.settings import Settings, SettingsError, load_settings
from runtime.temporal import connect
from storage import migrating
from storage.pool import open_pool

PATIENCE_SECONDS = 3.0
SKEW_SECONDS = 2.0
LEAST_RETENTION = timedelta(days=7)
LEAST_FREE_BYTES = 1_000_000_000
OLD_INTAKE_SECONDS = 60.0
OLD_ANCHOR_SECONDS = 900.0
SAMPLE = 100


class State(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found, and what to do where it is not well."""

    check: str
    state: State
    found: str
    to_do: str = ""


Check = Callable[[Parts], Awaitable[Finding]]


async def examine() -> Sequence[Finding]:
    """Every check, in the order in which a fault explains the next."""
    try:
        settings = load_settings()
    except SettingsError as error:
        to_do = "set what is named; the table is in docs/operations.md"
        return [Finding("settings", State.FAIL, "; ".join(error.problems), to_do)]
    findings = [Finding("settings", State.OK, "complete"), _disk(settings), await _smtp(settings)]
    async with AsyncExitStack() as stack:
        try:
            pool = await open_pool(settings.database_url, size=2, name="amends-doctor", patience_seconds=0)
        except Exception as error:  # whatever it is, it is what the operator has to know
            return [*findings, _failed("database", error, "start PostgreSQL, or mend AMENDS_DATABASE_URL")]
        stack.push_async_callback(pool.close)
        client = await connect(settings.master_keys(), lazy=True)
        parts = plug_together(settings, settings.master_keys(), pool, client)
        findings += [await _look(check, parts) for check in _OF_THE_STORE]
        reachable = await _look(_temporal, parts)
        findings.append(reachable)
        if reachable.state is State.OK:
            findings += [await _look(check, parts) for check in _OF_TEMPORAL]
    return findings


async def _look(check: Check, parts: Parts) -> Finding:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS * 3):
            return await check(parts)
    except Exception as error:  # a check that cannot be made is a finding
        return _failed(check.__name__.strip("_").replace("_", " "), error, "see the checks before this one")


def _failed(check: str, error: Exception, to_do: str) -> Finding:
    return Finding(check, State.FAIL, f"{type(error).__name__}: {str(error)[:200] or 'no answer in time'}", to_do)


def _disk(settings: Settings) -> Finding:
    folder = next(
        place for place in (settings.files_dir.absolute(), *settings.files_dir.absolute().parents) if _is(place)
    )
    free = shutil.disk_usage(folder).free
    state = State.OK if free >= LEAST_FREE_BYTES else State.WARN
    return Finding("disk", state, f"{free / 1e9:.1f} GB free at {folder}", "" if state is State.OK else "make room")


def _is(place: Path) -> bool:
    return place.exists()


async def _smtp(settings: Settings) -> Finding:
    where = urlsplit(settings.smtp_url)
    host, port = where.hostname or "", where.port or (465 if where.scheme == "smtps" else 587)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            _, writer = await asyncio.open_connection(host, port)
        writer.close()
    except (OSError, TimeoutError, socket.gaierror):
        to_do = "letters wait as parked steps meanwhile; start the mail server or mend AMENDS_SMTP_URL"
        return Finding("mail server", State.WARN, f"{host}:{port} does not answer", to_do)
    return Finding("mail server", State.OK, f"{host}:{port} answers")


async def _migrations(parts: Parts) -> Finding:
    async with parts.pool.acquire() as connection:
        missing = await migrating.pending(connection)
    if missing:
        return Finding("schema", State.FAIL, f"{len(missing)} migrations are missing: {missing[0]} …", "amends migrate")
    return Finding("schema", State.OK, "that of this release")


async def _master_key(parts: Parts) -> Finding:
    await parts.vault.confirm_keys()
    return Finding("master key", State.OK, "it is the one that this database was sealed with")


async def _clock_skew(parts: Parts) -> Finding:
    before = datetime.now(UTC)
    there = await parts.pool.fetchval("SELECT clock_timestamp()")
    after = datetime.now(UTC)
    skew = max((before - there).total_seconds(), (there - after).total_seconds(), 0.0)
    state = State.OK if skew <= SKEW_SECONDS else State.WARN
    return Finding("clocks", state, f"{skew:.1f} s between this machine and PostgreSQL", "" if not skew else "run NTP")


async def _intake(parts: Parts) -> Finding:
    oldest = await parts.unstarted.oldest()
    age = 0.0 if oldest is None else (datetime.now(UTC) - oldest).total_seconds()
    if age > OLD_INTAKE_SECONDS:
        return Finding(
            "unstarted intake", State.FAIL, f"the oldest waits for {age:.0f} s", "start a worker and Temporal"
        )
    return Finding("unstarted intake", State.OK, "none waits for long")


async def _parked(parts: Parts) -> Finding:
    causes = await parts.steps.causes()
    if not causes:
        return Finding("parked steps", State.OK, "none")
    first = causes[0]
    found = f"{sum(cause.steps for cause in causes)}, mostly {first.kind}: {first.error}"
    return Finding("parked steps", State.WARN, found, "amends steps causes; mend it; amends steps retry --all")


async def _ledger(parts: Parts) -> Finding:
    anchors, strays = await parts.standing.anchors(), await parts.standing.strays(SAMPLE)
    if strays:
        return Finding(
            "ledger", State.FAIL, f"read models differ from it: {', '.join(strays[:5])}", "amends verify ledger"
        )
    since = anchors.waiting_since
    if since is not None and (datetime.now(UTC) - since).total_seconds() > OLD_ANCHOR_SECONDS:
        found = f"{anchors.waiting_cases} cases wait for the next signed anchor since {since:%F %T}Z"
        return Finding("ledger", State.WARN, found, "a worker signs every five minutes: is one running?")
    return Finding("ledger", State.OK, f"the last {SAMPLE} cases are what it makes, and anchors are fresh")


async def _temporal(parts: Parts) -> Finding:
    namespace = parts.client.namespace
    request = DescribeNamespaceRequest(namespace=namespace)
    found = await parts.client.workflow_service.describe_namespace(request, timeout=WITHIN)
    retention = found.config.workflow_execution_retention_ttl.ToTimedelta()
    if retention < LEAST_RETENTION:
        to_do = f"temporal operator namespace update --namespace {namespace} --retention 30d"
        return Finding("Temporal", State.WARN, f"closed processes are forgotten after {retention}", to_do)
    return Finding("Temporal", State.OK, f"namespace {namespace}, keeps closed processes for {retention.days} days")


async def _search_attributes(parts: Parts) -> Finding:
    missing = await _missing_attributes(parts.client)
    if missing:
        to_do = f"temporal operator search-attribute create --name {missing[0]} --type Bool"
        return Finding("search attributes", State.FAIL, f"missing: {', '.join(missing)}", to_do)
    return Finding("search attributes", State.OK, "all there")


async def _missing_attributes(client: Client) -> list[str]:
    request = ListSearchAttributesRequest(namespace=client.namespace)
    found = await client.operator_service.list_search_attributes(request, timeout=WITHIN)
    return [key.name for key in search_attributes.ALL if key.name not in found.custom_attributes]


async def _workers(parts: Parts) -> Finding:
    queues = await parts.operations.queues()
    idle = [queue.kind for queue in queues if not queue.pollers]
    if idle:
        return Finding("workers", State.FAIL, f"nobody asks for {' and '.join(idle)} tasks", "start python -m worker")
    oldest = max(queue.oldest_seconds for queue in queues)
    state = State.OK if oldest < OLD_INTAKE_SECONDS else State.WARN
    found = f"{len(queues[0].pollers)} at work, the oldest task waits for {oldest:.0f} s"
    return Finding("workers", state, found, "" if state is State.OK else "start more workers")


async def _wedged(parts: Parts) -> Finding:
    wedged = await parts.operations.wedged()
    if wedged:
        found = f"{len(wedged)}, such as {wedged[0].id}: {', '.join(wedged[0].problems)}"
        return Finding("wedged workflows", State.FAIL, found, "see the worker's log; a mended release lets them go on")
    return Finding("wedged workflows", State.OK, "none")


_OF_THE_STORE: tuple[Check, ...] = (_migrations, _master_key, _clock_skew, _intake, _parked, _ledger)
_OF_TEMPORAL: tuple[Check, ...] = (_search_attributes, _workers, _wedged)
