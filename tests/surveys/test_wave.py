"""A wave from the frame to the signed-off report, on real PostgreSQL, Temporal and SMTP."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.testing import WorkflowEnvironment

from activities.measure_handover import MeasureHandover
from activities.wave_computing import WaveComputer
from contracts.names import wave_workflow_id
from contracts.waves import WaveOrder
from domain.surveys.definition import SurveyDefinition
from domain.surveys.errors import parse_document
from domain.surveys.waves.wave import WaveStatus, WaveStep, WaveStepKind
from domain.undertakings.improvement import Improvement
from starter.problems import Problem
from storage.responses import Standing
from storage.unstarted import Kind, Unstarted
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
    record,
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


async def test_the_report_of_the_next_wave_tells_the_change_since_the_one_before(
    house: House, mail_server: MailServer
) -> None:
    await fill_frame(house, 30)
    reports = []
    for code in (3, 5):
        begun = len(mail_server.deliveries)
        wave = await planned(house, by_mail(sampling={"method": "census"}, fieldwork__quarantine="PT0S"))
        await command(house, wave.reference, "launch")
        await until_fact(house, wave.reference, "wave.invited")
        links = tokens(mail_server, begun).values()
        for place, token in enumerate(list(links)[:12]):
            await answer(house, token, code=code if place else 4)
        await command(house, wave.reference, "close", reason="enough")
        await until_status(house, wave.reference, WaveStatus.REPORTED)
        kept = await house.services.surveys.wave_results.report(wave.reference)
        assert kept is not None
        reports.append((wave.reference, json.loads(kept)))
    (first, alone), (second, after) = reports
    assert list(alone["provenance"]["inputs"]) == [first]
    assert set(after["provenance"]["inputs"]) == {second, first}
    figures = {
        figure["label"]["en"]: figure["figure"]
        for block in after["sections"][0]["blocks"]
        if block["kind"] == "key_figures"
        for figure in block["figures"]
    }
    points = await house.services.surveys.trends.of("gas_utility", 8)
    assert points[-1].difference is not None
    assert points[-1].movement is not None
    assert figures["Against the wave before"]["value"] == pytest.approx(points[-1].difference.value, abs=0.05)
    assert points[-1].movement.change.score_effect == pytest.approx(points[-1].difference.value, abs=0.05)
    assert points[-1].difference.value > 20


async def test_what_a_sign_off_accepts_becomes_improvements_each_once(house: House, mail_server: MailServer) -> None:
    await fill_frame(house, 30)
    wave = await planned(house, by_mail())
    await command(house, wave.reference, "launch")
    await until_fact(house, wave.reference, "wave.invited")
    for token in list(tokens(mail_server).values())[:6]:
        await answer(house, token)
    await command(house, wave.reference, "close", reason="enough")
    await until_status(house, wave.reference, WaveStatus.REPORTED)
    measures = [
        {"title": "Fitters call ahead", "target": {"category": "repair_late"}},
        {"title": "Two more fitters", "partner": "city_fitters"},
    ]
    await command(house, wave.reference, "sign_off", measures=measures)
    await until_fact(house, wave.reference, "wave.measures_handed_over")
    ended = await record(house, wave.reference)
    assert ended.has_ended
    opened = [await house.parts.undertakings.find(reference) for reference in ended.improvements]
    assert [(await house.services.undertaker.texts(each))["title"] for each in opened if each] == [
        "Fitters call ahead",
        "Two more fitters",
    ]
    one, other = opened
    assert isinstance(one, Improvement)
    assert isinstance(other, Improvement)
    assert {(each.source, each.survey, each.opened_by) for each in (one, other)} == {
        (wave.reference, "gas_utility", house.people["supervisor"].id)
    }
    assert (one.target.category, one.partner, other.partner) == ("repair_late", None, "city_fitters")
    order = WaveOrder(
        reference=wave.reference,
        survey=wave.survey,
        version=1,
        step=ended.steps[-1],
        measures=ended.measures,
        signed_off_by=ended.signed_off_by,
    )
    again = await MeasureHandover(house.parts.undertaking_desk).hand_over_measures(order)
    assert again.improvements == ended.improvements
    entries = await house.services.surveys.wave_records.entries(wave.reference)
    assert "Fitters" not in "".join(entry.model_dump_json() for entry in entries)
    assert set((await house.services.surveys.waves.texts(entry.fact for entry in entries)).values()) == {
        "enough",
        "Fitters call ahead",
        "Two more fitters",
    }


async def test_a_revised_questionnaire_is_for_those_who_were_not_invited_yet(
    house: House, mail_server: MailServer
) -> None:
    await fill_frame(house, 60)
    first = by_mail()
    wave = await planned(house, first)
    await command(house, wave.reference, "launch")
    await until_fact(house, wave.reference, "wave.invited")
    before = tokens(mail_server)
    analyst, surveys = house.people["analyst"], house.services.surveys.survey_records
    text = first.model_dump_json().replace('"pressure"', '"gas_pressure"').replace('"supply_pressure"', '"how_strong"')
    crosswalk = [{"leaf": "gas_pressure", "formerly": "pressure"}]
    revised = json.loads(text) | {"version": 2, "crosswalk": crosswalk}
    other = by_mail(version=3, sampling__size=30)
    for definition in (parse_document(SurveyDefinition, revised), other):
        await surveys.store(definition, analyst.id, datetime.now(UTC))
    with pytest.raises(Problem, match="differs where the wave has begun already: sampling") as refused:
        await command(house, wave.reference, "revise", version=3, reason="more people")
    assert refused.value.code == "not_compatible"
    await command(house, wave.reference, "revise", version=2, reason="misunderstood")
    await command(house, wave.reference, "release_reserve", reason="few answers")
    await until_fact(house, wave.reference, "wave.invited", times=2)
    after = {address: token for address, token in tokens(mail_server).items() if address not in before}
    for token in [*list(before.values())[:8], *after.values()]:
        await answer(house, token)
    rows = await house.parts.pool.fetch(
        """SELECT c.version, bool_and(r.answers ? 'supply_pressure') AS old, bool_and(r.answers ? 'how_strong') AS new
             FROM contact c JOIN response r USING (wave, number) WHERE c.wave = $1 GROUP BY 1 ORDER BY 1""",
        wave.reference,
    )
    assert [tuple(row) for row in rows] == [(1, True, False), (2, False, True)]
    numbers = await house.services.surveys.wave_numbers.so_far(await record(house, wave.reference))
    leaf = next(each for each in numbers.indicators if each.id == "gas_pressure")
    assert leaf.respondents == 8 + len(after)
    await command(house, wave.reference, "close", reason="enough")
    reported = await until_status(house, wave.reference, WaveStatus.REPORTED)
    assert reported.result is not None
    assert (reported.version, reported.result.respondents) == (2, 8 + len(after))


async def test_only_those_reminders_go_out_that_are_owed(
    house: House, mail_server: MailServer, time_skipping: WorkflowEnvironment
) -> None:
    await fill_frame(house, 60)
    reminders = [
        {"kind": "not_opened", "after": "P1D", "channel": "email"},
        {"kind": "partial", "after": "P2D", "channel": "email"},
    ]
    wave = await planned(house, by_mail(fieldwork__reminders=reminders))
    await command(house, wave.reference, "launch")
    await until_fact(house, wave.reference, "wave.invited")
    invited = list(tokens(mail_server).values())
    for token in invited[:5]:
        await answer(house, token)
    await answer(house, invited[5], pages=1)
    handle = house.parts.client.get_workflow_handle(wave_workflow_id(wave.reference))
    await time_skipping.fast_forward(handle, timedelta(days=1, minutes=1))
    await until_fact(house, wave.reference, "wave.reminded")
    assert len(mail_server.deliveries) == 20 + 14
    await time_skipping.fast_forward(handle, timedelta(days=1))
    await until_fact(house, wave.reference, "wave.reminded", times=2)
    assert len(mail_server.deliveries) == 20 + 14 + 1
    assert len({str(each.message["Message-ID"]) for each in mail_server.deliveries}) == 35


async def test_the_field_work_ends_by_itself(
    house: House, mail_server: MailServer, time_skipping: WorkflowEnvironment
) -> None:
    await fill_frame(house, 60)
    wave = await planned(house, by_mail())
    await command(house, wave.reference, "launch")
    await until_fact(house, wave.reference, "wave.invited")
    for token in list(tokens(mail_server).values())[:8]:
        await answer(house, token)
    handle = house.parts.client.get_workflow_handle(wave_workflow_id(wave.reference))
    await time_skipping.fast_forward(handle, timedelta(days=28, minutes=1))
    reported = await until_status(house, wave.reference, WaveStatus.REPORTED)
    assert reported.result is not None
    assert reported.result.respondents == 8


async def test_while_the_mail_server_is_away_the_step_parks_and_a_person_sends_it_on(
    house: House, mail_server: MailServer
) -> None:
    await fill_frame(house, 60)
    wave = await planned(house, by_mail())
    await mail_server.stop()
    await command(house, wave.reference, "launch")
    await until_fact(house, wave.reference, "step.failed")
    assert (await record(house, wave.reference)).parked[0].error == "mail_server_away"
    await command(house, wave.reference, "extend", until="2099-01-01T00:00:00Z", reason="outage")
    await mail_server.start()
    await command(house, wave.reference, "retry_step", by="operator", step="invite.1")
    await until_fact(house, wave.reference, "wave.invited")
    assert len(tokens(mail_server)) == len(mail_server.deliveries) == 20


async def test_an_outage_moves_no_deadline_and_afterwards_nobody_is_written_to(
    house: House, mail_server: MailServer, time_skipping: WorkflowEnvironment
) -> None:
    """The mail server fails half-way: the rest waits, reminders go to those who were reached, the end comes in time."""
    await fill_frame(house, 60)
    reminders = [{"kind": "not_opened", "after": "P1D", "channel": "email"}]
    wave = await planned(house, by_mail(fieldwork__reminders=reminders))
    refused = [f"customer{number}@example.com" for number in range(1, 61) if number % 2]
    for address in refused:
        mail_server.refuse("450 4.2.0 mailbox busy", address)
    launched = await command(house, wave.reference, "launch")
    await until_fact(house, wave.reference, "step.failed")
    reached = {each.recipients[0] for each in mail_server.deliveries}
    assert reached.isdisjoint(refused)
    handle = house.parts.client.get_workflow_handle(wave_workflow_id(wave.reference))
    await time_skipping.fast_forward(handle, timedelta(days=1, minutes=1))
    await until_fact(house, wave.reference, "wave.reminded")
    assert {each.recipients[0] for each in mail_server.deliveries} == reached
    assert len(mail_server.deliveries) == 2 * len(reached)
    for token in list(tokens(mail_server).values())[:5]:
        await answer(house, token)
    await time_skipping.fast_forward(handle, timedelta(days=27))
    reported = await until_status(house, wave.reference, WaveStatus.REPORTED)
    assert reported.closes_at == launched.closes_at
    mail_server.behave()
    with pytest.raises(Problem) as too_late:
        await command(house, wave.reference, "retry_step", by="operator", step="invite.1")
    assert too_late.value.code == "not_parked"
    assert len(mail_server.deliveries) == 2 * len(reached)
    assert await counts(house, wave.reference) == {"I": 5, "NC": len(reached) - 5, "UO": 20 - len(reached)}


async def test_a_paused_wave_writes_to_nobody_and_takes_no_answers(house: House, mail_server: MailServer) -> None:
    await fill_frame(house, 60)
    wave = await planned(house, by_mail())
    await command(house, wave.reference, "launch")
    await until_fact(house, wave.reference, "wave.invited")
    token = next(iter(tokens(mail_server).values()))
    await command(house, wave.reference, "pause", reason="gas leak")
    assert (await answer(house, token)).standing is Standing.PAUSED
    await command(house, wave.reference, "resume")
    assert (await answer(house, token)).standing is Standing.COMPLETED


async def test_the_reserve_joins_the_sample_and_is_invited(house: House, mail_server: MailServer) -> None:
    await fill_frame(house, 60)
    wave = await planned(house, by_mail())
    assert wave.sample is not None
    await command(house, wave.reference, "launch")
    await until_fact(house, wave.reference, "wave.invited")
    await command(house, wave.reference, "release_reserve", reason="few answers")
    await until_fact(house, wave.reference, "wave.invited", times=2)
    assert len(mail_server.deliveries) == 20 + wave.sample.reserve
    assert sum((await counts(house, wave.reference)).values()) == 20 + wave.sample.reserve


async def test_addresses_that_do_not_exist_and_people_without_one_are_coded_and_not_lost(
    house: House, mail_server: MailServer
) -> None:
    await fill_frame(house, 30)
    await fill_frame(house, 5, email=None, phone="13800001234")
    mail_server.refuse("550 5.1.1 no such user", "customer20@example.com")
    wave = await planned(house, by_mail(sampling={"method": "census"}))
    await command(house, wave.reference, "launch")
    await until_fact(house, wave.reference, "wave.invited")
    assert await counts(house, wave.reference) == {"NC": 24, "UO": 6}


async def test_nobody_is_asked_again_during_quarantine_and_the_next_wave_asks_others(
    house: House, mail_server: MailServer
) -> None:
    await fill_frame(house, 60)
    first = await planned(house, by_mail())
    await command(house, first.reference, "launch")
    await until_fact(house, first.reference, "wave.invited")
    second = await planned(house, by_mail(id="another", sampling__size=50))
    await command(house, second.reference, "launch")
    await until_fact(house, second.reference, "wave.invited")
    assert len({each.recipients[0] for each in mail_server.deliveries}) == len(mail_server.deliveries) == 60
    quarantined = (await counts(house, second.reference))["NC"] - 40
    assert quarantined == 10


async def test_a_frame_with_a_customer_without_stratum_is_refused_and_nothing_is_drawn(house: House) -> None:
    await fill_frame(house, 20)
    await fill_frame(house, 1, district=None)
    analyst = house.people["analyst"]
    definition = by_mail()
    await house.services.surveys.survey_records.store(definition, analyst.id, datetime.now(UTC))
    wave = await house.services.surveys.waves.plan(analyst, definition.id, None, None)
    await until_fact(house, wave.reference, "step.failed")
    assert (await record(house, wave.reference)).parked[0].error == "sample_refused"
    await fill_frame(house, 1)
    await command(house, wave.reference, "retry_step", by="operator", step="select.1")
    await until_status(house, wave.reference, WaveStatus.SAMPLED)


async def test_the_same_answers_give_the_same_report(house: House, mail_server: MailServer) -> None:
    await fill_frame(house, 60)
    wave = await planned(house, by_mail())
    await command(house, wave.reference, "launch")
    await until_fact(house, wave.reference, "wave.invited")
    for place, token in enumerate(tokens(mail_server).values()):
        await answer(house, token, code=1 + place % 5)
    await command(house, wave.reference, "close", reason="enough")
    reported = await until_status(house, wave.reference, WaveStatus.REPORTED)
    order = WaveOrder(
        reference=wave.reference, survey=wave.survey, version=1, step=WaveStep(key="report.1", kind=WaveStepKind.REPORT)
    )
    computer = WaveComputer(house.parts.surveys.definitions, house.parts.surveys.results, lambda: datetime.now(UTC))
    assert (await computer.report_wave(order)).report_sha256 == reported.report_sha256


async def test_a_rebuilt_wave_takes_the_place_of_a_stale_run_and_invites_nobody_twice(
    house: House, mail_server: MailServer
) -> None:
    """As after a restore of an older store: the run that it has would be refused at its next record, and end."""
    await fill_frame(house, 60)
    wave = await planned(house, by_mail())
    await command(house, wave.reference, "launch")
    await until_fact(house, wave.reference, "wave.invited")
    handle = house.parts.client.get_workflow_handle(wave_workflow_id(wave.reference))
    stale = (await handle.describe()).run_id
    assert await Unstarted(house.parts.pool, Kind.WAVE).restart_all(datetime.now(UTC)) == 1
    await house.parts.surveys.launcher.start_those_left()
    assert (await handle.describe()).run_id != stale
    for token in list(tokens(mail_server).values())[:10]:
        await answer(house, token)
    await command(house, wave.reference, "close", reason="enough")
    await until_status(house, wave.reference, WaveStatus.REPORTED)
    assert len(mail_server.deliveries) == 20
    assert (await facts(house, wave.reference)).count("wave.invited") == 1
