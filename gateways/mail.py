"""Mail by SMTP.

The Message-ID is made of the letter's key, so that a repetition after a crash is known to the receiving side. What a
server answers is sorted into codes: 4xx and lost connections may pass later, 5xx will not.
"""

from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formataddr, parseaddr
from urllib.parse import parse_qs, unquote, urlsplit

import aiosmtplib

from activities.ports import Letter, UndeliverableError
from domain.bounced_mail import mark_of, message_id, return_address

TIMEOUT_SECONDS = 10
"""For one exchange; the whole hand-over is bounded by who asks for it."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed over. From `smtp://user:password@host:port?starttls=1` or `smtps://…`."""

    host: str
    port: int
    username: str | None
    password: str | None
    use_tls: bool
    start_tls: bool

    @classmethod
    def from_url(cls, url: str) -> "MailServer":
        parts = urlsplit(url)
        if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
            raise ValueError("expected smtp://[user:password@]host[:port] or smtps://…")
        is_tls = parts.scheme == "smtps"
        return cls(
            host=parts.hostname,
            port=parts.port or (465 if is_tls else 25),
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            use_tls=is_tls,
            start_tls=parse_qs(parts.query).get("starttls") == ["1"],
        )


class MailPost:
    """Hands letters to a mail server."""

    def __init__(self, server: MailServer, sender: str, return_path: str | None = None) -> None:
        """With a return path each mail comes back to an address of its own, made of it and the mail's mark."""
        self._server = server
        self._sender = sender
        self._return_path = return_path
        self._domain = domain_of(sender)

    async def send(self, letter: Letter) -> str:
        """Hand a letter over; its Message-ID. Raises UndeliverableError with a code.

        Whatever happens, also when the caller breaks off, the connection is closed and nothing more is said on it.
        """
        message = self._compose(letter)
        client = self._client()
        try:
            await client.connect()
            await client.send_message(message, sender=self._envelope_sender(letter))
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            raise _undeliverable(error) from None
        finally:
            client.close()
        return str(message["Message-ID"])

    def _client(self) -> aiosmtplib.SMTP:
        return aiosmtplib.SMTP(
            hostname=self._server.host,
            port=self._server.port,
            username=self._server.username,
            password=self._server.password,
            use_tls=self._server.use_tls,
            start_tls=self._server.start_tls,
            timeout=TIMEOUT_SECONDS,
        )

    def _envelope_sender(self, letter: Letter) -> str | None:
        """Whom the mail comes back to; the sender, if nothing else is said."""
        return return_address(mark_of(letter.key), self._return_path) if self._return_path else None

    def _compose(self, letter: Letter) -> EmailMessage:
        message = EmailMessage()
        message["From"] = formataddr(parseaddr(self._sender))
        message["To"] = letter.to
        message["Subject"] = letter.subject
        message["Message-ID"] = message_id(mark_of(letter.key), self._domain)
        message["Content-Language"] = letter.language
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.body)
        return message


def domain_of(sender: str) -> str:
    """What stands behind the @ of our Message-IDs."""
    return parseaddr(sender)[1].rpartition("@")[2] or "localhost"


def _undeliverable(error: Exception) -> UndeliverableError:
    match error:
        case aiosmtplib.SMTPRecipientsRefused(recipients=recipients):
            is_final = all(500 <= refusal.code < 600 for refusal in recipients)
            return UndeliverableError("mail_recipient_refused", is_final=is_final)
        case aiosmtplib.SMTPAuthenticationError():
            return UndeliverableError("mail_login_refused", is_final=False)
        case aiosmtplib.SMTPResponseException(code=code):
            return UndeliverableError("mail_refused", is_final=500 <= code < 600)
        case aiosmtplib.SMTPTimeoutError() | TimeoutError():
            return UndeliverableError("mail_timed_out", is_final=False)
        case _:
            return UndeliverableError("mail_server_away", is_final=False)
