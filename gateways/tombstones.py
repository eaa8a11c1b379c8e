"""The file of erasures: one line an erasure, appended and flushed before the key is destroyed.

It is kept apart from the backups: whoever restores an older one finds in it what must be erased again.
"""

import asyncio
import os
from pathlib import Path


class TombstoneFile:
    def __init__(self, path: Path) -> None:
        self._path = path

    async def append(self, line: str) -> None:
        """Add a line and return when it is on the disk; several processes may do so at once."""
        await asyncio.to_thread(self._append, line)

    async def lines(self) -> list[str]:
        """All lines; none where nothing was ever erased."""
        return await asyncio.to_thread(self._lines)

    def _append(self, line: str) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(handle, f"{line}\n".encode())
            os.fsync(handle)
        finally:
            os.close(handle)

    def _lines(self) -> list[str]:
        return self._path.read_text("utf-8").splitlines() if self._path.exists() else []
