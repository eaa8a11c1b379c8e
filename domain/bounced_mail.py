"""Mails that come back: how ours are marked, and what a report of a mail server says of one.

A report after RFC 3464 carries the mail or its head, and so its Message-ID. Some providers send a page of prose
instead; there the address that it came to tells which mail is meant, where each mail has a sender's address of its own
(VERP: `bounces+mark@example.org`). What is neither is a mail of a person or a machine, and nobody's bounce.
"""

import email
import email.policy
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from email.utils import getaddresses

MOST_BYTES = 200_000
"""So much of a report is read; a letter of ours that it carries is a few thousand bytes."""
MARK = re.compile(r"[0-9a-f]{40}")

_STATUS = re.compile(r"^([245])\.(\d{1,3})\.(\d{1,3})")
_STATUS_IN_PROSE = re.compile(r"(?<![\d.])([45])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_REPLY_IN_PROSE = re.compile(r"(?<![\d.\w])([45])[0-5]\d(?=[ \-_:：]\s*[^\W\d])")
_SERVERS = re.compile(r"^(mailer-daemon|postmaster|mail-daemon|mdaemon)\b", re.IGNORECASE)
_WHY = {
    "1.1": "mailbox_unknown",
    "1.2": "host_unknown",
    "1.10": "mailbox_unknown",
    "2.1": "mailbox_disabled",
    "2.2": "mailbox_full",
    "4.1": "host_does_not_answer",
    "7.1": "mail_rejected",
}
"""The commonest status codes of RFC 3463 in words."""
_CAME_TO = ("Delivered-To", "X-Original-To", "Envelope-To", "To")


@dataclass(frozen=True, slots=True)
class Returned:
    """Which message, by its Message-ID or by our mark of it, why, and for good or only late."""

    message_id: str | None
    code: str
    permanent: bool
    mark: str | None = None


def mark_of(effect_key: str) -> str:
    """What a mail of ours is recognised by, the same whenever it is sent again."""
    return hashlib.sha256(effect_key.encode()).hexdigest()[:40]


def message_id(mark: str, domain: str) -> str:
    return f"<{mark}@{domain}>"


def return_address(mark: str, address: str) -> str:
    """The address that a mail of this mark comes back to."""
    local, _, domain = address.rpartition("@")
    return f"{local}+{mark}@{domain}"


def read_bounce(report: bytes) -> Returned | None:
    """What a report says of our message; None for a mail that is no such report."""
    message = email.message_from_bytes(report[:MOST_BYTES], policy=email.policy.compat32)
    mark = _mark_of_arrival(message)
    if message.get_content_type() == "multipart/report":
        return _from_report(message, mark)
    return _from_prose(message, mark) if mark is not None else None


def _from_report(message: Message, mark: str | None) -> Returned | None:
    fields, original = next(_recipients(message), None), _original_id(message)
    if fields is None or (original is None and mark is None):
        return None
    status = _STATUS.match(str(fields["Status"] or "").strip())
    permanent = str(fields["Action"] or "").strip().lower() == "failed"
    why = _why(status) if status else "bounced"
    return Returned(original, why, permanent, mark)


def _from_prose(message: Message, mark: str) -> Returned | None:
    """A page that a server wrote by itself about a mail of ours, with the code of an SMTP answer somewhere."""
    answers_by_itself = str(message["Auto-Submitted"] or "").strip().lower().startswith("auto-replied")
    if answers_by_itself or not _is_from_a_server(message):
        return None
    prose = "\n".join(_prose(message))
    status, reply = _STATUS_IN_PROSE.search(prose), _REPLY_IN_PROSE.search(prose)
    if status is not None:
        return Returned(None, _why(status), permanent=status[1] == "5", mark=mark)
    return None if reply is None else Returned(None, "bounced", permanent=reply[1] == "5", mark=mark)


def _is_from_a_server(message: Message) -> bool:
    """By its name: holiday notes of people come without a return address as well."""
    return any(_SERVERS.match(address) for _, address in getaddresses([str(message["From"] or "")]))


def _mark_of_arrival(message: Message) -> str | None:
    """Our mark in the address that the mail came to."""
    headers = [str(value) for name in _CAME_TO for value in message.get_all(name, [])]
    for _, address in getaddresses(headers):
        found = MARK.fullmatch(address.rpartition("@")[0].rpartition("+")[2].lower())
        if found:
            return found[0]
    return None


def _why(status: re.Match[str]) -> str:
    return _WHY.get(f"{int(status[2])}.{int(status[3])}", "bounced")


def _prose(message: Message) -> Iterator[str]:
    """The texts of a mail as far as they can be read."""
    for part in message.walk():
        content = part.get_payload(decode=True) if part.get_content_maintype() == "text" else None
        if isinstance(content, bytes):
            yield content.decode("latin-1")  # the codes are ASCII in every encoding that mail is written in


def _original_id(message: Message) -> str | None:
    """The Message-ID of what came back: in the part that holds the mail itself, or its head."""
    for part in message.walk():
        if part.get_content_type() == "message/rfc822":
            inner = part.get_payload(0)
            found = inner["Message-ID"] if isinstance(inner, Message) else None
        elif part.get_content_type() == "text/rfc822-headers":
            head = part.get_payload(decode=True)
            found = email.message_from_bytes(head)["Message-ID"] if isinstance(head, bytes) else None
        else:
            continue
        if found:
            return str(found).strip()[:200]
    return None


def _recipients(message: Message) -> Iterator[Message]:
    """The groups of fields about a recipient each; the first group is about the report."""
    for part in message.walk():
        if part.get_content_type() == "message/delivery-status":
            groups = part.get_payload()
            yield from (group for group in groups if isinstance(group, Message) and group["Action"])
