"""Mail by SMTP.

The Message-ID is made of the letter's key, so that a repetition after a crash is known to the receiving side. What a
server answers is sorted into codes: 4xx and lost connections may pass later, 5xx will not.
"""

import hashlib
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formataddr, parseaddr
from urllib.parse import parse_qs, unquote, urlsplit

import aiosmtplib

from activities.ports import Letter, UndeliverableError

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

    def __init__(self, server: MailServer, sender: str) -> None:
        self._server = server
        self._sender = sender
        self._domain = parseaddr(sender)[1].rpartition("@")[2] or "localhost"

    async def send(self, letter: Letter) -> str:
        """Hand a letter over; its Message-ID. Raises UndeliverableError with a code.

        Whatever happens, also when the caller breaks off, the connection is closed and nothing more is said on it.
        """
        message = self._compose(letter)
        client = self._client()
        try:
            await client.connect()
            await client.send_message(message)
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

    def _compose(self, letter: Letter) -> EmailMessage:
        message = EmailMessage()
        message["From"] = formataddr(parseaddr(self._sender))
        message["To"] = letter.to
        message["Subject"] = letter.subject
        message["Message-ID"] = f"<{hashlib.sha256(letter.key.encode()).hexdigest()[:40]}@{self._domain}>"
        message["Content-Language"] = letter.language
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.body)
        return message


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
