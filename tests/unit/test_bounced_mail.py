"""Reports of mail servers (RFC 3464), as servers write them, and mails that are none."""

import base64

import pytest

from domain.bounced_mail import Returned, mark_of, message_id, read_bounce, return_address

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


MARK = mark_of("C-2026-000017:response_letter.1")
OURS = f"<{MARK}@example.org>"

EXCHANGE = f"""Return-Path: <>
From: Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@contoso.example>
To: <bounces@example.org>
Subject: Undeliverable: Our answer to your complaint
Content-Type: multipart/report; report-type=delivery-status; boundary="_c0ffee_"
Auto-Submitted: auto-replied
In-Reply-To: {OURS}

--_c0ffee_
Content-Type: multipart/alternative; differences=Content-Type; boundary="_inner_"

--_inner_
Content-Type: text/html; charset="us-ascii"

<html><body><p>Your message to ann.lee@contoso.example couldn't be delivered.</p></body></html>

--_inner_--
--_c0ffee_
Content-Type: message/delivery-status

Reporting-MTA: dns;AM0PR01MB1234.eurprd01.prod.exchangelabs.com
Received-From-MTA: dns;mail.example.org
Arrival-Date: Mon, 2 Mar 2026 09:30:00 +0000

Final-Recipient: rfc822;ann.lee@contoso.example
Action: failed
Status: 5.1.10
Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup

--_c0ffee_
Content-Type: message/rfc822

Received: from mail.example.org
Message-ID: {OURS}
Subject: Our answer to your complaint

Dear Ann Lee,

--_c0ffee_--
"""
GMAIL = f"""Return-Path: <>
From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>
To: bounces+{MARK}@example.org
Auto-Submitted: auto-replied
Subject: Delivery Status Notification (Failure)
Content-Type: multipart/report; boundary="0000"; report-type=delivery-status

--0000
Content-Type: multipart/related; boundary="1111"

--1111
Content-Type: text/plain; charset="UTF-8"

** Message blocked **
The recipient's inbox is full.
--1111
Content-Type: image/png; name="icon.png"
Content-Transfer-Encoding: base64

iVBORw0KGgo=
--1111--
--0000
Content-Type: message/delivery-status

Reporting-MTA: dns; googlemail.com
Arrival-Date: Mon, 02 Mar 2026 01:30:00 -0800 (PST)
X-Original-Message-ID: {OURS}

Final-Recipient: rfc822; ann.lee@gmail.example
Action: failed
Status: 5.2.2
Diagnostic-Code: smtp; 552-5.2.2 The recipient's inbox is out of storage space.
Last-Attempt-Date: Mon, 02 Mar 2026 01:30:02 -0800 (PST)

--0000
Content-Type: message/rfc822

Message-ID: {OURS}
Subject: Our answer

Dear Ann Lee,
--0000--
"""
COREMAIL = f"""From: Postmaster@163.example
To: bounces+{MARK}@example.org
Subject: =?gb18030?B?z7XNs83L0MU=?=
Content-Type: multipart/report; report-type=delivery-status; boundary="=_Part"

--=_Part
Content-Type: text/html; charset="gb18030"
Content-Transfer-Encoding: 8bit

<p>Mailbox not found</p>
--=_Part
Content-Type: message/delivery-status

Reporting-MTA: dns; 163.example

Final-Recipient: rfc822; lihua@163.example
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 User not found: lihua@163.example

--=_Part--
"""
PROSE = """Return-Path: <>
From: {sender}
To: {to}
Subject: =?utf-8?B?57O757uf6YCA5L+h?=
{more}Content-Type: multipart/alternative; boundary="b"

--b
Content-Type: text/html; charset="utf-8"
Content-Transfer-Encoding: base64

{body}
--b--
"""


def prose(
    text: str, sender: str = "PostMaster@qq.example", to: str = f"bounces+{MARK}@example.org", more: str = ""
) -> bytes:
    body = base64.b64encode(f"<p>{text}</p>".encode()).decode()
    return PROSE.format(sender=sender, to=to, more=more, body=body).encode()


@pytest.mark.parametrize(
    ("mail", "named", "code"),
    [(EXCHANGE, OURS, "mailbox_unknown"), (GMAIL, OURS, "mailbox_full"), (COREMAIL, None, "mailbox_unknown")],
    ids=["Exchange", "Gmail", "Coremail, without the mail"],
)
def test_reports_as_large_providers_write_them_are_understood(mail: str, named: str | None, code: str) -> None:
    found = read_bounce(mail.encode())
    assert found is not None
    assert (found.message_id, found.code, found.permanent) == (named, code, True)
    assert named is not None or message_id(found.mark or "", "example.org") == OURS


@pytest.mark.parametrize(
    ("text", "code", "permanent"),
    [
        ("您的邮件被退回，原因：550 Mailbox not found。收件人地址不存在。", "bounced", True),
        ("退信原因: 5.1.1 The email account that you tried to reach does not exist", "mailbox_unknown", True),
        ("host said: 552 5.2.2 mailbox is full, 收件箱已满", "mailbox_full", True),
        ("邮件投递延迟: 451 try again later", "bounced", False),
    ],
)
def test_a_page_of_prose_is_understood_by_the_address_that_it_came_to(text: str, code: str, permanent: bool) -> None:
    assert read_bounce(prose(text)) == Returned(None, code, permanent, MARK)


@pytest.mark.parametrize(
    "mail",
    [
        prose("我正在休假，请致电 550 6552。"),
        prose("550 Mailbox not found", to="bounces@example.org"),
        prose("550 Mailbox not found", more="Auto-Submitted: auto-replied (vacation)\n"),
        prose("550 Mailbox not found", sender="Li Hua <li.hua@qq.example>"),
        prose("您的邮件被退回。"),
    ],
    ids=["no answer of a server", "nobody's address", "an automatic reply", "of a person", "no reason"],
)
def test_prose_that_is_no_servers_word_about_a_mail_of_ours_is_none(mail: bytes) -> None:
    assert read_bounce(mail) is None


def test_each_mail_has_an_address_of_its_own_that_a_mail_server_takes() -> None:
    address = return_address(MARK, "bounces@example.org")
    assert address == f"bounces+{MARK}@example.org"
    assert len(address.partition("@")[0]) <= 64
