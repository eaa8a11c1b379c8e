"""The mailbox of returned mail, read from a real IMAP server."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from activities.ports import Letter
from domain.bounced_mail import MOST_BYTES, Returned, read_bounce
from gateways.mail import MailPost
from gateways.mail import MailServer as Address
from gateways.mailbox import Mailbox, MailboxAccount, MailboxAway
from tests.mail_server import MailServer
from tests.mailbox_server import MailboxServer, mailbox_server


@pytest.fixture
async def server() -> AsyncIterator[MailboxServer]:
    async with mailbox_server() as server:
        yield server


async def test_what_is_unread_is_given_until_it_is_marked(server: MailboxServer) -> None:
    mailbox = Mailbox(MailboxAccount.from_url(server.url))
    assert await mailbox.unread() == []
    for number in range(3):
        await server.put(f"Subject: {number}\n\n退信 {number}\n".encode())
    first, second, third = await mailbox.unread()
    assert "退信 1" in second.content.decode()
    assert await server.flags() == [set(), set(), set()]
    await mailbox.mark([first])
    await mailbox.mark([third], for_a_person=True)
    assert await mailbox.unread() == [second]
    assert await server.flags() == [{r"\Seen"}, set(), {r"\Seen", r"\Flagged"}]


async def test_a_mail_of_another_generation_of_the_folder_is_not_marked(server: MailboxServer) -> None:
    mailbox = Mailbox(MailboxAccount.from_url(server.url))
    await server.put(b"Subject: new\n\n")
    (mail,) = await mailbox.unread()
    await mailbox.mark([replace(mail, generation="1")])
    assert await server.flags() == [set()]


async def test_a_huge_mail_is_cut(server: MailboxServer) -> None:
    await server.put(b"Subject: huge\n\n" + b"0123456789abcde\n" * 20_000)
    (mail,) = await Mailbox(MailboxAccount.from_url(server.url)).unread()
    assert len(mail.content) == MOST_BYTES


@pytest.mark.parametrize("wrong", ["password", "folder", "port"])
async def test_a_mailbox_that_does_not_let_us_in_is_away_and_its_words_stay_there(
    server: MailboxServer, wrong: str
) -> None:
    account = MailboxAccount.from_url(server.url)
    changed = replace(account, **{wrong: 1 if wrong == "port" else "wrong"})  # type: ignore[arg-type]
    with pytest.raises(MailboxAway) as raised:
        await Mailbox(changed).unread()
    assert "wrong" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_an_account_is_read_from_its_url() -> None:
    account = MailboxAccount.from_url("imaps://bounces%40example.org:p%40ss@mail.example.org/Returned%20mail")
    assert (account.host, account.port, account.use_tls) == ("mail.example.org", 993, True)
    assert (account.username, account.password, account.folder) == ("bounces@example.org", "p@ss", "Returned mail")
    plain = MailboxAccount.from_url("imap://b:p@10.0.0.2?starttls=1")
    assert (plain.port, plain.folder, plain.use_tls, plain.start_tls) == (143, "INBOX", False, True)


@pytest.mark.parametrize("url", ["pop3://a:b@host", "imaps://host/INBOX", "imaps://only@host"])
def test_a_url_without_an_account_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="expected imaps://"):
        MailboxAccount.from_url(url)


async def test_each_mail_leaves_with_an_address_to_come_back_to_that_tells_which_it_was() -> None:
    post = MailServer()
    await post.start()
    try:
        sent = Letter("C-2026-000017:response_letter.1", "ann@example.com", "Our answer", "…", "en", "t", {})
        office = MailPost(Address.from_url(post.url), "Care <care@example.org>", "bounces@example.org")
        message_id = await office.send(sent)
    finally:
        await post.stop()
    (delivery,) = post.deliveries
    assert delivery.message["From"] == "Care <care@example.org>"
    mark = message_id.strip("<>").partition("@")[0]
    assert delivery.sender == f"bounces+{mark}@example.org"
    bounce = f"From: postmaster@qq.example\nTo: {delivery.sender}\n\n550 Mailbox not found\n"
    assert read_bounce(bounce.encode()) == Returned(None, "bounced", permanent=True, mark=mark)
