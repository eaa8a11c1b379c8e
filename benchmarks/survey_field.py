"""The field work of a wave: a history that stays small, flat memory, invitations a second, and the results at the end.

Run: python -m benchmarks.survey_field [--contacts 100000] [--mails 2000]

Three parts on real PostgreSQL and Temporal. A wave of all contacts goes to the telephone list, page by page as every
wave does, but without messages: its history is counted and the memory of the worker's process followed. Invitations by
mail of a second wave are timed beside the same letters handed to the same SMTP sink without anything around them. Then
every contact of the first wave has answered, and the numbers of the wave are asked for, beside reading the same answers
and taking their weighted mean with NumPy.
"""

import argparse
import asyncio
import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import numpy as np

from activities.ports import Letter
from benchmarks.servers import Servers, conditions, servers
from contracts.names import wave_workflow_id
from domain.surveys.definition import SurveyDefinition
from domain.surveys.waves.letters import SurveyLetter, write_survey_letter
from domain.surveys.waves.wave import Wave
from gateways.mail import MailPost, MailServer
from runtime.assembly import case_worker
from tests.house import House, open_house
from tests.surveys.field import by_mail, command, planned, quick_frame, record, until, until_fact

MOST_EVENTS, MOST_GROWTH_MEGABYTES, MOST_RESULT_SECONDS = 1_000, 50.0, 5.0
AT_ONCE = 20
_SOME_DAY = datetime(2027, 1, 31, tzinfo=UTC)
PATIENCE_SECONDS = 3_600.0

_FRAME = """
WITH made AS (
    INSERT INTO vault.subject (subject_id, created_at, key_id, wrapped_key)
    SELECT 'cus_' || md5('field' || n), now(), 'none', decode(repeat('00', 60), 'hex')
      FROM generate_series(1, $1::integer) n
    RETURNING subject_id)
INSERT INTO customer (subject, account, random_number, district, customer_type, language, has_email, has_phone,
                      added_at, changed_at)
SELECT subject_id, sha256(subject_id::bytea), random(), (ARRAY['east', 'north', 'west'])[1 + floor(random() * 3)::int],
       'household', 'en', false, true, now(), now() FROM made"""

_ANSWERS = """
INSERT INTO response (wave, number, language, answers, core_share, started_at, saved_at, completed_at)
SELECT $1, number, 'en', (SELECT jsonb_object_agg(q, 1 + floor(random() * 5 + number * 0)::int)
                            FROM unnest($2::text[]) q), 1, now(), now(), now()
  FROM contact WHERE wave = $1 AND NOT is_reserve"""


def by_telephone() -> SurveyDefinition:
    return by_mail(id="field", sampling={"method": "census"}, fieldwork__channels=["telephone"])


async def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--contacts", type=int, default=100_000)
    arguments.add_argument("--mails", type=int, default=2_000)
    given = arguments.parse_args()
    print(conditions(), flush=True)
    async with servers() as found:
        await _measure(found, given.contacts, given.mails)
    print(conditions())


async def _measure(found: Servers, contacts: int, mails: int) -> None:
    async with (
        open_house(found.database_url, found.client, found.keys, smtp_url=found.mail.url) as house,
        case_worker(house.parts),
    ):
        await _run(house, _FRAME, contacts)
        wave = await _history_and_memory(house, contacts)
        await _results(house, wave)
        await _run(house, "UPDATE customer SET is_active = false")
        await _invitations(house, found, mails)


async def _history_and_memory(house: House, contacts: int) -> Wave:
    wave = await planned(house, by_telephone())
    begun, sizes = time.monotonic(), []
    await command(house, wave.reference, "launch")

    async def all_are_invited() -> bool:
        sizes.append(_megabytes())
        return (await record(house, wave.reference)).steps[-1].state == "done"

    await until(all_are_invited, PATIENCE_SECONDS)
    taken = time.monotonic() - begun
    handle = house.parts.client.get_workflow_handle(wave_workflow_id(wave.reference))
    events = (await handle.describe()).history_length
    early = max(sizes[: max(1, len(sizes) // 10)])
    growth = max(sizes) - early
    print(f"{contacts:,} contacts put on the telephone list in {taken:.0f} s ({contacts / taken:,.0f} a second)")
    print(f"  history   {events:7,} events   limit {MOST_EVENTS:,}: {_met(events < MOST_EVENTS)}")
    print(
        f"  memory    {early:7.0f} MB after a tenth, {growth:+.0f} MB to the end   limit "
        f"{MOST_GROWTH_MEGABYTES:+.0f} MB: {_met(growth <= MOST_GROWTH_MEGABYTES)}",
        flush=True,
    )
    return await record(house, wave.reference)


async def _results(house: House, wave: Wave) -> None:
    definition = await house.parts.surveys.definitions.definition(wave.survey, wave.version)
    asked = [item.id for item in definition.questionnaire.items() if item.question.type == "rating"]
    await _run(house, _ANSWERS, wave.reference, asked)
    await _run(house, "UPDATE contact SET disposition = 'I', completed_at = now() WHERE wave = $1", wave.reference)
    await _run(house, "VACUUM ANALYZE contact, response")
    begun, spent = time.monotonic(), time.process_time()
    numbers = await house.services.surveys.wave_numbers.so_far(wave)
    taken, ours = time.monotonic() - begun, time.process_time() - spent
    begun, spent = time.monotonic(), time.process_time()
    bare = await _bare_mean(house.parts.settings.database_url, wave.reference, asked)
    baseline, theirs = time.monotonic() - begun, time.process_time() - spent
    print(f"results of {numbers.respondents:,} answers to {len(asked)} ratings")
    print(
        f"  index, intervals, rates, counts   {taken:6.2f} s, {ours:5.2f} s of the processor   limit "
        f"{MOST_RESULT_SECONDS:.0f} s: {_met(taken <= MOST_RESULT_SECONDS)}"
    )
    print(
        f"  read them and take the means      {baseline:6.2f} s, {theirs:5.2f} s of the processor   "
        f"({taken / baseline:.1f} ×; means {bare.min():.2f} to {bare.max():.2f})",
        flush=True,
    )


async def _bare_mean(url: str, wave: str, asked: list[str]) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch("SELECT answers::text FROM response WHERE wave = $1", wave)
    finally:
        await connection.close()
    table = np.array([[answers[name] for name in asked] for row in rows if (answers := json.loads(row["answers"]))])
    return table.mean(axis=0)


async def _invitations(house: House, found: Servers, mails: int) -> None:
    await quick_frame(house, mails)
    definition = by_mail(sampling={"method": "census"})
    wave = await planned(house, definition)
    begun = time.monotonic()
    await command(house, wave.reference, "launch")
    await until_fact(house, wave.reference, "wave.invited", seconds=PATIENCE_SECONDS)
    durable = time.monotonic() - begun
    sent = len(found.mail.deliveries)
    begun = time.monotonic()
    await _bare_letters(found.mail.url, definition, sent)
    bare = time.monotonic() - begun
    print(f"{sent:,} invitations by mail, {AT_ONCE} at once")
    print(f"  durable, each once under its key   {sent / durable:7.1f} a second")
    print(f"  the same letters to the bare sink  {sent / bare:7.1f} a second   ({durable / bare:.1f} ×)", flush=True)


async def _bare_letters(url: str, definition: SurveyDefinition, count: int) -> None:
    post, gate = MailPost(MailServer.from_url(url), "care@example.org"), asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> None:
        subject, body = write_survey_letter(
            SurveyLetter.INVITATION,
            definition,
            "en",
            name=f"Customer {number}",
            link=f"http://127.0.0.1/r/{number:064d}",
            until=_SOME_DAY,
        )
        async with gate:
            await post.send(Letter(f"bare:{number}", f"customer{number}@example.com", subject, body, "en"))

    await asyncio.gather(*(one(number) for number in range(count)))


async def _run(house: House, statement: str, *values: object) -> None:
    """What fills the tables, without the limits of the processes' connections."""
    connection = await asyncpg.connect(house.parts.settings.database_url)
    try:
        await connection.execute(statement, *values, timeout=1_200)
    finally:
        await connection.close()


def _megabytes() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _met(is_so: bool) -> str:
    return "met" if is_so else "MISSED"


if __name__ == "__main__":
    asyncio.run(main())
