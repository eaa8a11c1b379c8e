"""The mailbox that mails come back to, by IMAP.

What is unread is still to be looked at; what was looked at is marked read, so the mailbox is ours alone. What is no
report of a mail server is flagged besides, for a person to find. The standard library's client blocks, so it works in a
thread; a connection lasts for one visit.
"""

import asyncio
import imaplib
import re
import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from domain.bounced_mail import MOST_BYTES

TIMEOUT_SECONDS = 20
AT_ONCE = 50
"""Mails that are fetched on one visit: with what is read of each, ten megabytes at most."""
_UID = re.compile(rb"\bUID (\d+)")


class MailboxAway(Exception):
    """The mailbox cannot be read now; its server's words stay behind, since they may name people."""


@dataclass(frozen=True, slots=True)
class MailboxAccount:
    """Where returned mail is read. From `imaps://user:password@host/folder` or `imap://…?starttls=1`."""

    host: str
    port: int
    username: str
    password: str
    folder: str
    use_tls: bool
    start_tls: bool

    @classmethod
    def from_url(cls, url: str) -> "MailboxAccount":
        parts = urlsplit(url)
        if parts.scheme not in {"imap", "imaps"} or not parts.hostname or not parts.username or not parts.password:
            raise ValueError("expected imaps://user:password@host[:port][/folder] or imap://…")
        is_tls = parts.scheme == "imaps"
        return cls(
            host=parts.hostname,
            port=parts.port or (993 if is_tls else 143),
            username=unquote(parts.username),
            password=unquote(parts.password),
            folder=unquote(parts.path.strip("/")) or "INBOX",
            use_tls=is_tls,
            start_tls=parse_qs(parts.query).get("starttls") == ["1"],
        )


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail as it lies in the mailbox; its number means something only with that of the folder's generation."""

    generation: str
    number: str
    content: bytes


class Mailbox:
    """Reads the mails that nobody has looked at, and marks those that were."""

    def __init__(self, account: MailboxAccount) -> None:
        self._account = account

    async def unread(self) -> list[Mail]:
        """The oldest unread mails, cut to what is read of a report. Raises MailboxAway."""
        return await asyncio.to_thread(self._unread)

    async def mark(self, mails: Iterable[Mail], *, for_a_person: bool = False) -> None:
        """Mark mails as looked at, and flag them where a person should look as well. Raises MailboxAway."""
        chosen = list(mails)
        if chosen:
            await asyncio.to_thread(self._mark, chosen, r"(\Seen \Flagged)" if for_a_person else r"(\Seen)")

    def _unread(self) -> list[Mail]:
        with self._visit() as (client, generation):
            _, found = client.uid("SEARCH", "UNSEEN")
            numbers = [number.decode() for number in (found[0] or b"").split()][:AT_ONCE]
            return [mail for number in numbers for mail in _fetched(client, generation, number)]

    def _mark(self, mails: list[Mail], flags: str) -> None:
        with self._visit() as (client, generation):
            numbers = [mail.number for mail in mails if mail.generation == generation]
            if numbers:
                client.uid("STORE", ",".join(numbers), "+FLAGS.SILENT", flags)

    @contextmanager
    def _visit(self) -> Iterator[tuple[imaplib.IMAP4, str]]:
        """A connection with the folder open, and the folder's generation (UIDVALIDITY)."""
        try:
            client = self._connected()
            try:
                client.login(self._account.username, self._account.password)
                answer, _ = client.select(f'"{self._account.folder}"')
                if answer != "OK":
                    raise MailboxAway("the folder cannot be opened")
                _, said = client.response("UIDVALIDITY")
                yield client, (said[0] or b"").decode() if said else ""
            finally:
                client.logout()
        except (imaplib.IMAP4.error, OSError, TimeoutError) as error:
            raise MailboxAway(type(error).__name__) from None

    def _connected(self) -> imaplib.IMAP4:
        account, context = self._account, ssl.create_default_context()
        if account.use_tls:
            return imaplib.IMAP4_SSL(account.host, account.port, ssl_context=context, timeout=TIMEOUT_SECONDS)
        client = imaplib.IMAP4(account.host, account.port, timeout=TIMEOUT_SECONDS)
        if account.start_tls:
            client.starttls(context)
        return client


def _fetched(client: imaplib.IMAP4, generation: str, number: str) -> Iterator[Mail]:
    """A mail without marking it; none if it was removed meanwhile."""
    _, parts = client.uid("FETCH", number, f"(BODY.PEEK[]<0.{MOST_BYTES}>)")
    for part in parts:
        if isinstance(part, tuple):
            yield Mail(generation, number, part[1])
