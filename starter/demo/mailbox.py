"""A mail server on this machine that keeps what it accepts and can be switched off."""

import asyncio
from collections import Counter
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, Envelope, Session

KEPT_MESSAGES = 2_000


class Mailbox:
    """Counts every acceptance by Message-ID, so that a repetition shows, and keeps the newest messages to look at."""

    def __init__(self) -> None:
        self.acceptances: Counter[str] = Counter()
        self.messages: list[EmailMessage] = []
        self._server: asyncio.Server | None = None
        self._port = 0

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self._port}"

    async def open(self) -> None:
        """Listen, on the port of the last time if there was one."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: SMTP(self, loop=loop), "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening: an outage."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802  aiosmtpd's
        """Accept a message."""
        message = message_from_bytes(_bytes(envelope), policy=policy.default)
        self.acceptances[str(message["Message-ID"])] += 1
        if len(self.messages) < KEPT_MESSAGES:
            self.messages.append(message)
        return "250 accepted"


def _bytes(envelope: Envelope) -> bytes:
    content = envelope.content or b""
    return content.encode() if isinstance(content, str) else content
