"""Reports of mail servers about mails that they could not deliver (RFC 3464), as far as we need them."""

import email
import email.policy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message

_CODE = re.compile(r"^([245])\.(\d{1,3})\.(\d{1,3})")
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
MOST_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Returned:
    """Which message, why, and for good or only late."""

    message_id: str
    code: str
    permanent: bool


def read_bounce(report: bytes) -> Returned | None:
    """What a report says of our message; None for a mail that is no such report."""
    message = email.message_from_bytes(report[:MOST_BYTES], policy=email.policy.compat32)
    if message.get_content_type() != "multipart/report":
        return None
    message_id = _original_id(message)
    fields = next(_recipients(message), None)
    if message_id is None or fields is None:
        return None
    status = _CODE.match(str(fields["Status"] or "").strip())
    permanent = str(fields["Action"] or "").strip().lower() == "failed"
    why = _WHY.get(f"{int(status[2])}.{int(status[3])}", "bounced") if status else "bounced"
    return Returned(message_id, why, permanent)


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
