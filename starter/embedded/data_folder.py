"""The data folder as a whole: who may use it now, and the ports it remembers. What lies in it belongs to the parts."""

import fcntl
import logging
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

logger = logging.getLogger(__name__)

# Below the range from which systems take the ports of outgoing connections (Linux 32768, macOS 49152 and up): a client
# that keeps knocking at a stopped server there can be given the server's own port, and then blocks its return.
PORTS = range(20_000, 30_000)
LOOPBACK = "127.0.0.1"


class DataFolderInUse(RuntimeError):
    """Another process works in the data folder."""


@contextmanager
def claimed(folder: Path) -> Iterator[Path]:
    """Hold the data folder for this process alone, made if missing; raises DataFolderInUse naming the holder."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / "lock").open("a+") as lock:
        if not try_lock(lock):
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            raise DataFolderInUse(f"{folder} is in use by process {holder}; stop it or choose another data folder")
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield folder


def try_lock(file: IO[str]) -> bool:
    """Whether the lock on the open file is ours now; it lasts until every process that has the file has closed it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def remembered_port(note: Path) -> int:
    """The loopback port noted in the file if it is free, else a free one, noted for the next time."""
    noted = note.read_text().strip() if note.exists() else ""
    if noted.isdecimal() and is_free(int(noted)):
        return int(noted)
    port = next(port for port in secrets.SystemRandom().sample(PORTS, len(PORTS)) if is_free(port))
    if noted:
        logger.warning("port %s of %s is taken by another program, using %s", noted, note, port)
    note.write_text(f"{port}\n")
    return port


def is_free(port: int) -> bool:
    """Whether a server could listen on the loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
