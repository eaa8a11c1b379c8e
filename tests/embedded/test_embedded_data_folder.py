"""Who may use a data folder, and the ports it remembers."""

import os
import socket
from pathlib import Path

import pytest

from starter.embedded import DataFolderInUse, claimed
from starter.embedded.data_folder import LOOPBACK, PORTS, remembered_port
from tests.embedded.running import python_program

HOLD = """
import sys
from pathlib import Path
from starter.embedded import claimed
with claimed(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_owner_is_refused_and_told_who_holds_the_folder(tmp_path: Path) -> None:
    with python_program(HOLD, tmp_path) as (holder, printed):
        assert printed == "held"
        with pytest.raises(DataFolderInUse, match=rf"{tmp_path} is in use by process {holder.pid};"), claimed(tmp_path):
            pass
    with claimed(tmp_path):
        assert (tmp_path / "lock").read_text() == str(os.getpid())


def test_a_missing_data_folder_is_made_closed_to_others(tmp_path: Path) -> None:
    with claimed(tmp_path / "new" / "data") as folder:
        assert folder.stat().st_mode & 0o777 == 0o700


def test_a_port_is_remembered(tmp_path: Path) -> None:
    first = remembered_port(tmp_path / "port")
    assert first in PORTS
    assert remembered_port(tmp_path / "port") == first


def test_a_port_that_another_program_took_is_replaced_for_good(tmp_path: Path) -> None:
    first = remembered_port(tmp_path / "port")
    with socket.socket() as other:
        other.bind((LOOPBACK, first))
        other.listen()
        second = remembered_port(tmp_path / "port")
    assert second != first
    assert remembered_port(tmp_path / "port") == second


def test_ports_lie_below_those_the_system_gives_to_outgoing_connections() -> None:
    system_range = Path("/proc/sys/net/ipv4/ip_local_port_range")
    if not system_range.exists():
        pytest.skip("only Linux tells its range in a file")
    assert max(PORTS) < int(system_range.read_text().split()[0])
