"""`amends calendar`, and `amends policy check`, against a served API on real PostgreSQL.

China's days of February 2026 are those of the notice of the State Council of 4 November 2025.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from structlog.testing import capture_logs
from temporalio.client import Client
from typer.testing import CliRunner, Result

from starter.api.app import application
from starter.cli.main import app
from starter.cli.output import moment
from starter.services import Services
from storage.keys import MasterKeys
from tests.house import House, open_house
from tests.storage.sample_cases import opened

OFFICE = """
title = "Office"
zone = "Europe/London"
known_from = 2026-01-01
horizon = 2030-12-31
closed = [{ day = 2026-05-01, name = { zh = "[/盘点]", en = "[/stocktaking]" } }]

[week]
monday = [{ opens = 09:00:00, closes = "12:30" }, { opens = "13:30", closes = "17:00" }]
"""


@dataclass(frozen=True, slots=True)
class Terminal:
    """A command line that has the address of an installation and an administrator's token."""

    house: House
    url: str
    token: str

    async def run(self, *words: object, code: int = 0) -> Result:
        """What a command printed; it must end with this code."""
        environment = {"AMENDS_URL": self.url, "AMENDS_TOKEN": self.token, "COLUMNS": "150"}
        runner = CliRunner()
        result = await asyncio.to_thread(runner.invoke, app, [str(word) for word in words], env=environment)
        assert result.exit_code == code, result.output
        return result

    async def tell(self, *words: object) -> Any:
        """What a command says to a program."""
        return json.loads((await self.run(*words, "--json")).stdout)


@pytest.fixture
async def terminal(database_url: str, master_keys: MasterKeys) -> AsyncIterator[Terminal]:
    nowhere = await Client.connect("127.0.0.1:1", lazy=True)
    with capture_logs():  # of the server: it would write between the lines of the command that it serves
        async with open_house(database_url, nowhere, master_keys) as house, served(house.services) as url:
            token = await house.parts.people.issue_token(house.people["admin"].id, datetime.now(UTC))
            yield Terminal(house, url, token)


@asynccontextmanager
async def served(services: Services) -> AsyncIterator[str]:
    """The API at a socket; its address."""

    @asynccontextmanager
    async def opened_services() -> AsyncIterator[Services]:
        yield services

    server = uvicorn.Server(uvicorn.Config(application(opened_services), port=0, log_config=None, lifespan="on"))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    (listening,) = server.servers[0].sockets
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    await serving


def lines(result: Result) -> list[str]:
    """What was printed, a line each, blanks drawn together."""
    return [re.sub(r"\s+", " ", line).strip() for line in result.stdout.splitlines()]


async def test_a_month_is_shown_with_its_closed_and_make_up_days_by_name(terminal: Terminal) -> None:
    shown = lines(await terminal.run("calendar", "show", "cn", "--month", "2026-02"))
    month = shown.index("February 2026")
    assert shown[month + 1 :] == [
        "Mon Tue Wed Thu Fri Sat Sun",
        "1·",
        "2 3 4 5 6 7· 8·",
        "9 10 11 12 13 14+ 15·",
        "16× 17× 18× 19× 20× 21· 22·",
        "23× 24 25 26 27 28+",
        "",
        "× closed + make-up day · no opening hours",
        "",
        "day what hours name",
        "2026-02-14 Sat make-up day 09:00–12:00 13:30–18:00 make-up working day",
        "2026-02-16 Mon closed Chinese New Year's Eve",
        "2026-02-17 – 2026-02-19 Tue–Thu closed Chinese New Year (Spring Festival)",
        "2026-02-20 Fri closed day off in exchange",
        "2026-02-23 Mon closed day off in exchange",
        "2026-02-28 Sat make-up day 09:00–12:00 13:30–18:00 make-up working day",
    ]


async def test_a_month_speaks_chinese_on_demand(terminal: Terminal) -> None:
    shown = lines(await terminal.run("calendar", "show", "cn", "--month", "2026-02", "--lang", "zh"))
    assert "2026年2月" in shown
    assert "一 二 三 四 五 六 日" in shown
    assert "2026-02-17 – 2026-02-19 二–四 放假 春节" in shown
    assert "2026-02-28 六 调休上班 09:00–12:00 13:30–18:00 调休上班" in shown


@pytest.mark.parametrize(("month", "is_provisional"), [("2014-12", True), ("2015-01", False), ("2031-01", True)])
async def test_a_month_outside_the_days_that_are_known_says_so(
    terminal: Terminal, month: str, is_provisional: bool
) -> None:
    shown = lines(await terminal.run("calendar", "show", "england", "--month", month))
    said = "Holidays and make-up days are known for 2015-01-01 to 2030-12-31 only; other days are provisional."
    assert (shown[-1] == said) is is_provisional


async def test_a_month_tells_programs_every_day(terminal: Terminal) -> None:
    days = await terminal.tell("calendar", "show", "cn", "--month", "2026-02")
    assert [day["day"] for day in days] == [f"2026-02-{day:02d}" for day in range(1, 29)]
    assert [day["day"][-2:] for day in days if day["kind"] == "closed"] == ["16", "17", "18", "19", "20", "23"]
    assert days[13] == {
        "day": "2026-02-14",
        "kind": "open",
        "windows": [{"opens": "09:00", "closes": "12:00"}, {"opens": "13:30", "closes": "18:00"}],
        "name": {"zh": "调休上班", "en": "make-up working day"},
    }


@pytest.mark.parametrize("month", ["2026-13", "2026-2", "0000-01", "February"])
async def test_a_month_that_is_none_is_refused(terminal: Terminal, month: str) -> None:
    refused = await terminal.run("calendar", "show", "cn", "--month", month, code=2)
    assert "expected a month such as 2026-02" in refused.stderr


async def test_calendars_are_listed_and_shown_with_their_horizon(terminal: Terminal, tmp_path: Path) -> None:
    soon = (datetime.now(UTC) + timedelta(days=30)).date()
    file = tmp_path / "office.toml"
    file.write_text(OFFICE.replace("2030-12-31", soon.isoformat()), "utf-8")
    await terminal.run("calendar", "set", "office", file, "--reason", "as agreed", "--new")
    listed = lines(await terminal.run("calendar", "list"))
    assert f"office@1 Office Europe/London {soon} near" in listed
    assert "england@1 England: Monday to Friday, bank holidays off Europe/London 2030-12-31" in listed
    shown = "\n".join(lines(await terminal.run("calendar", "show", "office")))
    assert f"known 2026-01-01 – {soon} near: set a version that knows more days" in shown
    assert "Mon 09:00–12:30 13:30–17:00\nTue no opening hours" in shown


async def test_a_calendar_is_made_from_toml_changed_as_json_and_compared(terminal: Terminal, tmp_path: Path) -> None:
    toml, exported = tmp_path / "office.toml", tmp_path / "office.json"
    toml.write_text(OFFICE, "utf-8")
    made = await terminal.run("calendar", "set", "office", toml, "--reason", "as agreed", "--new")
    assert lines(made) == [
        "office@1 is stored; clocks that start from now on count in it.",
        "No running clock would be due at another time.",
    ]
    written = await terminal.tell("calendar", "show", "office")
    written["document"]["closed"] = []
    exported.write_text(json.dumps(written), "utf-8")
    again = ("calendar", "set", "office", exported, "--reason", "no count")
    for words, said in (
        (["--dry-run"], "office@2 would be stored."),
        ([], "office@2 is stored; clocks that start from now on count in it."),
        ([], "office@2 says so already; nothing was stored."),
    ):
        assert lines(await terminal.run(*again, *words))[0] == said
    compared = lines(await terminal.run("calendar", "diff", "office", 1, 2))
    assert compared == ["No hours differ."]  # 1 May 2026 is a Friday, on which this office is closed anyway
    named = lines(await terminal.run("calendar", "show", "office", "--version", 1, "--month", "2026-05"))
    assert named[-1] == "2026-05-01 Fri closed [/stocktaking]"


async def test_what_changed_is_shown_day_by_day(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "office.toml"
    file.write_text(OFFICE, "utf-8")
    await terminal.run("calendar", "set", "office", file, "--reason", "as agreed", "--new")
    file.write_text(OFFICE.replace("2026-05-01", "2026-05-04").replace("Office", "New office"), "utf-8")
    await terminal.run("calendar", "set", "office", file, "--reason", "another day")
    assert lines(await terminal.run("calendar", "diff", "office", 1, 2, "--lang", "zh")) == [
        "what version 1 version 2",
        "title Office New office",
        "2026-05-04 09:00–12:30 13:30–17:00 × [/盘点]",
    ]
    told = await terminal.tell("calendar", "diff", "office", 1, 2)
    assert [day["day"] for day in told["days"]] == ["2026-05-04"]


async def test_a_file_that_was_made_from_an_older_version_replaces_nothing(terminal: Terminal, tmp_path: Path) -> None:
    exported = tmp_path / "us.json"
    old = await terminal.tell("calendar", "show", "us")
    exported.write_text(json.dumps(old | {"document": old["document"] | {"title": "Mine"}}), "utf-8")
    await terminal.run("calendar", "set", "us", exported, "--reason", "mine")
    exported.write_text(json.dumps(old | {"document": old["document"] | {"title": "Yours"}}), "utf-8")
    refused = await terminal.run("calendar", "set", "us", exported, "--reason", "yours", code=3)
    assert refused.stderr.startswith("changed_meanwhile: ")
    assert (await terminal.tell("calendar", "show", "us"))["title"] == "Mine"


async def test_the_clocks_that_would_move_are_listed_before_anything_is_stored(
    terminal: Terminal, tmp_path: Path
) -> None:
    # received on Monday, 2 March 2026, at 17:30 in Shanghai: 15 days end with 17 March, in Tokyo an hour before that
    await opened(terminal.house.parts.pool, "C-2026-000017")
    file = tmp_path / "every-day.json"
    read = await terminal.tell("calendar", "show", "every-day")
    file.write_text(json.dumps(read["document"] | {"zone": "Asia/Tokyo"}), "utf-8")
    shown = lines(await terminal.run("calendar", "set", "every-day", file, "--reason", "moved house", "--dry-run"))
    assert shown[:2] == [
        "every-day@2 would be stored.",
        "Computed again, 2 running clocks would move; none was moved.",
    ]
    at = [moment(f"2026-03-{day_and_hour}:00:00Z") for day_and_hour in ("03T16", "03T15", "17T16", "17T15")]
    assert shown[3:] == [
        "case clock computed in due would be due",
        f"C-2026-000017 acknowledge 1 every-day@1 {at[0]} {at[1]} too late: stays",
        f"C-2026-000017 final_response 1 every-day@1 {at[2]} {at[3]} too late: stays",
    ]
    assert (await terminal.tell("calendar", "show", "every-day"))["version"] == 1


async def test_a_wrong_document_is_refused_with_every_place(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text(OFFICE.replace("Europe/London", "Mars/Olympus").replace("2030-12-31", "2025-12-31"), "utf-8")
    refused = await terminal.run("calendar", "set", "wrong", file, "--reason", "as agreed", "--new", code=2)
    assert [line.split(":")[0].strip() for line in refused.stderr.splitlines()] == [
        "invalid",
        "/document/zone",
        "/document/horizon",
    ]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("broken.toml", b"title = ", "broken.toml: Invalid value (at end of document)"),
        ("broken.json", b"{", "broken.json: Expecting property name"),
        ("latin.json", b'{"title": "\xe9"}', "latin.json: 'utf-8' codec can't decode"),
        ("list.json", b"[]", "list.json: expected fields with their values"),
    ],
)
async def test_a_file_that_cannot_be_read_is_refused(
    terminal: Terminal, tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    for command in (["calendar", "set", "us", file, "--reason", "none"], ["policy", "check", file]):
        assert said in (await terminal.run(*command, code=2)).stderr


async def test_a_calendar_that_is_not_there_is_named(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "office.toml"
    file.write_text(OFFICE, "utf-8")
    for command in (["show", "mars"], ["set", "mars", file, "--reason", "mistyped"]):
        assert "there is no calendar mars" in (await terminal.run("calendar", *command, code=1)).stderr


async def test_a_policy_file_may_count_in_a_calendar_of_the_installation(terminal: Terminal, tmp_path: Path) -> None:
    office, policy = tmp_path / "office.toml", tmp_path / "policy.json"
    office.write_text(OFFICE, "utf-8")
    plain = await terminal.tell("policy", "show", "plain")
    policy.write_text(json.dumps(plain | {"calendar": "office", "verified_on": None}), "utf-8")
    refused = await terminal.run("policy", "check", policy, code=1)
    assert "there is no calendar office; there are au, cn, england, every-day, us" in " ".join(lines(refused))
    await terminal.run("calendar", "set", "office", office, "--reason", "as agreed", "--new")
    assert lines(await terminal.run("policy", "check", policy)) == ["plain@1 is in order."]
