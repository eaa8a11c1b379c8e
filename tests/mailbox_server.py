"""A real IMAP server on loopback for tests, in a process of its own, with one folder for returned mail."""

import asyncio
import imaplib
import random
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from starter.embedded.data_folder import LOOPBACK, PORTS, is_free

USER, PASSWORD, FOLDER = "bounces", "s3cret!", "Returned"
PATIENCE_SECONDS = 30


@dataclass(frozen=True, slots=True)
class MailboxServer:
    """The server as the mail system and a person with a mail program reach it."""

    port: int

    @property
    def url(self) -> str:
        return f"imap://{USER}:{PASSWORD.replace('!', '%21')}@{LOOPBACK}:{self.port}/{FOLDER}"

    async def put(self, mail: bytes) -> None:
        """Let a mail arrive."""
        await asyncio.to_thread(self._put, mail.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))

    async def flags(self) -> list[set[str]]:
        """How each mail is marked, in the order of their arrival."""
        return await asyncio.to_thread(self._flags)

    def open(self) -> imaplib.IMAP4:
        client = imaplib.IMAP4(LOOPBACK, self.port, timeout=PATIENCE_SECONDS)
        client.login(USER, PASSWORD)
        return client

    def _put(self, mail: bytes) -> None:
        with self.open() as client:
            answer, said = client.append(FOLDER, "", "", mail)
            assert answer == "OK", said

    def _flags(self) -> list[set[str]]:
        with self.open() as client:
            client.select(FOLDER, readonly=True)
            _, lines = client.fetch("1:*", "(FLAGS)")
            found = [line if isinstance(line, bytes) else b"" for line in lines]
            return [{flag.decode() for flag in imaplib.ParseFlags(line)} - {r"\Recent"} for line in found if line]


@asynccontextmanager
async def mailbox_server() -> AsyncIterator[MailboxServer]:
    """The server while the context lasts, with the folder empty."""
    port = next(port for port in random.sample(PORTS, len(PORTS)) if is_free(port))
    command = [
        "-c",
        "import pymap.main; pymap.main.main()",
        "--host",
        LOOPBACK,
        "--port",
        str(port),
        "--no-tls",
        "dict",
        "--demo-data",
    ]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *command,
        *["--demo-user", USER, "--demo-password", PASSWORD],
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    server = MailboxServer(port)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await asyncio.to_thread(_is_up, server):
                assert process.returncode is None
                await asyncio.sleep(0.1)
        yield server
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


def _is_up(server: MailboxServer) -> bool:
    try:
        with server.open() as client:
            client.create(FOLDER)
    except OSError:
        return False
    return True
