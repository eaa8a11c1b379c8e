"""All of Amends on one machine: the engines from wheels, the worker and the API as supervised processes.

One data folder holds everything: the stores, the master key, the logs, and how a command line reaches the service.
No high availability: PostgreSQL is the store that matters, Temporal's can be made again from it.
"""

import logging
import secrets
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from contracts import search_attributes
from domain.access import Role
from runtime.preparation import prepare
from runtime.rebuilding import restart_all
from runtime.settings import Settings
from starter import connection
from starter.embedded import (
    EmbeddedPostgres,
    EmbeddedTemporal,
    Program,
    StoreFound,
    Supervisor,
    answers,
    claimed,
)
from starter.embedded.data_folder import LOOPBACK
from starter.embedded.postgres import DATABASE, USER
from storage import roles
from storage.keys import MasterKeys
from storage.people import People
from storage.pool import open_pool

NO_MAIL_SERVER = "smtp://127.0.0.1:1"
"""Nobody listens there: without a mail server letters wait as parked steps, and none is lost."""
ADMIN = "admin"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Machine:
    """A running installation: where it is, and with what its parts were started."""

    folder: Path
    url: str
    token: str
    keys: MasterKeys
    environment: Mapping[str, str]
    supervisor: Supervisor
    temporal: EmbeddedTemporal


@asynccontextmanager
async def running(
    folder: Path, *, port: int, workers: int = 1, settings: Mapping[str, str] | None = None, ui_port: int | None = None
) -> AsyncIterator[Machine]:
    """Run everything in the data folder until the context is left or the process is signalled."""
    with claimed(folder):
        async with Supervisor() as supervisor:
            postgres = EmbeddedPostgres(folder)
            await supervisor.add(postgres)
            logins = _logins(folder)
            await roles.let_log_in(postgres.url, logins)
            for done in await prepare(postgres.url, _zone(settings or {}), datetime.now(UTC)):
                log.info("%s", done)
            temporal = EmbeddedTemporal(folder, ui_port=ui_port, search_attributes=_search_attributes())

            async def rebuild_if_new(found: StoreFound) -> None:
                await _rebuild_if_new(postgres.url, found)
                temporal.is_rebuilt()

            await rebuild_if_new(await supervisor.add(temporal, rebuild_if_new))
            keys = _master_keys(folder)
            ui = {} if ui_port is None else {"AMENDS_TEMPORAL_UI_URL": f"http://{LOOPBACK}:{ui_port}"}
            environment = _environment(folder, postgres.url, temporal.address, port) | ui | dict(settings or {})
            api, worker = (_as(role, logins[role], environment) for role in (roles.API, roles.WORKER))
            for number in range(1, workers + 1):
                await supervisor.add(_worker(folder, number, worker))
            await supervisor.add(_api(folder, port, api))
            token = await _admin_token(folder, postgres.url, port)
            yield Machine(folder, f"http://127.0.0.1:{port}", token, keys, environment, supervisor, temporal)


def environment_of(folder: Path) -> dict[str, str]:
    """What the parts of the installation in a data folder are told, for a command beside them while they run.

    Raises FileNotFoundError where there is none.
    """
    postgres, temporal = folder / "postgres", folder / "temporal"
    password, port = ((postgres / name).read_text().strip() for name in ("password", "port"))
    url = f"postgresql://{USER}:{password}@{LOOPBACK}:{port}/{DATABASE}"
    noted = connection.read(folder)
    return _environment(
        folder,
        url,
        f"{LOOPBACK}:{(temporal / 'port').read_text().strip()}",
        (noted and urlsplit(noted.url).port) or int(Settings.model_fields["port"].default),
    )


def _zone(settings: Mapping[str, str]) -> str:
    return settings.get("AMENDS_TIME_ZONE") or str(Settings.model_fields["time_zone"].default)


def _search_attributes() -> dict[str, str]:
    return {key.name: key.indexed_value_type.name for key in search_attributes.ALL}


async def _rebuild_if_new(database_url: str, found: StoreFound) -> None:
    """Start all that is open again, in a new epoch, on a Temporal store that knows none of them."""
    if found is StoreFound.KEPT:
        return
    pool = await open_pool(database_url, size=1)
    try:
        counts = await restart_all(pool, datetime.now(UTC))
    finally:
        await pool.close()
    if any(counts.values()):
        told = ", ".join(f"{count} {what}" for what, count in counts.items())
        log.warning("Temporal's store was %s: %s start again from their ledgers", found, told)


def _environment(folder: Path, database_url: str, temporal_address: str, port: int) -> dict[str, str]:
    return {
        "AMENDS_DATABASE_URL": database_url,
        "AMENDS_MASTER_KEY_FILE": str(_key_file(folder)),
        "AMENDS_PORT": str(port),
        "AMENDS_FILES_DIR": str(folder.absolute() / "files"),
        "AMENDS_ERASURES_FILE": str(folder.absolute() / "erasures.jsonl"),
        "AMENDS_SMTP_URL": NO_MAIL_SERVER,
        "AMENDS_MAIL_FROM": "Customer care <complaints@example.org>",
        "TEMPORAL_ADDRESS": temporal_address,
        "TEMPORAL_NAMESPACE": "default",
    }


def _master_keys(folder: Path) -> MasterKeys:
    """The master key of the data folder, made once. Whoever backs the data up keeps this file elsewhere."""
    file = _key_file(folder)
    if not file.exists():
        connection.write_secret(file, MasterKeys.generate().reveal())
    return MasterKeys.parse(file.read_text())


def _key_file(folder: Path) -> Path:
    return folder.absolute() / "master.key"


def _logins(folder: Path) -> dict[str, str]:
    """The passwords of the database roles of the processes, made once; the superuser's is for the owner's commands."""
    found = {}
    for role in (roles.API, roles.WORKER):
        file = folder / "postgres" / f"{role}.password"
        if not file.exists():
            connection.write_secret(file, secrets.token_urlsafe(32))
        found[role] = file.read_text().strip()
    return found


def _as(role: str, password: str, environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of a process that logs in to the records with its own rights only."""
    parts = urlsplit(environment["AMENDS_DATABASE_URL"])
    url = urlunsplit(parts._replace(netloc=f"{role}:{password}@{parts.hostname}:{parts.port}"))
    return {**environment, "AMENDS_DATABASE_URL": url}


def _worker(folder: Path, number: int, environment: Mapping[str, str]) -> Program:
    async def ready() -> bool:
        return True

    name = f"worker-{number}"
    return Program(name, folder, [sys.executable, "-m", "worker"], ready=ready, environment=environment)


def _api(folder: Path, port: int, environment: Mapping[str, str]) -> Program:
    argv = [sys.executable, "-m", "starter.cli.main", "api"]
    return Program("api", folder, argv, ready=answers(f"http://127.0.0.1:{port}/health/live"), environment=environment)


async def _admin_token(folder: Path, database_url: str, port: int) -> str:
    """The token in the folder for this machine's own command line; made once."""
    noted = connection.read(folder)
    token = await _issue(database_url) if noted is None else noted.token
    connection.write(folder, connection.Connection(f"http://127.0.0.1:{port}", token))
    return token


async def _issue(database_url: str) -> str:
    pool = await open_pool(database_url, size=1)
    try:
        people, now = People(pool), datetime.now(UTC)
        person = await people.enrol(
            ADMIN, [Role.ADMIN, Role.SUPERVISOR, Role.HOTLINE, Role.HANDLER, Role.OPERATOR], now
        )
        return await people.issue_token(person.id, now)
    finally:
        await pool.close()
