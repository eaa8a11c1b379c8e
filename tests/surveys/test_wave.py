"""A wave from the frame to the signed-off report, on real PostgreSQL, Temporal and SMTP."""

from domain.surveys.waves.wave import WaveStatus
from tests.house import House
from tests.mail_server import MailServer
from tests.surveys.field import (
    answer,
    by_mail,
    command,
    counts,
    facts,
    fill_frame,
    planned,
    tokens,
    until_fact,
    until_status,
)


async def test_a_wave_goes_from_the_frame_to_its_signed_off_report(house: House, mail_server: MailServer) -> None:
    await fill_frame(house, 60)
    wave = await planned(house, by_mail())
    assert wave.sample is not None
    assert (wave.sample.units, wave.sample.taken, wave.sample.strata) == (60, 20, 2)
    await command(house, wave.reference, "launch", by="analyst")
    await until_fact(house, wave.reference, "wave.invited")
    invited = tokens(mail_server)
    assert len(mail_server.deliveries) == len(invited) == 20
    assert await counts(house, wave.reference) == {"NC": 20}
    for place, token in enumerate(list(invited.values())[:12]):
        await answer(house, token, code=5 if place % 2 else 3)
    assert await counts(house, wave.reference) == {"I": 12, "NC": 8}
    await command(house, wave.reference, "close", reason="enough")
    reported = await until_status(house, wave.reference, WaveStatus.REPORTED)
    assert reported.result is not None
    assert reported.result.respondents == 12
    assert reported.result.response_rate == 12 / 20
    assert reported.result.index is not None
    assert 60 < reported.result.index < 100
    signed = await command(house, wave.reference, "sign_off")
    assert (signed.status, signed.signed_off_by) == (WaveStatus.SIGNED_OFF, house.people["supervisor"].id)
    assert await facts(house, wave.reference) == [
        "wave.planned",
        "wave.sampled",
        "wave.launched",
        "wave.invited",
        "wave.field_closed",
        "wave.computed",
        "wave.reported",
        "wave.signed_off",
    ]
    assert await house.services.surveys.wave_records.broken_chains() == []
