"""Texts are only texts: they come back as they were said, in the story and in letters, and break nothing on the way."""

import json
from io import StringIO
from typing import Any

import pytest

from tests.api.visitors import Api
from tests.mail_server import MailServer

TEXTS = {
    "sql": "Robert'); DROP TABLE case_record; --",
    "sql in quotes": '" UNION SELECT * FROM vault.subject; /*',
    "html": '<script>alert(1)</script><img src=x onerror="alert(1)">&lt;',
    "templates": "{{7*7}} ${7*7} #{7*7} <%= 7*7 %> {0.__class__} {name} $reference $$",
    "formats": "%s %(name)s %n %x %99999d {} {0} {:>10}",
    "spreadsheet": '=HYPERLINK("http://evil.example","click")+1-1@SUM(A1)',
    "log line": "done\n2026-01-01T00:00:00Z [error] admin logged in\r\nlevel=critical",
    "headers": "Dear\nBcc: everybody@example.org\n\nBody",
    "smtp": "one\n.\nQUIT\nRCPT TO:<everybody@example.org>",
    "json": '"},{"type":"complaint.closed","x":"\\u0000',
    "unicode": "\u202egnp.exe \U0001f469\u200d\U0001f467 \u0130\u0131\u017f 北京 \ufdfd a\u0301 \u200b\ufeff \uff41",
    "paths": "../../../../etc/passwd C:\\Windows\\ file:///etc/passwd",
    "shell": "$(rm -rf /) `id` ; cat /etc/passwd | mail",
    "long": "中" * 20_000,
}
LINES = {name: text for name, text in TEXTS.items() if "\n" not in text}
SHORT_TEXTS = {name: text for name, text in TEXTS.items() if name != "long"}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
async def test_a_text_comes_back_from_the_story_as_it_was_said(api: Api, text: str) -> None:
    one_line = text.replace("\r", " ").replace("\n", " ")
    customer = {"name": one_line[:200], "address": text[:500]}
    reference = await api["hotline"].take(narrative=text, demand=text, representative=text, customer=customer)
    await api["hotline"].do(reference, "note", text=text)
    await api["handler"].do(reference, "assess", decision="valid", evidence=text)
    await api["handler"].do(reference, "claim")
    await api["handler"].do(reference, "start_investigation")
    await api["handler"].do(reference, "respond", way="visit", letter=text, outcome="upheld", cause="process")
    story: dict[str, Any] = (await api["handler"].get(f"/v1/complaints/{reference}/story")).json()
    assert (story["narrative"], story["demand"]) == (text.strip(), text.strip())
    assert set(story["texts"].values()) == {text.strip()}
    assert len(story["texts"]) == 4
    assert story["customer"]["name"] == one_line[:200].strip()
    assert story["customer"]["address"] == text[:500].strip()


@pytest.mark.parametrize("text", SHORT_TEXTS.values(), ids=SHORT_TEXTS)
async def test_a_letter_says_what_was_written_and_goes_to_one_person(api: Api, post: MailServer, text: str) -> None:
    one_line = text.replace("\r", " ").replace("\n", " ")[:200].strip()
    reference = await api["hotline"].take(customer={"name": one_line, "email": "ann@example.org"})
    await api["handler"].do(reference, "assess", decision="invalid", ground="unfounded")
    await api["handler"].do(reference, "explain", way="email", letter=text)
    await api["handler"].until(reference, status="closed")
    (letter,) = [mail for mail in post.deliveries if reference in str(mail.message["Subject"])]
    assert letter.recipients == ("ann@example.org",)
    assert set(letter.message.keys()) >= {"From", "To", "Subject", "Message-ID"}
    assert letter.message["Bcc"] is None
    body = letter.message.get_content().replace("\r\n", "\n")
    assert text.strip().replace("\r\n", "\n") in body
    assert one_line in body


@pytest.mark.parametrize("text", LINES.values(), ids=LINES)
async def test_what_is_searched_for_is_only_a_value(api: Api, text: str) -> None:
    before = await api.house.parts.pool.fetchval("SELECT count(*) FROM case_record")
    for name in ("q", "customer", "team", "handler"):
        answer = await api["supervisor"].get("/v1/complaints", **{name: text[:255]})
        assert (answer.status_code, answer.json()) == (200, {"items": [], "next_cursor": None})
    assert await api.house.parts.pool.fetchval("SELECT count(*) FROM case_record") == before


async def test_every_line_of_the_log_is_one_event(api: Api, logs: StringIO) -> None:
    await api["hotline"].take(narrative=TEXTS["log line"])
    await api["hotline"].send("GET", "/v1/complaints", params={"q": "x", "team": TEXTS["log line"]})
    await api["hotline"].send(
        "GET", "/v1/complaints", headers={"Idempotency-Key": "a", "User-Agent": "x level=critical"}
    )
    for line in logs.getvalue().splitlines():
        assert isinstance(json.loads(line), dict)
    assert "level=critical" not in logs.getvalue()


def test_the_command_line_prints_texts_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    """Square brackets would be markup to the library that draws the tables, and a wrong one its end."""
    from starter.cli.output import show_fields, show_table

    hostile = ("[red]text[/red]", "[/]", "[link=http://evil.example]x[/link]", "{{7*7}}", "=1+1")
    show_table(("what",), [[text] for text in hostile], empty="none")
    show_fields(dict(zip("abcde", hostile, strict=True)))
    printed = capsys.readouterr().out
    assert all(printed.count(text) == 2 for text in hostile)
