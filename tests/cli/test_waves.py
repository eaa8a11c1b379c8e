"""`amends survey` against a running API: from the file to the signed-off report, and what is refused."""

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from temporalio.service import RPCError
from typer.testing import Result

from contracts.names import WAVE_TURN
from contracts.waves import WaveTurned, WaveTurnOrder
from tests.house import House
from tests.mail_server import MailServer
from tests.surveys.field import answer, by_mail, tokens

Amends = Callable[..., Awaitable[Result]]
MEASURES = json.dumps([{"title": "Fitters call ahead", "target": {"category": "repair_late"}}])


async def shown(amends: Amends, *words: str) -> Any:
    return json.loads((await amends(*words, "--json", by="analyst")).stdout)


async def until(amends: Amends, is_so: Callable[[Any], bool], *words: str) -> Any:
    async with asyncio.timeout(60):
        while not is_so(found := await shown(amends, *words)):
            await asyncio.sleep(0.1)
    return found


def files(folder: Path) -> tuple[str, str]:
    """A survey of six customers by mail, and the customers."""
    survey, customers = folder / "survey.json", folder / "customers.csv"
    definition = by_mail(sampling={"method": "census"})
    survey.write_text(json.dumps(definition.model_dump(mode="json", exclude_none=True)), "utf-8")
    rows = [f"K-{number},Customer {number},customer{number}@example.com,en,east" for number in range(6)]
    customers.write_text("\n".join(["id,name,email,language,district", *rows]) + "\n", "utf-8")
    return str(survey), str(customers)


async def test_a_survey_goes_from_its_file_to_an_improvement(
    amends: Amends, house: House, post: MailServer, tmp_path: Path
) -> None:
    survey, customers = files(tmp_path)
    made = await amends("survey", "create", survey, "--customers", customers, by="analyst")
    assert "Customers: 6 added, 0 renewed." in made.output
    assert "6 of 6 customers, 0 in reserve" in made.output
    wave = made.output.split("Next: amends survey launch ")[1].strip()
    assert wave in (await amends("survey", "show", by="analyst")).output
    assert f"{wave}  fielding until" in (await amends("survey", "launch", wave, by="analyst")).output
    await until(amends, lambda found: found["results"]["dispositions"]["NC"] == 6, "survey", "show", wave)
    for token in tokens(post).values():
        await answer(house, token, code=4)
    assert "Index so far: 80.0" in (await amends("survey", "show", wave, by="analyst")).output

    refused = await amends("survey", "do", "sign_off", wave, code=3)
    assert "sign_off needs a wave that is reported" in refused.output
    assert "/reason" in (await amends("survey", "do", "close", wave, code=2)).output
    await amends("survey", "do", "close", wave, "reason=enough answers")
    await until(amends, lambda found: found["wave"]["status"] == "reported", "survey", "show", wave)
    await amends("survey", "do", "sign_off", wave, f"measures={MEASURES}", by="analyst", code=3)
    signed = await amends("survey", "do", "sign_off", wave, f"measures={MEASURES}")
    assert f"{wave}  signed_off" in signed.output
    ended = await until(amends, lambda found: bool(found["wave"]["measures"][0]["improvement"]), "survey", "show", wave)
    improvement = ended["wave"]["measures"][0]["improvement"]
    assert improvement in (await amends("survey", "show", wave, by="analyst")).output
    taken_up = await amends("improvement", "show", improvement)
    assert "Fitters call ahead" in taken_up.output
    assert wave in taken_up.output


async def test_reports_and_answers_are_written_to_files(amends: Amends, tmp_path: Path) -> None:
    """Of the wave that the test before has signed off."""
    [wave] = (await shown(amends, "survey", "show"))["items"]
    for name, start in {"report.pdf": b"%PDF", "report.json": b"{", "answers.csv": b"", "answers.sav": b"$FL2"}.items():
        out = tmp_path / name
        await amends("survey", "report", wave["reference"], "--out", str(out), "--lang", "en", by="analyst")
        assert out.read_bytes().startswith(start), name
    assert (
        ".pdf, .xlsx"
        in (await amends("survey", "report", wave["reference"], "--out", str(tmp_path / "report.doc"), code=2)).output
    )


async def test_a_wave_that_does_not_exist_is_refused_by_its_number(amends: Amends) -> None:
    assert "W-2020-000001" not in (await amends("survey", "show", by="analyst")).output
    assert "there is no wave of this number" in (await amends("survey", "show", "W-2020-000001", code=1)).output
    assert "FIELD=VALUE" in (await amends("survey", "do", "--help")).output


async def turn(house: House, at: datetime) -> str | None:
    """A turn of the survey's schedule that means this moment."""
    turned: WaveTurned = await house.parts.client.execute_workflow(
        WAVE_TURN,
        WaveTurnOrder(survey="gas_utility", at=at),
        id=f"turn-{secrets.token_hex(8)}",
        task_queue=house.parts.settings.task_queue,
        result_type=WaveTurned,
    )
    return turned.reference


async def test_a_survey_has_waves_by_itself_until_somebody_ends_that(amends: Amends, house: House) -> None:
    """Of the survey that the first test has stored; its customers are in quarantine, so nobody is written to."""
    repeat = ("survey", "repeat", "gas_utility")
    assert "this survey has no waves by itself" in (await amends(*repeat, by="analyst", code=1)).output
    await amends(*repeat, "--every", "quarter", by="operator", code=3)
    await amends(*repeat, "--every", "week", "--day", "8", by="analyst", code=2)
    set_so = await shown(amends, *repeat, "--every", "quarter", "--day", "5", "--month", "2", "--launch")
    zone = house.parts.settings.time_zone
    assert (set_so["cron"], set_so["time_zone"]) == ("30 7 5 2,5,8,11 *", zone)
    next_at = datetime.fromisoformat(set_so["next_at"]).astimezone(ZoneInfo(zone))
    assert (next_at.day, next_at.hour, next_at.minute, next_at.month % 3) == (5, 7, 30, 2)
    assert "goes into the field by itself" in (await amends(*repeat, by="analyst")).output
    at = datetime.now(UTC)
    first, again = await turn(house, at), await turn(house, at)
    assert first == again
    assert first is not None
    await until(amends, lambda found: found["wave"]["status"] == "fielding", "survey", "show", first)
    other = await turn(house, at + timedelta(days=90))
    assert other not in {first, None}
    assert "no more waves" in (await amends(*repeat, "--never", by="analyst")).output
    assert await turn(house, at + timedelta(days=180)) is None
    assert "this survey has no waves by itself" in (await amends(*repeat, by="analyst", code=1)).output
    with pytest.raises(RPCError):
        await house.parts.client.get_schedule_handle("wave_turn/gas_utility").describe()
