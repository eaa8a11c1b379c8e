"""Logs: every logger goes through one handler, with its ids and without personal data or secrets."""

import asyncio
import io
import json
import logging
import sys
import threading
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field
from temporalio.exceptions import ApplicationError

from runtime import telemetry
from runtime.failures import describe_exception
from runtime.logs import configure
from runtime.redaction import LONGEST, redact, redact_value
from runtime.settings import Settings
from storage.keys import MasterKeys
from storage.vault import Unknown

PERSONAL = ("王小明", "ann.lee", "13800138000", "138 0013 8000", "hunter22")


class Lines(io.StringIO):
    """What was logged."""

    @property
    def entries(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.getvalue().splitlines()]

    @property
    def last(self) -> dict[str, Any]:
        return self.entries[-1]


def settings(**changes: Any) -> Settings:
    return Settings(
        database_url="postgresql://db/amends",
        master_key=MasterKeys.generate().reveal(),
        smtp_url="smtp://mail",
        mail_from="hotline@example.org",
        **changes,
    )


@pytest.fixture
def lines() -> Iterator[Lines]:
    """The configured logs of this process; all that `configure` changes is put back."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level, sys.excepthook, threading.excepthook)
    stream = Lines()
    configure(settings(log_level="DEBUG"), stream)
    yield stream
    root.handlers[:], root.level, sys.excepthook, threading.excepthook = before
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


@pytest.mark.parametrize(
    "text",
    [
        "13800138000",
        "+86 138 0013 8000",
        "(010) 6552-9988",
        "020 7946 0018",
        "138.0013.8000",
        "010.81234567",
        "+1 (202) 456–1111",
        "1 3 8 0 0 1 3 8 0 0 0",
        "１３８００１３８０００",
        "138\u00a00013\u00a08000",
        "tel13800138000",
        "电话13800138000请回电",
        "cus_13800138000",
        "2026-11-22 13800138000",
        "2026-11-22-13800138000",
        "%2B8613800138000",
        "11010519491231002X",
        "6222 0200 1234 5678",
        "Key (phone)=(13800138000) already exists.",
    ],
)
def test_phone_and_other_long_numbers_are_masked_however_they_are_written(text: str) -> None:
    redacted = redact(text)
    assert "[number]" in redacted
    kept = "".join(character for character in redacted.replace("2026-11-22", "") if character.isdigit())
    assert len(kept) <= 1  # the 2 of %2B


@pytest.mark.parametrize(
    "text",
    [
        "C-2026-000123",
        "complaint/C-2026-000123/acknowledge/1",
        "2026-11-22T02:52:13.123456Z",
        "2026-11-22T02:52:13+00:00",
        "2026-11-22 02:52:13,123",
        "20261122T025213Z",
        "attempt 3 2026-11-22T02:52:13Z",
        "cus_12345678901234567890123456789012",
        "txt_0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a",
        "0192f0c1-7b3a-7def-8123-123456789012",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "assess-3f2a9c0d1e4b5a69",
        "127.0.0.1:8080 and 192.168.100.200",
        "took 0.034512 s in 3 of 5 attempts",
        "<asyncpg.pool.Pool object at 0x7f8a12345678>",
        "host.local:7233",
    ],
)
def test_references_times_ids_hashes_and_addresses_of_machines_are_kept(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "ann.lee@example.org",
        "<Ann.Lee+x@EXAMPLE.co.uk>",
        "o'brien@example.org",
        "王小明@例子.中国",
        "ann.lee＠example.org",
        "/v1/complaints?q=ann.lee%40example.org",
        '{"email": "ann.lee@example.org"}',
        "550 5.1.1 <ann.lee@example.org>: Recipient address rejected",
    ],
)
def test_email_addresses_are_masked(text: str) -> None:
    redacted = redact(text)
    assert "[email]" in redacted
    assert not any(part in redacted.lower() for part in ("ann", "brien", "王小明", "example", "例子"))


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("postgresql://amends:hunter22@db:5432/x", "postgresql://[credentials]@db:5432/x"),
        ("smtp://u:p@ss/hunter22@mail:587", "smtp://[credentials]@mail:587"),
        ("smtp://ann.lee@example.org:hunter22@mail", "smtp://[credentials]@mail"),
        ("Authorization: Bearer abc.hunter22-x", "Authorization: [secret] [token]"),
        ("sent bearer abc.hunter22-x", "sent bearer [token]"),
        ('{"password": "hunter22"}', '{"password": "[secret]"}'),
        ("token=hunter22&page=1", "token=[secret]&page=1"),
        ("GET /case/AbCdEfGhIjKlMnOpQrStUv HTTP/1.1", "GET /case/[token] HTTP/1.1"),
        ("narrative [type=string_too_long, input_value='王小明', input_type=str]",
         "narrative [type=string_too_long, input_value=[value], input_type=str]"),
        ("https://temporal.example:8233/namespaces", "https://temporal.example:8233/namespaces"),
    ],
)  # fmt: skip
def test_secrets_and_quoted_values_are_masked(text: str, redacted: str) -> None:
    assert redact(text) == redacted


@given(st.text(max_size=40), st.text("0123456789", min_size=7, max_size=15), st.text(max_size=40))
def test_a_number_of_seven_digits_between_words_never_survives(before: str, number: str, after: str) -> None:
    assert number not in redact(f"{before} tel {number} , {after}")


@given(st.text(max_size=40), st.from_regex(r"[a-z]{3,12}(\.[a-z]{2,8})?", fullmatch=True), st.text(max_size=40))
def test_an_email_address_between_words_never_survives(before: str, local: str, after: str) -> None:
    assert f"{local}@example.org" not in redact(f"{before} <{local}@example.org> {after}")


@given(st.datetimes(datetime(1990, 1, 1), datetime(2099, 12, 31)), st.integers(0, 999_999), st.uuids())  # noqa: DTZ001
def test_what_connects_log_lines_always_survives(moment: datetime, number: int, run: object) -> None:
    text = f"{moment.replace(tzinfo=UTC).isoformat()} complaint/C-2026-{number:06d} run {run}"
    assert redact(text) == text


HOSTILE = st.text(st.sampled_from([*"0123456789.-/: @=(){}[]<>'\"+Xx_%ＡＢ王", "\n"]), max_size=80)


@given(st.one_of(st.text(max_size=200), HOSTILE))
def test_any_text_can_be_redacted_and_nothing_is_left_for_a_second_time(text: str) -> None:
    assert redact(redact(text)) == redact(text)


@pytest.mark.parametrize("piece", ["1", "1-", "a@", "://", "://a:", "a", "input_value=", "exception=a(", "f", "1.1"])
def test_a_hostile_text_is_cut_and_takes_no_time(piece: str) -> None:
    started = datetime.now(UTC)
    redacted = redact(piece * 100_000)
    assert (datetime.now(UTC) - started).total_seconds() < 2
    assert len(redacted) < LONGEST + 100


def test_values_are_redacted_however_deep_and_personal_fields_are_hidden_whole() -> None:
    value = {"to": ["ann.lee@example.org", {"narrative": "王小明", "n": 13800138000}], "name": "王小明", "count": 3}
    shown = redact_value(value)
    assert shown == {"to": ["[email]", {"narrative": "[hidden]", "n": "[number]"}], "name": "[hidden]", "count": 3}


def test_a_plain_logger_is_rendered_as_json_with_its_extras(lines: Lines) -> None:
    logging.getLogger("starter.intake").info("accepted %s", "C-2026-000123", extra={"reference": "C-2026-000123"})
    entry = lines.last
    assert datetime.fromisoformat(entry.pop("timestamp")).tzinfo is not None
    assert entry == {
        "event": "accepted C-2026-000123",
        "level": "info",
        "logger": "starter.intake",
        "reference": "C-2026-000123",
    }


def test_a_structlog_logger_goes_the_same_way(lines: Lines) -> None:
    structlog.get_logger("starter").warning("slow", seconds=1.5, email="ann.lee@example.org")
    assert lines.last["event"] == "slow"
    assert (lines.last["logger"], lines.last["seconds"], lines.last["email"]) == ("starter", 1.5, "[hidden]")


def test_the_request_id_of_the_context_is_on_every_line(lines: Lines) -> None:
    with structlog.contextvars.bound_contextvars(request_id="req-1"):
        logging.getLogger("a").info("by logging")
        structlog.get_logger("b").info("by structlog")
    logging.getLogger("a").info("later")
    assert [entry.get("request_id") for entry in lines.entries] == ["req-1", "req-1", None]


def test_the_ids_of_workflows_and_activities_become_fields(lines: Lines) -> None:
    workflow_ids = {"workflow_id": "complaint/C-2026-000123", "workflow_type": "complaint", "update_id": "assess-1"}
    logging.getLogger("temporalio.workflow").info("assessed", extra={"temporal_workflow": workflow_ids})
    activity_ids = {"activity_type": "send_letter", "attempt": 2, "workflow_id": "complaint/C-2026-000124"}
    logging.getLogger("temporalio.activity").info("sent", extra={"temporal_activity": activity_ids})
    first, second = lines.entries
    assert (first["reference"], first["update_id"]) == ("C-2026-000123", "assess-1")
    assert (second["reference"], second["activity"], second["attempt"]) == ("C-2026-000124", "send_letter", 2)
    assert "temporal_workflow" not in first


def test_personal_data_is_masked_in_messages_arguments_extras_and_structlog_events(lines: Lines) -> None:
    log = logging.getLogger("library")
    log.info("calling 13800138000")
    log.info("mail to %s failed", "ann.lee@example.org")
    log.info("rejected", extra={"recipient": "ann.lee@example.org", "url": "smtp://u:hunter22@mail"})
    log.info("%(phone)s", {"phone": "138 0013 8000"})
    structlog.get_logger().info("refused", body={"narrative": "王小明", "tel": "13800138000"})
    assert len(lines.entries) == 5
    assert not any(personal in lines.getvalue() for personal in PERSONAL)


class Form(BaseModel):
    narrative: str = Field(max_length=3)


def raise_all() -> None:
    try:
        Form(narrative="王小明 13800138000")
    except ValueError as refused:
        try:
            raise KeyError("王小明") from refused  # noqa: TRY301
        except KeyError:
            raise ApplicationError("to ann.lee@example.org", type="smtp_550")  # noqa: B904 - the context is wanted


def test_an_exception_keeps_type_code_place_and_causes_but_not_what_it_quotes(lines: Lines) -> None:
    try:
        raise_all()
    except ApplicationError:
        logging.getLogger("library").exception("failed")
    text = lines.last["exception"]
    assert "pydantic_core._pydantic_core.ValidationError: narrative string_too_long" in text
    assert "KeyError: [message withheld]" in text
    assert "temporalio.exceptions.ApplicationError (smtp_550): [message withheld]" in text
    assert text.index("string_too_long") < text.index("KeyError") < text.index("smtp_550")
    assert "in raise_all" in text
    assert not any(personal in lines.getvalue() for personal in PERSONAL)


def test_lines_of_source_are_shown_for_our_own_frames_only() -> None:
    with pytest.raises(ValueError, match="is not base64") as ours:
        MasterKeys.parse("hunter22!")
    shown = describe_exception(ours.value)
    assert "storage/keys.py:" in shown
    assert "_parse_entry(number, entry)" in shown
    assert "MasterKeys.parse(" not in shown  # this file is a test, not ours
    assert "hunter22" not in shown


def test_our_own_messages_are_shown() -> None:
    assert describe_exception(Unknown("subject cus_1 is unknown")) == "storage.vault.Unknown: subject cus_1 is unknown"


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (ConnectionRefusedError(111, "Connect call failed"), "ConnectionRefusedError: Connect call failed"),
        (FileNotFoundError(2, "No such file", "/tmp/王小明.pdf"), "FileNotFoundError: No such file"),
        (RuntimeError("call 13800138000"), "RuntimeError: call [number]"),
        (ValueError("invalid literal: '王小明'"), "ValueError: [message withheld]"),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "王小明"), "UnicodeDecodeError: [message withheld]"),
        (asyncpg.UndefinedTableError('relation "x" does not exist'),
         'asyncpg.exceptions.UndefinedTableError (42P01): relation "x" does not exist'),
        (asyncpg.InvalidTextRepresentationError('invalid input: "王小明"'),
         "asyncpg.exceptions.InvalidTextRepresentationError (22P02): [message withheld]"),
    ],
)  # fmt: skip
def test_only_messages_that_speak_of_code_or_system_are_shown(error: Exception, shown: str) -> None:
    assert describe_exception(error) == shown


def test_the_members_of_a_group_are_described() -> None:
    group = ExceptionGroup("chores", [RuntimeError("one"), KeyError("王小明")])
    assert describe_exception(group).splitlines()[1:] == ["  | RuntimeError: one", "  | KeyError: [message withheld]"]


def test_an_endless_recursion_and_a_chain_that_bites_its_tail_are_bounded() -> None:
    def recurse() -> None:
        recurse()

    with pytest.raises(RecursionError) as deep:
        recurse()
    assert len(describe_exception(deep.value).splitlines()) < 40
    first, second = RuntimeError("a"), RuntimeError("b")
    first.__cause__, second.__cause__ = second, first
    assert describe_exception(first).count("led to") < 10


def test_an_entry_that_cannot_be_formatted_is_named_and_not_shown(
    lines: Lines, capsys: pytest.CaptureFixture[str]
) -> None:
    (ours,) = (h for h in logging.getLogger().handlers if getattr(h, "stream", None) is lines)
    ours.handle(logging.makeLogRecord({"name": "library", "msg": "%d letters", "args": ("王小明",), "lineno": 7}))
    assert lines.getvalue() == "a log entry of library, line 7 was lost: TypeError\n"
    assert capsys.readouterr().err == ""


async def test_a_task_that_failed_unheard_does_not_quote_its_error(lines: Lines) -> None:
    async def fail() -> None:
        raise ValueError("王小明 (at home)")

    task = asyncio.create_task(fail())
    await asyncio.sleep(0)
    asyncio.get_running_loop().call_exception_handler(
        {"message": "Task exception was never retrieved", "future": task, "exception": task.exception()}
    )
    assert "exception=ValueError([value])>" in lines.last["event"]
    assert "王小明" not in lines.getvalue()


def test_uncaught_errors_and_warnings_are_logged_like_everything_else(lines: Lines) -> None:
    try:
        raise_all()
    except ApplicationError as error:
        sys.excepthook(type(error), error, error.__traceback__)
    assert lines.last["level"] == "critical"
    thread = threading.Thread(target=raise_all)
    thread.start()
    thread.join()
    assert "smtp_550" in lines.last["exception"]
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("mail ann.lee@example.org", stacklevel=1)
    assert lines.last["logger"] == "py.warnings"
    assert not any(personal in lines.getvalue() for personal in PERSONAL)


def test_the_web_server_logs_through_our_handler(lines: Lines) -> None:
    logging.getLogger("uvicorn.access").info('%s - "%s %s"', "127.0.0.1:1", "GET", "/v1/complaints?q=ann.lee%40x.org")
    assert lines.last["event"] == '127.0.0.1:1 - "GET [email]"'


def test_below_the_level_nothing_is_written(lines: Lines) -> None:
    stream = Lines()
    configure(settings(log_level="WARNING"), stream)
    logging.getLogger("starter").info("quiet")
    structlog.get_logger("starter").info("quiet")
    assert stream.getvalue() == ""


def test_the_console_format_is_redacted_too(lines: Lines) -> None:
    stream = Lines()
    configure(settings(log_format="console"), stream)
    try:
        raise_all()
    except ApplicationError:
        logging.getLogger("library").exception("mail to ann.lee@example.org failed")
    assert "mail to [email] failed" in stream.getvalue()
    assert "smtp_550" in stream.getvalue()
    assert not any(personal in stream.getvalue() for personal in PERSONAL)


def test_metrics_are_shown_in_the_format_of_prometheus() -> None:
    telemetry.count_request("/v1/only-here", "POST", 201, 0.02)  # counters are the process's: other tests count too
    telemetry.count_command("only_here", "done")
    telemetry.count_step("only_here", "smtp_550")
    telemetry.show_parked_steps({"send_letter": 3})
    telemetry.show_parked_steps({"correct_identity": 1})
    telemetry.show_outbox_depth(7)
    telemetry.show_oldest_unstarted_intake(12.5)
    shown = telemetry.exposition().decode().splitlines()
    assert 'amends_http_requests_total{method="POST",route="/v1/only-here",status="201"} 1.0' in shown
    assert 'amends_http_request_seconds_bucket{le="0.025",route="/v1/only-here"} 1.0' in shown
    assert 'amends_commands_total{command="only_here",outcome="done"} 1.0' in shown
    assert 'amends_steps_total{outcome="smtp_550",step="only_here"} 1.0' in shown
    assert 'amends_steps_parked{step="correct_identity"} 1.0' in shown
    assert not any(line.startswith('amends_steps_parked{step="send_letter"}') for line in shown)
    assert "amends_outbox_depth 7.0" in shown
    assert "amends_oldest_unstarted_intake_seconds 12.5" in shown
