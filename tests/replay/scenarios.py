"""Every path of a case, told for the recording of its history."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from domain.complaints import commands as c
from domain.complaints.decide import decide
from domain.complaints.evolve import fold
from domain.complaints.situation import Circumstances
from domain.complaints.terms import Status
from starter.problems import Problem
from tests.replay import beside_the_line as beside
from tests.replay import further_paths as further
from tests.replay import letters
from tests.replay import measuring_and_improving as measuring
from tests.replay import operators_help as operators
from tests.replay.stage import CLOSE, EMAIL, INVALID, LATER, NAME, TEXT, VALID, Stage, answer, explain
from tests.workflows.following import begin_anew, submit, until_fact, until_known

Scenario: TypeAlias = Callable[[Stage], Awaitable[str]]
"""Answers with the number of its case, or the id of another workflow."""
TEXT_ID = "txt_" + "0" * 32


async def received(stage: Stage) -> str:
    """Acknowledged by mail and left there."""
    reference = await stage.take("web")
    await until_fact(stage.house, reference, "complaint.acknowledged")
    return reference


async def answered_by_mail(stage: Stage) -> str:
    reference = await received(stage)
    await stage.come_to_investigate(reference)
    await stage.do(reference, answer("email"))
    await until_known(stage.house, reference, Status.RESPONDED)
    await stage.do(reference, CLOSE)
    return reference


async def answered_by_phone(stage: Stage) -> str:
    reference = await stage.answered()
    await stage.do(reference, CLOSE)
    return reference


async def given_to_another_handler(stage: Stage) -> str:
    reference = await stage.take()
    await stage.come_to_investigate(reference)
    other = stage.house.people["another handler"].id
    await stage.do(reference, ("assign", {"handler": other, "reason": TEXT}), by="supervisor")
    return reference


async def explained_by_mail(stage: Stage) -> str:
    reference = await stage.take()
    await stage.do(reference, INVALID, explain("email"))
    await until_known(stage.house, reference, Status.CLOSED)
    return reference


async def appealed_and_upheld(stage: Stage) -> str:
    reference = await stage.take()
    await stage.do(reference, INVALID, explain("phone"))
    await stage.house.workflow(reference).result()
    await stage.do(reference, ("appeal", {"reason": TEXT}), by="hotline")
    await stage.do(reference, VALID, ("claim", {}), ("start_investigation", {}), by="another handler")
    await stage.do(reference, answer("phone"), CLOSE, by="another handler")
    return reference


async def duplicate(stage: Stage) -> str:
    earlier, reference = await stage.take(), await stage.take()
    values = {"decision": "duplicate", "ground": "already_answered", "duplicate_of": earlier}
    await stage.do(reference, ("assess", {**values, "evidence": TEXT}), explain("phone"))
    return reference


async def transferred(stage: Stage) -> str:
    reference = await stage.take()
    await stage.do(reference, ("assess", {"decision": "not_ours", "ground": "other_company"}), explain("visit"))
    return reference


async def withdrawn_while_a_letter_was_under_way(stage: Stage) -> str:
    stage.mail.dawdle(0.5)
    reference = await stage.take()
    await stage.come_to_investigate(reference)
    await stage.do(reference, answer("email"))
    await stage.do(reference, ("withdraw", {"reason": TEXT, "confirmed_by": "phone"}), by="hotline")
    await stage.house.workflow(reference).result()
    stage.mail.behave()
    return reference


async def withdrawn_while_a_letter_was_parked(stage: Stage) -> str:
    reference = await stage.with_letter_parked()
    await stage.do(reference, ("withdraw", {"reason": TEXT, "confirmed_by": "phone"}), by="hotline")
    return reference


async def reopened_and_answered_again(stage: Stage) -> str:
    reference = await answered_by_phone(stage)
    await stage.house.workflow(reference).result()
    await stage.do(reference, ("reopen", {"reason": TEXT}), by="hotline")
    await stage.do(reference, ("start_investigation", {}), answer("phone"), CLOSE)
    return reference


async def noted_after_the_end(stage: Stage) -> str:
    reference = await answered_by_phone(stage)
    await stage.house.workflow(reference).result()
    await stage.do(reference, ("note", {"text": TEXT}))
    return reference


async def letter_parked(stage: Stage) -> str:
    return await stage.with_letter_parked()


async def letter_parked_and_retried(stage: Stage) -> str:
    reference = await stage.with_letter_parked()
    await stage.do(reference, ("retry_step", {"step": "response_letter.1", "reason": TEXT}), by="operator")
    await until_known(stage.house, reference, Status.RESPONDED)
    return reference


async def letter_parked_and_skipped(stage: Stage) -> str:
    reference = await stage.with_letter_parked()
    await stage.do(reference, ("skip_step", {"step": "response_letter.1", "reason": TEXT}), by="operator")
    await stage.do(reference, answer("phone"), CLOSE)
    return reference


async def corrected(stage: Stage) -> str:
    reference = await stage.take()
    await stage.do(reference, ("correct", {"field": "category", "code": "billing", "reason": TEXT}))
    await stage.do(
        reference, ("correct", {"field": "email", "text": EMAIL}), ("correct", {"field": "name", "text": NAME})
    )
    await until_fact(stage.house, reference, "step.done", times=2)
    return reference


async def every_clock_breached(stage: Stage) -> str:
    stage.mail.refuse(LATER)
    reference = await stage.take("web")
    await until_fact(stage.house, reference, "step.failed")
    await stage.time.fast_forward(stage.house.workflow(reference), timedelta(days=20))
    await until_fact(stage.house, reference, "clock.breached", times=2)
    stage.mail.behave()
    return reference


async def answered_late(stage: Stage) -> str:
    reference = await stage.take()
    await stage.come_to_investigate(reference)
    await stage.time.fast_forward(stage.house.workflow(reference), timedelta(days=20))
    await until_fact(stage.house, reference, "clock.breached")
    await stage.do(reference, answer("phone"), CLOSE)
    return reference


async def continued_as_new(stage: Stage) -> str:
    reference = await stage.take()
    await begin_anew(stage.house, reference, leave_after_events=20)
    for _ in range(6):
        await stage.do(reference, ("note", {"text": TEXT}))
    return reference


async def claimed_by_two_at_once(stage: Stage) -> str:
    reference = await stage.take()
    await stage.do(reference, VALID)
    stage.ledger.away_for = 3  # so that the second one comes while the first one is still waiting
    claims = [stage.house.do(reference, "claim", by=by) for by in ("handler", "another handler")]
    refused = [
        outcome for outcome in await asyncio.gather(*claims, return_exceptions=True) if isinstance(outcome, Problem)
    ]
    assert len(refused) == 1
    return reference


async def repeated_command(stage: Stage) -> str:
    reference = await stage.take()
    await begin_anew(stage.house, reference, leave_after_events=1)
    for _ in range(3):
        await submit(stage.house, reference, "note-repeated", c.Note(text=TEXT_ID))
    return reference


async def recorded_during_an_outage(stage: Stage) -> str:
    reference = await stage.take()
    await stage.do(reference, VALID)
    stage.ledger.away_for = 3
    await stage.do(reference, ("claim", {}))
    return reference


async def loaded_during_an_outage(stage: Stage) -> str:
    stage.ledger.away_for = 3
    reference = await stage.take()
    await stage.do(reference, VALID)
    return reference


async def tail_adopted(stage: Stage) -> str:
    """Something was recorded that the run did not hear of."""
    reference = await stage.take()
    await stage.do(reference, VALID)
    house = stage.house
    case = await house.record(reference)
    policy = await house.parts.rulebook.policy(case.policy)
    calendar = await house.parts.rulebook.calendar(policy)
    claim = c.Submission(id="claim-lost", actor=house.people["handler"].id, command=c.Claim())
    made = decide(case, claim, Circumstances(now=datetime.now(UTC), policy=policy, calendar=calendar))
    await house.parts.ledger.append(case, made, fold(made, case))
    await submit(house, reference, "start-1", c.StartInvestigation(), as_of=case.sequence + 1)
    return reference


async def superseded(stage: Stage) -> str:
    reference = await stage.take()
    await stage.do(reference, VALID)
    await stage.house.parts.unstarted.restart_all(datetime.now(UTC))
    note = c.Submission(id="note-1", actor=stage.house.people["handler"].id, command=c.Note(text=TEXT_ID))
    twin = stage.house.workflow(reference)
    await asyncio.gather(twin.execute_update("perform", note, id=note.id), twin.result(), return_exceptions=True)
    return reference


SCENARIOS: dict[str, Scenario] = {
    scenario.__name__: scenario
    for scenario in (
        received,
        answered_by_mail,
        answered_by_phone,
        given_to_another_handler,
        explained_by_mail,
        appealed_and_upheld,
        duplicate,
        transferred,
        withdrawn_while_a_letter_was_under_way,
        withdrawn_while_a_letter_was_parked,
        reopened_and_answered_again,
        noted_after_the_end,
        letter_parked,
        letter_parked_and_retried,
        letter_parked_and_skipped,
        corrected,
        every_clock_breached,
        answered_late,
        continued_as_new,
        claimed_by_two_at_once,
        repeated_command,
        recorded_during_an_outage,
        loaded_during_an_outage,
        tail_adopted,
        beside.called_back_and_settled,
        beside.called_back_and_reopened,
        beside.called_back_in_vain,
        beside.taken_to_stage_two_and_referred,
        beside.held_until_the_hold_ran_out,
        beside.extended_by_letter,
        beside.much_beside_the_line,
        beside.noted_in_bulk,
        beside.aborted,
        operators.letter_put_off_until_it_went_out,
        operators.letter_put_off_and_given_up,
        operators.letter_put_off_and_sent_at_once,
        operators.letter_put_off_and_withdrawn,
        operators.letter_that_failed_again,
        operators.notice_parked_while_the_case_went_on,
        operators.letter_that_waited_for_a_corrected_address,
        operators.skipped_in_bulk,
        further.acknowledged_by_an_ordered_notice,
        further.with_a_file,
        further.in_an_emergency,
        further.partly_valid_and_answered,
        further.invalid_and_left_to_its_window,
        further.service_request,
        further.withdrawn_at_once,
        further.withdrawn_while_held,
        further.held_twice_over,
        further.extended_without_letter,
        further.extension_letter_given_up,
        further.redress_paid,
        further.redress_not_paid_in_time,
        further.partner_that_does_not_reply,
        further.update_letter_parked_and_retried,
        further.escalated_and_reassigned,
        further.merged_and_answered_for_itself,
        further.part_of_an_incident,
        further.under_another_policy_from_the_start,
        further.called_back_and_half_content,
        further.confirmed_by_the_customer,
        further.refused_to_be_called,
        further.second_answer_after_stage_two,
        further.referred_at_once,
        further.reopened_by_letter,
        further.noted_by_many_at_once,
        letters.posted_and_called,
        letters.put_off_by_quiet_hours,
        letters.bounced_and_sent_another_way,
        letters.reminded_during_a_hold,
        measuring.wave_to_its_report,
        measuring.wave_that_ended_by_itself,
        measuring.wave_whose_invitations_were_parked,
        measuring.turn_of_a_survey,
        measuring.turn_of_the_weekly_analysis,
        measuring.improvement_that_worked,
        measuring.improvement_that_was_rejected,
        measuring.incident_with_its_cases,
        measuring.analysis_with_its_measure,
        measuring.study_of_who_left,
        superseded,
    )
}
"""By name. `superseded` comes last: it ends the epoch of every case that is open."""
