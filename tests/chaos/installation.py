"""An installation of Amends on this machine, run by its own command `amends up` and reached as from outside.

What it knows of the inside is the layout of the data folder: pid files, ports, passwords, logs.
"""

import asyncio
import json
import os
import random
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import httpx
from temporalio.client import Client
from temporalio.service import RPCError

from runtime.converter import HEADER_CODEC, data_converter
from starter.embedded.data_folder import LOOPBACK, PORTS, is_free
from starter.embedded.process import OwnedProcess
from storage.keys import MasterKeys
from tests.chaos.faults import Injury

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 120
POLL_SECONDS = 0.05
STEPS_ARE_TRIED_BRIEFLY = {"AMENDS_STEP_ATTEMPTS": "3", "AMENDS_STEP_FIRST_WAIT": "0.5"}


class NotBack(Exception):
    """A part of the installation did not come up in time."""


class Installation:
    """`amends up` in a data folder: started, stopped, hurt, and asked whether it answers."""

    task_queue = "amends"

    def __init__(self, folder: Path, settings: Mapping[str, str], workers: int = 2) -> None:
        self.folder = folder
        self.injuries: list[Injury] = []
        self.store_was_lost = False
        self._port = next(port for port in random.sample(PORTS, len(PORTS)) if is_free(port))
        self._settings = {"AMENDS_DEFAULT_POLICY": "demo", **STEPS_ARE_TRIED_BRIEFLY, **settings}
        self._workers = tuple(f"worker-{number}" for number in range(1, workers + 1))
        self._process: asyncio.subprocess.Process | None = None
        self._recoveries: set[asyncio.Task[None]] = set()

    @property
    def parts(self) -> tuple[str, ...]:
        return (*self._workers, "api", "temporal", "postgres")

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self._port}"

    @property
    def database_url(self) -> str:
        password = self._read("postgres/password")
        return f"postgresql://postgres:{password}@{LOOPBACK}:{self._read('postgres/port')}/postgres"

    @property
    def temporal_address(self) -> str:
        return f"{LOOPBACK}:{self._read('temporal/port')}"

    @property
    def keys(self) -> MasterKeys:
        return MasterKeys.parse(self._read("master.key"))

    @property
    def admin_token(self) -> str:
        token: str = json.loads(self._read("connection.json"))["token"]
        return token

    async def temporal(self) -> Client:
        """A client of its own, which reads what the workers sealed."""
        converter = data_converter(self.keys)
        return await Client.connect(self.temporal_address, data_converter=converter, header_codec_behavior=HEADER_CODEC)

    async def start(self) -> None:
        """Run `amends up` and return when it says so and every part answers."""
        before = {part: self._lives(part) for part in self.parts}
        starts = self._starts()
        with (self.folder / "up.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *[sys.executable, "-m", "starter.cli.main", "up", "--data-dir", str(self.folder)],
                *["--port", str(self._port), "--workers", str(len(self._workers))],
                cwd=ROOT,
                env=environment(self._settings),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        while self._starts() == starts:
            if self._process.returncode is not None:
                raise NotBack(f"amends up ended with {self._process.returncode}; the logs are in {self.keep_logs()}")
            await asyncio.sleep(POLL_SECONDS)
        await asyncio.gather(*(self._until_it_answers(part, before[part]) for part in self.parts))

    async def stop(self) -> int:
        """Stop it as its operator would; the exit code of `amends up`."""
        await self.settle()
        assert self._process is not None
        with suppress(ProcessLookupError):
            self._process.terminate()
        return await asyncio.wait_for(self._process.wait(), PATIENCE_SECONDS)

    def kill(self, part: str) -> Injury:
        """End one process at once; `settle` waits until all that were killed answer again."""
        return self._hurt(part, signal.SIGKILL)

    async def freeze(self, part: str, seconds: float) -> Injury:
        """Stop one process from running for a while, with everything that it holds."""
        injury = self._hurt(part, signal.SIGSTOP)
        await asyncio.sleep(seconds)
        os.killpg(self.pid(part), signal.SIGCONT)
        injury.back_at = _now()
        return injury

    async def kill_everything(self) -> None:
        """End `amends up` and all of its processes in the same moment, as a power cut would."""
        assert self._process is not None
        groups = [self.pid(part) for part in self.parts]
        at = _now()
        self._process.kill()
        for group in groups:
            os.killpg(group, signal.SIGKILL)
        self.injuries += [Injury(part, at) for part in self.parts]
        await self._process.wait()

    def lose_temporal_store(self) -> None:
        """Remove everything that Temporal knows, while nothing runs."""
        for file in (self.folder / "temporal").glob("store.db*"):
            file.unlink()
        self.store_was_lost = True

    async def start_again(self) -> None:
        """`amends up` again, after everything was killed."""
        await self.start()
        for injury in self.injuries:
            injury.back_at = injury.back_at or _now()

    async def settle(self) -> None:
        """Wait until every part that was hurt answers again."""
        await asyncio.gather(*self._recoveries)

    async def until_it_can_be_hit(self, part: str) -> None:
        """A process that is down already cannot be killed once more."""
        while any(injury.victim == part and injury.back_at is None for injury in self.injuries):
            await asyncio.sleep(POLL_SECONDS)

    def pid(self, part: str) -> int:
        return int(self._read(f"run/{part}.pid"))

    def keep_logs(self) -> str:
        """Copy the logs to where the end of the installation does not remove them; the folder."""
        kept = tempfile.mkdtemp(prefix="amends-chaos-logs-")
        for log in (self.folder / "up.log", *self.folder.glob("logs/*")):
            shutil.copy(log, kept)
        return kept

    async def remember_commit_times(self) -> None:
        """Let PostgreSQL keep when each transaction committed: our own rows hold business times only."""
        connection = await asyncpg.connect(self.database_url)
        try:
            await connection.execute("ALTER SYSTEM SET track_commit_timestamp = on")
        finally:
            await connection.close()
        self.kill("postgres")
        await self.settle()
        self.injuries.clear()

    def _hurt(self, part: str, number: signal.Signals) -> Injury:
        injury = Injury(part, _now(), was_frozen=number is signal.SIGSTOP)
        self.injuries.append(injury)
        lives = self._lives(part)
        with suppress(ProcessLookupError):  # it has died of what happened to another part
            os.killpg(self.pid(part), number)
        if number is signal.SIGKILL:
            task = asyncio.create_task(self._until_recovered(injury, lives))
            self._recoveries.add(task)
        return injury

    async def _until_recovered(self, injury: Injury, lives: int) -> None:
        await self._until_it_answers(injury.victim, lives)
        injury.back_at = _now()

    async def _until_it_answers(self, part: str, lives: int) -> None:
        """`lives` is how often it had come up before: a worker that was killed had answered, too."""
        deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        while not await self._answers(part, lives):
            if asyncio.get_running_loop().time() > deadline:
                raise NotBack(f"{part} does not answer; the logs are in {self.keep_logs()}")
            await asyncio.sleep(POLL_SECONDS)

    async def _answers(self, part: str, lives: int) -> bool:
        try:
            match part:
                case "postgres":
                    await (await asyncpg.connect(self.database_url, timeout=2)).close()
                case "temporal":
                    return await (await Client.connect(self.temporal_address)).service_client.check_health()
                case "api":
                    async with httpx.AsyncClient(timeout=2) as client:
                        return (await client.get(f"{self.url}/health/ready")).is_success
                case _:
                    return self._lives(part) > lives
        except (OSError, asyncpg.PostgresError, RuntimeError, RPCError, httpx.HTTPError, TimeoutError):
            return False
        return True

    def _lives(self, part: str) -> int:
        """How often a worker said that it runs."""
        log = self.folder / "logs" / f"{part}.log"
        return log.read_text(errors="replace").count('"worker runs"') if log.exists() else 0

    def _starts(self) -> int:
        """How often `amends up` said that it runs."""
        log = self.folder / "up.log"
        return log.read_text(errors="replace").count("Amends runs at") if log.exists() else 0

    def _read(self, name: str) -> str:
        return (self.folder / name).read_text().strip()


@asynccontextmanager
async def installed(
    settings: Mapping[str, str],
    *,
    workers: int = 2,
    prepared: Callable[[Path], AbstractContextManager[object]] = nullcontext,
) -> AsyncIterator[Installation]:
    """A running installation in a folder of its own, prepared before its start; nothing of it is left afterwards."""
    with (
        tempfile.TemporaryDirectory(prefix="amends-chaos-", ignore_cleanup_errors=True) as folder,
        prepared(Path(folder)),
    ):
        installation = Installation(Path(folder), settings, workers)
        try:
            await installation.start()
            yield installation
        finally:
            await _end(installation)


async def _end(installation: Installation) -> None:
    try:
        await installation.stop()
    finally:
        for pid_file in (installation.folder / "run").glob("*.pid"):
            await OwnedProcess(pid_file.stem, installation.folder).end_leftovers(timedelta(0))


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Ours, without settings of another installation, and with one cache of compiled modules for all processes.

    Without the cache a process of ours takes three times as long to start, and what is measured is the compiler.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AMENDS_", "TEMPORAL_"))}
    inherited.pop("PYTHONDONTWRITEBYTECODE", None)
    return {**inherited, "PYTHONPYCACHEPREFIX": f"{tempfile.gettempdir()}/amends-chaos-bytecode", **settings}


def _now() -> datetime:
    return datetime.now(UTC)
