"""A process is started once, logged, and ended with everything it started."""

import os
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from starter.embedded import LeftoverProcess, ProcessDied
from starter.embedded import process as process_module
from starter.embedded.process import OwnedProcess
from tests.embedded.running import gone, has_line, python_program, runs, until

SOON = timedelta(seconds=10)
DEAF_WITH_CHILD = "trap '' TERM; sleep 600 & echo $! > child; echo ready > ready; wait; sleep 600"
DEAF_DAEMON = """
import os, signal, time
from pathlib import Path
signal.signal(signal.SIGTERM, signal.SIG_IGN)
os.closerange(3, 1024)
Path("ready").write_text("ready\\n")
time.sleep(600)
"""
OWNER = """
import asyncio, sys
from pathlib import Path
from starter.embedded.process import OwnedProcess
process = OwnedProcess("part", Path(sys.argv[1]))
process.spawn(["sh", "-c", sys.argv[2]], cwd=Path(sys.argv[1]))
print(process.pid, flush=True)
sys.stdin.read()
"""


@pytest.fixture
async def part(tmp_path: Path) -> AsyncIterator[OwnedProcess]:
    process = OwnedProcess("part", tmp_path)
    yield process
    process.kill()
    await process.end_leftovers(timedelta(0))


async def never() -> bool:
    return False


async def test_a_deaf_process_is_killed_after_the_limit_with_its_children(part: OwnedProcess, tmp_path: Path) -> None:
    part.spawn(["sh", "-c", DEAF_WITH_CHILD], cwd=tmp_path)
    await part.until_ready(has_line(tmp_path / "ready"), SOON)
    child = int((tmp_path / "child").read_text())
    assert runs(child)
    await part.stop(timedelta(seconds=0.2))
    assert not part.is_alive()
    await until(gone(child))


async def test_a_deaf_process_that_closed_what_it_inherited_is_killed_all_the_same(
    part: OwnedProcess, tmp_path: Path
) -> None:
    part.spawn([sys.executable, "-c", DEAF_DAEMON], cwd=tmp_path)
    await part.until_ready(has_line(tmp_path / "ready"), SOON)
    assert part.pid is not None
    await part.stop(timedelta(seconds=0.2))
    assert not runs(part.pid)


async def test_a_polite_process_ends_by_its_own_hand(part: OwnedProcess, tmp_path: Path) -> None:
    part.spawn(
        ["sh", "-c", "trap 'echo farewell; exit 0' TERM; echo > ready; while :; do sleep 0.05; done"], cwd=tmp_path
    )
    await part.until_ready(has_line(tmp_path / "ready"), SOON)
    await part.stop(SOON)
    assert part.log.read_text() == "farewell\n"


async def test_a_process_that_dies_while_it_starts_is_told_with_the_end_of_its_log(part: OwnedProcess) -> None:
    part.spawn(["sh", "-c", "echo AMENDS_DATABASE_URL is missing >&2; exit 3"])
    with pytest.raises(ProcessDied, match=r"part ended with exit code 3:\nAMENDS_DATABASE_URL is missing"):
        await part.until_ready(never, SOON)


async def test_a_process_that_is_not_ready_in_time_is_ended(part: OwnedProcess) -> None:
    part.spawn(["sleep", "600"])
    with pytest.raises(ProcessDied, match=r"not ready after 0\.1 s"):
        await part.until_ready(never, timedelta(seconds=0.1))
    assert not part.is_alive()


async def test_what_a_killed_owner_left_is_ended_before_the_next_start(part: OwnedProcess, tmp_path: Path) -> None:
    with python_program(OWNER, tmp_path, DEAF_WITH_CHILD) as (owner, printed):
        await until(has_line(tmp_path / "ready"))
        owner.kill()
    left = int(printed)
    child = int((tmp_path / "child").read_text())
    assert runs(left)
    with pytest.raises(LeftoverProcess, match="something of the last part is alive"):
        part.spawn(["true"])
    await part.end_leftovers(timedelta(seconds=0.2))
    await until(gone(left))
    await until(gone(child))
    part.spawn(["true"])


async def test_a_child_that_outlives_its_parent_counts_as_left_over(part: OwnedProcess, tmp_path: Path) -> None:
    part.spawn(["sh", "-c", "sleep 600 & echo $! > child; exit 0"], cwd=tmp_path)
    await until(has_line(tmp_path / "child"))
    child = int((tmp_path / "child").read_text())
    await part.stop(SOON)
    await until(gone(child))


async def test_a_full_log_starts_anew_and_keeps_the_old_one(
    part: OwnedProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process_module, "LOG_LIMIT_BYTES", 10)
    part.spawn(
        ["sh", "-c", "echo the first lines; while [ ! -e go ]; do sleep 0.02; done; echo more; sleep 600"], cwd=tmp_path
    )
    await until(has_line(part.log))
    part.trim_log()
    (tmp_path / "go").touch()
    await until(has_line(part.log))
    part.trim_log()
    assert part.log.with_suffix(".log.1").read_text() == "the first lines\n"
    assert part.log.read_text() == "more\n"


def test_a_signal_to_our_own_group_does_not_reach_the_process(tmp_path: Path) -> None:
    process = OwnedProcess("part", tmp_path)
    process.spawn(["sleep", "600"])
    assert process.pid is not None
    assert os.getpgid(process.pid) == process.pid != os.getpgid(0)
    process.kill()
    assert not runs(process.pid)
