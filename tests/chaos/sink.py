"""The mail server of a chaos run, with a ledger of its own: every acceptance by Message-ID, none taken for another."""

from dataclasses import dataclass
from datetime import UTC, datetime

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.mail_server import MailServer


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A message that the sink said yes to, and when; with our key of it where the way carries keys."""

    message_id: str
    at: datetime
    effect_key: str | None = None


class Sink(MailServer):
    """Accepts, counts, and can be switched off."""

    def __init__(self) -> None:
        super().__init__()
        self.ledger: list[Acceptance] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Note the acceptance before the client hears of it, so that no accepted message is missing here."""
        reply = await super().handle_DATA(server, session, envelope)
        message_id = str(self.deliveries[-1].message["Message-ID"]).strip()
        self.ledger.append(Acceptance(message_id, datetime.now(UTC)))
        return reply
