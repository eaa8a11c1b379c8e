"""The parts of one machine come up in order, come back when they die, and all go when they are told to."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from starter.embedded import ProcessDied, Program, Supervisor, answers
from starter.embedded import supervisor as supervisor_module
from starter.embedded.data_folder import LOOPBACK, remembered_port
from tests.embedded.running import has_line, python_program, runs, until

# Writes its number to a file when it is up, and its name to the file of farewells when it is told to stop.
CHILD = """
import os, signal, sys, time
from pathlib import Path
name = sys.argv[1]
def leave(*_):
    with Path("farewells").open("a") as file:
        file.write(name + "\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, leave)
Path(name).write_text(f"{os.getpid()}\\n")
while True:
    time.sleep(60)
"""

SUPERVISED = (
    """
import asyncio, logging, os, sys
from pathlib import Path
from starter.embedded import Program, Supervisor
from tests.embedded.running import has_line
os.chdir(sys.argv[1])
logging.basicConfig(level=logging.INFO)
CHILD = '''"""
    + CHILD.replace("\\", "\\\\")
    + """'''
async def run():
    async with Supervisor() as supervisor:
        for name in ("first", "second", "third"):
            argv = [sys.executable, "-c", CHILD, name]
            await supervisor.add(Program(name, Path("data"), argv, ready=has_line(Path(name))))
        print("all up", flush=True)
        await supervisor.until_signalled()
    print("all down", flush=True)
asyncio.run(run())
"""
)


@pytest.fixture(autouse=True)
def work_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def child(name: str, folder: Path) -> Program:
    (folder / name).unlink(missing_ok=True)
    argv = [sys.executable, "-c", CHILD, name]
    return Program(name, folder / "data", argv, ready=has_line(folder / name))


def pid_of(path: Path) -> int:
    return int(path.read_text())


async def test_a_part_that_was_killed_comes_back_and_the_log_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    restarts: list[None] = []

    async def note_restart(found: None) -> None:
        restarts.append(found)

    async with Supervisor() as supervisor:
        part = child("part", tmp_path)
        await supervisor.add(part, note_restart)
        first = pid_of(tmp_path / "part")
        (tmp_path / "part").unlink()
        part.kill()
        await until(has_line(tmp_path / "part"))
        await asyncio.sleep(0.1)
        second = pid_of(tmp_path / "part")
        assert second != first
        assert runs(second)
        assert restarts == [None]
    assert not runs(second)
    assert "part died, starting it again in 0.25 s" in caplog.messages


async def test_a_part_that_dies_again_and_again_is_started_less_and_less_often(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor_module, "FIRST_DELAY_SECONDS", 0.01)
    monkeypatch.setattr(supervisor_module, "LONGEST_DELAY_SECONDS", 0.04)
    monkeypatch.setattr(supervisor_module, "WATCH_SECONDS", 0.01)
    argv = ["sh", "-c", "[ -e fragile ] && exit 1; echo > fragile; sleep 0.1; exit 1"]
    async with Supervisor() as supervisor:
        await supervisor.add(Program("part", tmp_path / "data", argv, ready=has_line(tmp_path / "fragile")))
        await until(lambda: five_delays(caplog))
    assert delays(caplog)[:5] == ["0.01 s", "0.02 s", "0.04 s", "0.04 s", "0.04 s"]


def delays(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [message.rsplit(" in ")[1] for message in caplog.messages if "starting it again" in message]


async def five_delays(caplog: pytest.LogCaptureFixture) -> bool:
    return len(delays(caplog)) >= 5


async def test_a_part_that_never_comes_up_is_given_up_and_the_others_are_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor_module, "FIRST_DELAY_SECONDS", 0.01)
    broken = Program(
        "broken", tmp_path / "data", ["sh", "-c", "echo no key >&2; exit 2"], ready=has_line(Path("never"))
    )
    with pytest.raises(ProcessDied, match="broken ended with exit code 2:\nno key"):  # noqa: PT012
        async with Supervisor() as supervisor:
            await supervisor.add(child("sound", tmp_path))
            await supervisor.add(broken)
    assert (tmp_path / "data" / "logs" / "broken.log").read_text() == "no key\n" * supervisor_module.START_ATTEMPTS
    assert not runs(pid_of(tmp_path / "sound"))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_stops_all_parts_in_reverse_order_without_an_error(
    tmp_path: Path, number: signal.Signals
) -> None:
    with python_program(SUPERVISED, tmp_path) as (program, printed):
        assert printed == "all up"
        children = [pid_of(tmp_path / name) for name in ("first", "second", "third")]
        program.send_signal(number)
        assert program.communicate(timeout=20)[0] == "all down\n"
        assert program.returncode == 0
    assert (tmp_path / "farewells").read_text().split() == ["third", "second", "first"]
    assert not any(runs(pid) for pid in children)


async def test_a_signal_while_a_part_starts_stops_what_is_up(tmp_path: Path) -> None:
    slow = Program("slow", tmp_path / "data", ["sleep", "600"], ready=has_line(Path("never")))
    async with Supervisor() as supervisor:
        await supervisor.add(child("sound", tmp_path))
        asyncio.get_running_loop().call_later(0.3, os.kill, os.getpid(), signal.SIGTERM)
        await supervisor.add(slow)
        pytest.fail("the signal should have ended the context")
    assert not runs(pid_of(tmp_path / "data" / "run" / "slow.pid"))
    assert not runs(pid_of(tmp_path / "sound"))


async def test_a_new_supervisor_takes_over_from_one_that_was_killed(tmp_path: Path) -> None:
    with python_program(SUPERVISED, tmp_path) as (program, printed):
        assert printed == "all up"
        program.kill()
    left = [pid_of(tmp_path / name) for name in ("first", "second", "third")]
    assert all(runs(pid) for pid in left)
    async with Supervisor() as supervisor:
        for name in ("first", "second", "third"):
            await supervisor.add(child(name, tmp_path))
        assert not any(runs(pid) for pid in left)


async def test_an_error_in_the_context_stops_the_parts_and_goes_on(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):  # noqa: PT012
        async with Supervisor() as supervisor:
            await supervisor.add(child("part", tmp_path))
            _ = 1 / 0
    assert not runs(pid_of(tmp_path / "part"))


async def test_an_http_probe_says_yes_only_to_a_success(tmp_path: Path) -> None:
    port = remembered_port(tmp_path / "port")
    root = f"http://{LOOPBACK}:{port}"
    assert not await answers(root)()
    async with Supervisor() as supervisor:
        argv = [sys.executable, "-m", "http.server", str(port), "--bind", LOOPBACK]
        await supervisor.add(Program("web", tmp_path / "data", argv, ready=answers(root)))
        assert not await answers(f"{root}/missing")()
