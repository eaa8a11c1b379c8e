"""Field work by people: telephone lists and their tries, answers taken down, files from paper, follow-ups."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.surveys.definition import SurveyDefinition
from domain.surveys.dispositions import Channel
from domain.surveys.waves.wave import Wave
from runtime.survey_assembly import complaints_of_surveys
from starter.follow_ups import FollowUpForm
from starter.interviewers import AnswersForm, TryForm
from starter.problems import Problem
from tests.house import House
from tests.mail_server import MailServer
from tests.surveys.field import answer, by_mail, command, counts, fill_frame, planned, record, tokens, until_fact


def by_telephone(**changes: Any) -> SurveyDefinition:
    return by_mail(sampling={"method": "census"}, fieldwork__channels=["telephone"], **changes)


async def in_the_field(house: House, definition: SurveyDefinition) -> Wave:
    wave = await planned(house, definition)
    await command(house, wave.reference, "launch")
    await until_fact(house, wave.reference, "wave.invited")
    return await record(house, wave.reference)


def whole_answers(definition: SurveyDefinition, code: int = 4) -> dict[str, Any]:
    """An answer to every question that is asked of everybody, as an interviewer enters them."""
    given: dict[str, Any] = {}
    for item in definition.questionnaire.items():
        question = item.question
        if item.conditions:
            continue
        if question.type == "rating":
            given[item.id] = code
        elif question.type == "single":
            given[item.id] = question.codes[-1]
    return given


async def refusal(doing: Any) -> str:
    with pytest.raises(Problem) as refused:
        await doing
    return refused.value.code


async def test_people_are_called_one_at_a_time_and_every_try_is_kept(house: House, mail_server: MailServer) -> None:
    await fill_frame(house, 3, phone="13800001234")
    definition = by_telephone(fieldwork__call_attempts=2)
    wave = await in_the_field(house, definition)
    assert mail_server.deliveries == []
    desk, caller, other = house.services.surveys.interviews, house.people["caller"], house.people["supervisor"]
    first = await desk.next(caller, wave, Channel.TELEPHONE)
    second = await desk.next(other, wave, Channel.TELEPHONE)
    assert first is not None
    assert second is not None
    assert first.number != second.number
    assert first.identity.phone is not None
    again = await desk.next(caller, wave, Channel.TELEPHONE)
    assert again is not None
    assert again.number == first.number
    await desk.tried(caller, wave, first.number, TryForm(outcome="no_answer"))
    await desk.tried(other, wave, second.number, TryForm(outcome="refused"))
    third = await desk.next(caller, wave, Channel.TELEPHONE)
    assert third is not None
    assert third.number not in {first.number, second.number}
    call_at = datetime.now(UTC) + timedelta(hours=2)
    await desk.tried(caller, wave, third.number, TryForm(outcome="call_back", call_at=call_at.isoformat()))
    assert await desk.next(caller, wave, Channel.TELEPHONE) is None
    assert await counts(house, wave.reference) == {"UH": 1, "R": 1, "NC": 1}
    listed = await desk.page(wave, Channel.TELEPHONE, 0, 10)
    assert {each.number: each.last for each in listed} == {first.number: "no_answer", third.number: "opened"}
    assert await refusal(desk.tried(other, wave, second.number, TryForm(outcome="no_answer"))) == "cannot_be_answered"
    await desk.tried(caller, wave, first.number, TryForm(outcome="no_answer"))
    assert [each.number for each in await desk.page(wave, None, 0, 10)] == [third.number]
    numbers = await house.services.surveys.wave_numbers.so_far(await record(house, wave.reference))
    assert {name: count for name, count in numbers.by_channel["telephone"].items() if count} == {
        "UH": 1,
        "R": 1,
        "NC": 1,
    }
    logged = await house.parts.pool.fetchval("SELECT count(*) FROM personal_data_log")
    assert logged >= 4


async def test_answers_that_were_taken_down_count_and_a_bad_one_opens_a_callback(
    house: House, mail_server: MailServer
) -> None:
    await fill_frame(house, 2, phone="13800001234")
    definition = by_telephone()
    wave = await in_the_field(house, definition)
    desk, caller = house.services.surveys.interviews, house.people["caller"]
    call = await desk.next(caller, wave, Channel.TELEPHONE)
    assert call is not None
    wrong = AnswersForm(answers=whole_answers(definition) | {"overall": 9, "nothing": 1})
    with pytest.raises(Problem) as refused:
        await desk.enter(caller, wave, call.number, wrong)
    assert {error.pointer for error in refused.value.errors} == {"/answers/overall", "/answers/nothing"}
    await desk.enter(caller, wave, call.number, AnswersForm(answers=whole_answers(definition, code=2)))
    assert (await counts(house, wave.reference))["I"] == 1
    kept = await house.parts.pool.fetchrow("SELECT channel, entered_by FROM response WHERE wave = $1", wave.reference)
    assert kept is not None
    assert tuple(kept) == ("telephone", caller.id)
    followed = house.services.surveys.follow_ups
    found = await followed.recorded(wave.reference, call.number)
    assert (found.action, found.question, found.code) == ("callback", "overall", 2)
    identity, answers, _ = await followed.opened(caller, found)
    assert identity is not None
    assert answers["overall"] == 2
    done = await followed.finish(caller, wave.reference, call.number, FollowUpForm(outcome="settled", note="Mended."))
    assert (done.outcome, done.done_by) == ("settled", caller.id)
    _, _, note = await followed.opened(caller, done)
    assert note == "Mended."
    again = followed.finish(caller, wave.reference, call.number, FollowUpForm(outcome="declined"))
    assert await refusal(again) == "already_done"


async def test_a_file_from_paper_is_checked_whole_and_changes_nothing_the_second_time(
    house: House, mail_server: MailServer
) -> None:
    await fill_frame(house, 3)
    definition = by_mail(sampling={"method": "census"})
    wave = await in_the_field(house, definition)
    await answer(house, next(iter(tokens(mail_server).values())))
    whole = whole_answers(definition)
    names = ["contact", *whole]
    rows = [[str(number), *map(str, whole.values())] for number in (1, 2, 3)]
    content = "\n".join(",".join(row) for row in [names, *rows]).encode()
    paper, analyst = house.services.surveys.paper, house.people["analyst"]
    bad = content.replace(b"\n2,", b"\n999,")
    with pytest.raises(Problem) as refused:
        await paper.bring_in(analyst, wave, bad, Channel.POST)
    assert [error.pointer for error in refused.value.errors] == ["/rows/3/contact"]
    assert (await counts(house, wave.reference))["I"] == 1
    done = await paper.bring_in(analyst, wave, content, Channel.POST)
    assert (done.taken, len(done.already), done.refused) == (2, 1, ())
    assert await counts(house, wave.reference) == {"I": 3}
    again = await paper.bring_in(analyst, wave, content, Channel.POST)
    assert (again.taken, again.already) == (0, (1, 2, 3))


async def test_a_bad_answer_opens_one_complaint_with_the_answers_linked(house: House, mail_server: MailServer) -> None:
    await fill_frame(house, 2)
    follow_up = {"question": "overall", "at_most": 2, "action": "complaint"}
    wave = await in_the_field(house, by_mail(sampling={"method": "census"}, fieldwork__follow_up=follow_up))
    one, other = tokens(mail_server).values()
    await answer(house, one, code=1)
    await answer(house, other, code=5)
    opening = complaints_of_surveys(house.parts)
    assert await opening.open_all() == 1
    assert await opening.open_all() == 0
    [found] = await house.services.surveys.follow_up_records.page(
        is_open=None, wave=wave.reference, complaint=None, after=None, limit=10
    )
    assert found.complaint is not None
    case = await house.record(found.complaint)
    assert (case.intake.channel, case.intake.taken_by) == ("survey", "system")
    assert case.intake.customer == found.customer
    assert wave.reference in await house.parts.vault.open_text(case.intake.narrative)
