"""The Temporal server of one machine keeps its workflows over stops and kills, and says so when it could not."""

import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client, WorkflowExecutionStatus

from starter.embedded import EmbeddedTemporal, ProcessDied, StoreFound

pytestmark = pytest.mark.services


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[EmbeddedTemporal]:
    temporal = EmbeddedTemporal(tmp_path, search_attributes={"Policy": "KEYWORD", "NeedsOperator": "BOOL"})
    yield temporal
    temporal.kill()


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "temporal" / "store.db"


async def start_workflow(server: EmbeddedTemporal, workflow_id: str) -> None:
    client = await Client.connect(server.address)
    await client.start_workflow("waits for a worker", id=workflow_id, task_queue="nobody-listens")


async def status_of(server: EmbeddedTemporal, workflow_id: str) -> WorkflowExecutionStatus | None:
    client = await Client.connect(server.address)
    return (await client.get_workflow_handle(workflow_id).describe()).status


async def test_workflows_and_address_outlast_a_stop_and_a_kill(server: EmbeddedTemporal, tmp_path: Path) -> None:
    assert await server.start() is StoreFound.FRESH
    server.is_rebuilt()
    address = server.address
    await start_workflow(server, "before the stop")
    await server.stop()
    assert not server.is_alive()

    again = EmbeddedTemporal(tmp_path)
    assert await again.start() is StoreFound.KEPT
    assert again.address == address
    await start_workflow(again, "before the kill")
    again.kill()
    assert await again.start() is StoreFound.KEPT
    for workflow_id in ("before the stop", "before the kill"):
        assert await status_of(again, workflow_id) is WorkflowExecutionStatus.RUNNING
    again.kill()


async def test_closed_workflows_are_kept_for_thirty_days(server: EmbeddedTemporal) -> None:
    await server.start()
    client = await Client.connect(server.address)
    namespace = await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace="default"))
    assert namespace.config.workflow_execution_retention_ttl.ToTimedelta() == timedelta(days=30)


async def test_search_attributes_are_registered_also_in_a_store_that_lacked_them(
    server: EmbeddedTemporal, tmp_path: Path
) -> None:
    older = EmbeddedTemporal(tmp_path)
    await older.start()
    older.is_rebuilt()
    await older.stop()
    assert await server.start() is StoreFound.KEPT
    client = await Client.connect(server.address)
    known = await client.operator_service.list_search_attributes(ListSearchAttributesRequest(namespace="default"))
    assert {"Policy", "NeedsOperator"} <= set(known.custom_attributes)


async def test_search_attributes_that_the_server_refuses_end_the_start_with_its_reason(tmp_path: Path) -> None:
    keywords = {f"Keyword{number}": "KEYWORD" for number in range(11)}
    server = EmbeddedTemporal(tmp_path, search_attributes=keywords)
    with pytest.raises(ProcessDied, match="cannot have more than 10 search attribute"):
        await server.start()
    assert not server.is_alive()


async def test_a_damaged_store_is_set_aside_whole(server: EmbeddedTemporal, store: Path) -> None:
    await server.start()
    await start_workflow(server, "lost")
    await server.stop()
    damaged = overwrite_executions(store)
    assert await server.start() is StoreFound.SET_ASIDE
    assert store.with_name("store.db.unreadable-1").read_bytes() == damaged
    await start_workflow(server, "lost")


def overwrite_executions(store: Path) -> bytes:
    """Damage one table, after the write-ahead log, which would heal it, has gone into the file."""
    with closing(sqlite3.connect(store)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'executions'").fetchone()
    content = bytearray(store.read_bytes())
    content[(page - 1) * size : page * size] = b"\xa5" * size
    store.write_bytes(content)
    return bytes(content)


async def test_a_second_damaged_store_does_not_replace_the_first(server: EmbeddedTemporal, store: Path) -> None:
    for content in (b"this is no database", b"nor is this"):
        replace_by(store, content)
        assert await server.start() is StoreFound.SET_ASIDE
        await server.stop()
    assert store.with_name("store.db.unreadable-1").read_bytes() == b"this is no database"
    assert store.with_name("store.db.unreadable-2").read_bytes() == b"nor is this"


def replace_by(store: Path, content: bytes) -> None:
    store.parent.mkdir(exist_ok=True)
    for log in store.parent.glob("store.db-*"):
        log.unlink()
    store.write_bytes(content)


async def test_a_store_whose_making_was_interrupted_is_set_aside(server: EmbeddedTemporal, store: Path) -> None:
    store.parent.mkdir()
    with sqlite3.connect(store) as connection:
        connection.execute("CREATE TABLE namespaces (partition_id INT, id BINARY(16), name VARCHAR(255) UNIQUE)")
    connection.close()
    assert await server.start() is StoreFound.SET_ASIDE
    await start_workflow(server, "new")


async def test_a_new_store_is_fresh_until_what_runs_in_it_was_started(server: EmbeddedTemporal) -> None:
    """Whoever starts it may be killed before the rebuild; the next start must do it."""
    assert await server.start() is StoreFound.FRESH
    server.kill()
    assert await server.start() is StoreFound.FRESH
    server.is_rebuilt()
    server.kill()
    assert await server.start() is StoreFound.KEPT
    server.lose()
    assert await server.start() is StoreFound.FRESH


async def test_a_store_that_was_removed_is_made_anew(server: EmbeddedTemporal, store: Path) -> None:
    await server.start()
    await server.stop()
    shutil.rmtree(store.parent)
    assert await server.start() is StoreFound.FRESH


async def test_a_store_that_cannot_be_opened_for_another_reason_stays_where_it_is(
    server: EmbeddedTemporal, store: Path
) -> None:
    store.mkdir(parents=True)  # noqa: ASYNC240
    with pytest.raises(sqlite3.OperationalError, match="unable to open"):
        await server.start()
    assert store.is_dir()  # noqa: ASYNC240
