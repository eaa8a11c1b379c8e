"""Many at once: respondents on one quota cell, waves over the same customers, links that are no invitation."""

import asyncio
import random
import string
from collections import Counter
from collections.abc import Iterator

import pytest

from domain.surveys.waves.wave import WaveStatus
from runtime.links import LinkRefused
from starter.respondents import Visit
from storage.responses import Standing
from tests.house import House
from tests.mail_server import MailServer
from tests.surveys.field import (
    answer,
    by_mail,
    command,
    counts,
    fill_frame,
    planned,
    quick_frame,
    record,
    tokens,
    until_fact,
    until_status,
)

CENSUS = {"method": "census"}


@pytest.fixture
def step_attempts() -> int:
    """Ten waves at once share the connections of one pool, and wait for each other on a slow machine."""
    return 50


async def test_of_two_hundred_at_once_no_more_come_in_than_the_quota_allows(
    house: House, mail_server: MailServer
) -> None:
    await quick_frame(house, 200)
    quotas = [{"attribute": "customer_type", "category": "household", "most": 60}]
    wave = await planned(house, by_mail(sampling=CENSUS, fieldwork__quotas=quotas))
    await command(house, wave.reference, "launch")
    await until_fact(house, wave.reference, "wave.invited")
    desk = house.services.surveys.respondents

    async def come(token: str) -> tuple[str, Visit | None]:
        return token, await desk.begin(await desk.contact_of(token), "en")

    came = await asyncio.gather(*(come(token) for token in tokens(mail_server).values()))
    standings = Counter(visit.standing for _, visit in came if visit is not None)
    assert standings == {Standing.OPEN: 60, Standing.QUOTA_FULL: 140}
    inside = [token for token, visit in came if visit is not None and visit.standing is Standing.OPEN]
    outside = [token for token, visit in came if visit is not None and visit.standing is Standing.QUOTA_FULL]
    await asyncio.gather(*(answer(house, token) for token in inside[:10]))
    assert {(await answer(house, token)).standing for token in outside[:5]} == {Standing.QUOTA_FULL}
    assert (await counts(house, wave.reference))["I"] == 10
    [quota] = (await house.services.surveys.wave_numbers.so_far(await record(house, wave.reference))).quotas
    assert (quota.most, quota.complete, quota.held) == (60, 10, 50)
    assert await house.parts.pool.fetchval("SELECT count(*) FROM quota_hold WHERE wave = $1", wave.reference) == 60


async def waves_at_once(house: House, mail_server: MailServer, customers: int, waves: int) -> None:
    planned_waves = [await planned(house, by_mail(sampling=CENSUS)) for _ in range(waves)]
    await asyncio.gather(*(command(house, wave.reference, "launch") for wave in planned_waves))
    for wave in planned_waves:
        await until_fact(house, wave.reference, "wave.invited", seconds=60 + customers * waves / 10)
    assert len({each.recipients[0] for each in mail_server.deliveries}) == len(mail_server.deliveries) == customers
    for wave in planned_waves:
        assert sum((await counts(house, wave.reference)).values()) == customers
    asked_twice = await house.parts.pool.fetchval(
        """SELECT count(*) FROM (SELECT FROM asking WHERE state <> 'released'
                                  GROUP BY customer HAVING count(*) > 1) twice"""
    )
    assert asked_twice == 0


async def test_of_ten_waves_at_once_nobody_gets_two_invitations(house: House, mail_server: MailServer) -> None:
    await quick_frame(house, 60)
    await waves_at_once(house, mail_server, 60, 10)


@pytest.mark.long
async def test_of_ten_waves_at_once_over_ten_thousand_customers_nobody_gets_two_invitations(
    house: House, mail_server: MailServer
) -> None:
    await quick_frame(house, 10_000)
    await waves_at_once(house, mail_server, 10_000, 10)


def no_links(good: list[str], count: int) -> Iterator[str]:
    """Tokens that nobody gave out: a sign changed, cut off, put together of two, made up."""
    chance = random.Random(6)
    letters = string.ascii_letters + string.digits + "-_.~%"
    while count:
        one, other = chance.choice(good), chance.choice(good)
        place = chance.randrange(len(one))
        sign = chance.choice(letters)
        made = chance.choice(
            (
                one[:place] + sign + one[place + 1 :],
                one[:place],
                one[:place] + other[place:],
                one + sign,
                "".join(chance.choices(letters, k=len(one))),
                one.swapcase(),
                "",
            )
        )
        if made not in good:
            count -= 1
            yield made


async def everything_recorded(house: House, reference: str) -> list[object]:
    """What the field work of a wave has recorded, row by row."""
    return [
        await house.parts.pool.fetch(f"SELECT t::text FROM {table} t WHERE t.wave = $1 ORDER BY 1", reference)
        for table in ("contact", "contact_event", "response", "quota_hold", "asking", "follow_up")
    ]


async def bad_links_leave_no_trace(house: House, mail_server: MailServer, count: int) -> None:
    await quick_frame(house, 60)
    wave = await planned(house, by_mail())
    await command(house, wave.reference, "launch")
    await until_fact(house, wave.reference, "wave.invited")
    good = list(tokens(mail_server).values())
    for token in good[:6]:
        await answer(house, token)
    before = await everything_recorded(house, wave.reference)
    desk = house.services.surveys.respondents
    for token in no_links(good, count):
        with pytest.raises(LinkRefused):
            await answer(house, token)
    repeated = [(await answer(house, good[place % 6], code=1)).standing for place in range(count // 10)]
    assert {*repeated} == {Standing.COMPLETED}
    assert await everything_recorded(house, wave.reference) == before
    await command(house, wave.reference, "close", reason="enough")
    await until_status(house, wave.reference, WaveStatus.REPORTED)
    for place in range(count // 10):
        late = await answer(house, good[6 + place % 14])
        assert late.standing is Standing.OVER
        page = late.definition.questionnaire.pages[0].id
        saved = await desk.save(await desk.contact_of(good[6 + place % 14]), page, {})
        assert saved is not None
        assert saved.visit.standing is Standing.OVER
    assert await everything_recorded(house, wave.reference) == await after_weighing(house, wave.reference, before)


async def after_weighing(house: House, reference: str, before: list[object]) -> list[object]:
    """What was recorded before, the responses as they were weighted since."""
    weighted = await house.parts.pool.fetch("SELECT t::text FROM response t WHERE wave = $1 ORDER BY 1", reference)
    assert len(weighted) == 6
    return [*before[:2], weighted, *before[3:]]


async def test_forged_repeated_and_late_links_leave_no_trace(house: House, mail_server: MailServer) -> None:
    await bad_links_leave_no_trace(house, mail_server, 300)


@pytest.mark.long
async def test_ten_thousand_forged_repeated_and_late_links_leave_no_trace(
    house: House, mail_server: MailServer
) -> None:
    await bad_links_leave_no_trace(house, mail_server, 10_000)


async def test_a_customer_who_is_put_off_by_one_wave_is_not_lost_to_it(house: House, mail_server: MailServer) -> None:
    """Delayed rather than skipped: a quarantine that ends before the field work does."""
    await fill_frame(house, 10)
    first = await planned(house, by_mail(id="first", sampling=CENSUS, fieldwork__quarantine="P1D"))
    second = await planned(house, by_mail(id="second", sampling=CENSUS, fieldwork__quarantine="P2D"))
    await command(house, first.reference, "launch")
    await until_fact(house, first.reference, "wave.invited")
    launched = await command(house, second.reference, "launch")
    await until_fact(house, second.reference, "wave.invited")
    assert len(mail_server.deliveries) == 10
    assert await counts(house, second.reference) == {"UO": 10}
    recorded = await house.services.surveys.wave_records.find(second.reference)
    assert recorded is not None
    assert recorded.invite_again_at is not None
    assert launched.launched_at is not None
    assert 1.9 < (recorded.invite_again_at - launched.launched_at).total_seconds() / 86_400 < 2.1
