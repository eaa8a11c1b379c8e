"""Reports of mail servers (RFC 3464), as servers write them, and mails that are none."""

import pytest

from starter.bounced_mail import Returned, read_bounce

REPORT = """From: MAILER-DAEMON@mx.example.net (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: care@example.org
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B0"

--B0
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--B0
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net
X-Postfix-Queue-ID: 5F0A1
Arrival-Date: Mon,  2 Mar 2026 09:30:00 +0000 (UTC)

Final-Recipient: rfc822; ann.lee@example.com
Original-Recipient: rfc822;ann.lee@example.com
Action: {action}
Status: {status}
Remote-MTA: dns; mail.example.com
Diagnostic-Code: smtp; 550 5.1.1 no such user

--B0
{original}
--B0--
"""
WHOLE = """Content-Description: Undelivered Message
Content-Type: message/rfc822

Message-ID: <0b5d2f@example.org>
Subject: Our answer to your complaint C-2026-000017

Dear Ann Lee,
"""
HEAD = """Content-Description: Undelivered Message Headers
Content-Type: text/rfc822-headers

Message-ID: <0b5d2f@example.org>
Subject: Our answer
"""


def report(action: str = "failed", status: str = "5.1.1", original: str = WHOLE) -> bytes:
    return REPORT.format(action=action, status=status, original=original).encode()


@pytest.mark.parametrize("original", [WHOLE, HEAD], ids=["the whole mail", "its head"])
def test_a_report_names_the_message_that_came_back(original: str) -> None:
    assert read_bounce(report(original=original)) == Returned("<0b5d2f@example.org>", "mailbox_unknown", permanent=True)


@pytest.mark.parametrize(
    ("status", "code"), [("5.2.2", "mailbox_full"), ("5.7.1", "mail_rejected"), ("5.0.0", "bounced"), ("?", "bounced")]
)
def test_the_status_code_is_said_in_words(status: str, code: str) -> None:
    found = read_bounce(report(status=status))
    assert found is not None
    assert found.code == code


def test_a_message_that_is_only_late_is_not_lost() -> None:
    found = read_bounce(report(action="delayed", status="4.4.1"))
    assert found is not None
    assert not found.permanent


@pytest.mark.parametrize(
    "mail",
    [
        b"",
        b"Subject: I am on holiday\n\nBack on Monday.",
        report(original="Content-Type: text/plain\n\nno mail here\n"),
        report(action=""),
        b"Content-Type: multipart/report; boundary=x\n\n--x--\n",
        b"\xff\xfe\x00Content-Type: multipart/report",
    ],
)
def test_a_mail_that_is_no_report_is_none(mail: bytes) -> None:
    assert read_bounce(mail) is None
