"""The file store: sealed bytes in a folder, one file an id. It never sees what it keeps."""

import asyncio
import os
import re
from pathlib import Path

_ID = re.compile(r"att_[0-9a-f]{32}")


class FileMissing(LookupError):
    """There is no file of this id."""


class FolderOfFiles:
    """Keeps each file under its id, in sub-folders by its first digits; written whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, file: str, sealed: bytes) -> None:
        """Keep sealed bytes; the same id again is the same file. Raises OSError, as on a full disk."""
        await asyncio.to_thread(self._write, self._path(file), sealed)

    async def get(self, file: str) -> bytes:
        """The sealed bytes. Raises FileMissing."""
        try:
            return await asyncio.to_thread(self._path(file).read_bytes)
        except FileNotFoundError:
            raise FileMissing(file) from None

    async def remove(self, file: str) -> None:
        await asyncio.to_thread(self._path(file).unlink, missing_ok=True)

    def _path(self, file: str) -> Path:
        if not _ID.fullmatch(file):
            raise FileMissing(file)
        return self._folder / file[4:6] / file

    def _write(self, path: Path, sealed: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = path.with_suffix(f".{os.getpid()}.part")
        try:
            with part.open("wb") as stream:
                stream.write(sealed)
                stream.flush()
                os.fsync(stream.fileno())
            part.replace(path)
        except OSError:
            part.unlink(missing_ok=True)  # on a full disk, half a file is in the way of the next one
            raise
