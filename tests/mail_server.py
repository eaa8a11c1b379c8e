"""A real SMTP server on loopback for tests: keeps what it accepts, and can refuse, dawdle or go away."""

import asyncio
import email
import email.policy
from dataclasses import dataclass
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, Envelope, Session

from starter.embedded.data_folder import LOOPBACK


@dataclass(frozen=True, slots=True)
class Delivery:
    """One accepted message with the addresses of its envelope."""

    sender: str
    recipients: tuple[str, ...]
    message: EmailMessage


class MailServer:
    """Starts on a free port and keeps it over every restart; one `Delivery` for each accepted message, in order."""

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []
        self.port = 0
        self._refusals: dict[str | None, str] = {}
        self._seconds_per_message = 0.0
        self._server: asyncio.Server | None = None
        self._sessions: list[SMTP] = []

    @property
    def url(self) -> str:
        return f"smtp://{LOOPBACK}:{self.port}"

    async def start(self) -> None:
        """Listen, on the port of the last time if there was one."""
        self._server = await asyncio.get_running_loop().create_server(self._new_session, LOOPBACK, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening and cut every open session, as a crash would."""
        if self._server is None:
            return
        self._server.close()
        for session in self._sessions:
            if isinstance(session.transport, asyncio.Transport):
                session.transport.abort()
        self._sessions.clear()
        await self._server.wait_closed()
        self._server = None

    def refuse(self, reply: str, recipient: str | None = None) -> None:
        """Answer each recipient, or only the one named, with the reply, as in `450 4.2.0 mailbox busy`."""
        self._refusals[recipient] = reply

    def dawdle(self, seconds: float) -> None:
        """Take so long over each message before it is accepted."""
        self._seconds_per_message = seconds

    def behave(self) -> None:
        """Accept everything at once again."""
        self._refusals.clear()
        self._seconds_per_message = 0.0

    async def handle_RCPT(  # noqa: N802 (named by aiosmtpd)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        refusal = self._refusals.get(address) or self._refusals.get(None)
        if refusal:
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        await asyncio.sleep(self._seconds_per_message)
        message = email.message_from_bytes(_text_of(envelope), policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        self.deliveries.append(Delivery(envelope.mail_from or "", tuple(envelope.rcpt_tos), message))
        return f"250 OK: message {len(self.deliveries)}"

    def _new_session(self) -> SMTP:
        session = SMTP(self, hostname="mail.example", enable_SMTPUTF8=True)
        self._sessions.append(session)
        return session


def _text_of(envelope: Envelope) -> bytes:
    """The message with the line ends of a text, not of the protocol."""
    content = envelope.content or b""
    octets = content.encode() if isinstance(content, str) else content
    return octets.replace(b"\r\n", b"\n")
