"""Further paths of a case: each gives commands in an order or a place that no other scenario has."""

import asyncio
from datetime import timedelta

from domain.complaints import commands as c
from domain.complaints.situation import CUSTOMER
from domain.complaints.terms import Status
from starter.attachments import File
from tests.replay.beside_the_line import FULL
from tests.replay.stage import CLOSE, LATER, TEXT, VALID, Stage, answer, explain, later, visit, window
from tests.workflows.following import submit, until_fact, until_known

PDF = b"%PDF-1.7 the canary's own"
WITHDRAW = ("withdraw", {"reason": TEXT, "confirmed_by": "phone"})
REDRESS = ("request_redress", {"kind": "refund", "money": {"amount": "20", "currency": "CNY"}})


async def acknowledged_by_an_ordered_notice(stage: Stage) -> str:
    """The customer left no address at first."""
    reference = await stage.house.take(channel="web", customer={"name": "Nobody"}, narrative=TEXT)
    await stage.house.services.intake.settle()
    await stage.do(reference, ("correct", {"field": "email", "text": "canary.wren@example.com"}))
    await until_fact(stage.house, reference, "step.done")
    await stage.do(reference, ("acknowledge", {"way": "email"}))
    await until_fact(stage.house, reference, "complaint.acknowledged")
    return reference


async def with_a_file(stage: Stage) -> str:
    reference = await stage.take()
    house = stage.house
    file = File("letter.pdf", "application/pdf", PDF)
    await house.services.attachments.add(house.people["handler"], reference, file, None)
    return reference


async def in_an_emergency(stage: Stage) -> str:
    reference = await stage.take(emergency=True)
    await stage.do(reference, VALID, ("claim", {}))
    await stage.do(reference, ("acknowledge_escalation", {}), by="supervisor")
    return reference


async def partly_valid_and_answered(stage: Stage) -> str:
    reference = await stage.take()
    await stage.do(reference, ("assess", {"decision": "partly", "ground": "unfounded"}))
    await stage.do(reference, ("assign", {"handler": stage.house.people["handler"].id}), by="supervisor")
    await stage.do(reference, ("start_investigation", {}), answer("phone"), CLOSE)
    return reference


async def invalid_and_left_to_its_window(stage: Stage) -> str:
    reference = await stage.take()
    await stage.do(reference, ("assess", {"decision": "invalid", "ground": "unfounded"}), explain("phone"))
    return reference


async def service_request(stage: Stage) -> str:
    reference = await stage.take()
    await stage.do(
        reference, ("assess", {"decision": "service_request", "ground": "not_a_complaint"}), explain("phone")
    )
    return reference


async def withdrawn_at_once(stage: Stage) -> str:
    reference = await stage.take()
    await stage.do(reference, WITHDRAW, by="hotline")
    return reference


async def withdrawn_while_held(stage: Stage) -> str:
    reference = await stage.take(policy=FULL)
    await stage.do(reference, VALID, ("hold", {"kind": "customer", "until": later(hours=2), "reason": TEXT}))
    await stage.do(reference, WITHDRAW, by="hotline")
    return reference


async def held_twice_over(stage: Stage) -> str:
    reference = await stage.take(policy=FULL)
    for kind in ("customer", "evidence"):
        await stage.do(reference, ("hold", {"kind": kind, "until": later(hours=2), "reason": TEXT}))
    for kind in ("evidence", "customer"):
        await stage.do(reference, ("resume", {"kind": kind}))
    return reference


async def extended_without_letter(stage: Stage) -> str:
    reference = await stage.take(policy=FULL)
    await stage.do(reference, VALID, ("claim", {}))
    extend = {"clock": "final_response", "until": later(hours=1), "way": "phone", "letter": TEXT}
    await stage.do(reference, ("extend", extend))
    await stage.do(reference, ("approve_extension", {"clock": "final_response"}), by="supervisor")
    return reference


async def extension_letter_given_up(stage: Stage) -> str:
    reference = await stage.take(policy=FULL)
    stage.mail.refuse(LATER)
    await stage.do(reference, VALID, ("claim", {}))
    extend = {"clock": "final_response", "until": later(hours=1), "way": "email", "letter": TEXT}
    await stage.do(reference, ("extend", extend))
    await stage.do(reference, ("approve_extension", {"clock": "final_response"}), by="supervisor")
    await until_fact(stage.house, reference, "step.failed")
    stage.mail.behave()
    await stage.do(reference, ("skip_step", {"step": "extension_letter.1", "reason": TEXT}), by="operator")
    return reference


async def redress_paid(stage: Stage) -> str:
    reference = await stage.take(policy=FULL)
    await stage.come_to_investigate(reference)
    await _give_redress(stage, reference)
    await stage.do(reference, ("pay_redress", {"number": 1, "proof": "PAY-1"}), answer("phone"))
    return reference


async def redress_not_paid_in_time(stage: Stage) -> str:
    reference = await stage.take(policy=FULL)
    await stage.come_to_investigate(reference)
    await _give_redress(stage, reference)
    await stage.time.fast_forward(stage.house.workflow(reference), timedelta(hours=1))
    await until_fact(stage.house, reference, "clock.breached", times=2)
    return reference


async def _give_redress(stage: Stage, reference: str) -> None:
    await stage.house.parts.pool.execute("UPDATE person SET redress_limit = 1000 WHERE name = 'supervisor'")
    await stage.do(reference, REDRESS)
    await stage.do(reference, ("approve_redress", {"number": 1}), by="supervisor")


async def partner_that_does_not_reply(stage: Stage) -> str:
    reference = await stage.take(policy=FULL)
    await stage.come_to_investigate(reference)
    await stage.do(reference, ("request_partner", {"partner": "installer", "question": TEXT}))
    await stage.time.fast_forward(stage.house.workflow(reference), timedelta(hours=1))
    await until_fact(stage.house, reference, "clock.breached", times=2)
    return reference


async def update_letter_parked_and_retried(stage: Stage) -> str:
    reference = await stage.take(policy=FULL)
    stage.mail.refuse(LATER)
    await stage.do(reference, ("update_customer", {"way": "email", "letter": TEXT}))
    await until_fact(stage.house, reference, "step.failed")
    stage.mail.behave()
    await stage.do(reference, ("retry_step", {"step": "update_letter.1", "reason": TEXT}), by="operator")
    await until_fact(stage.house, reference, "complaint.customer_updated")
    return reference


async def escalated_and_reassigned(stage: Stage) -> str:
    reference = await stage.take(policy=FULL)
    await stage.do(reference, VALID, ("claim", {}), ("escalate", {"level": 2, "reason": TEXT}))
    other = stage.house.people["another handler"].id
    await stage.do(reference, ("acknowledge_escalation", {}), ("assign", {"handler": other}), by="supervisor")
    return reference


async def merged_and_answered_for_itself(stage: Stage) -> str:
    earlier, reference = await stage.take(), await stage.take()
    await stage.do(reference, ("merge", {"into": earlier}), by="supervisor")
    await stage.come_to_investigate(reference)
    await stage.do(reference, answer("phone"), CLOSE)
    return reference


async def part_of_an_incident(stage: Stage) -> str:
    reference = await stage.take()
    await stage.do(reference, ("link_incident", {"incident": "outage-7"}), by="supervisor")
    await stage.come_to_investigate(reference)
    await stage.do(reference, answer("email"))
    await until_known(stage.house, reference, Status.RESPONDED)
    return reference


async def under_another_policy_from_the_start(stage: Stage) -> str:
    reference = await stage.take()
    await stage.do(reference, ("change_policy", {"policy": f"{FULL}@1", "reason": TEXT}), by="supervisor")
    await stage.time.fast_forward(stage.house.workflow(reference), timedelta(hours=1))
    await until_fact(stage.house, reference, "clock.breached")
    return reference


async def called_back_and_half_content(stage: Stage) -> str:
    reference = await stage.answered(policy=FULL)
    await stage.do(reference, ("plan_callback", window()), by="caller")
    await stage.do(reference, visit(result="reached", solved="partly", reason=TEXT), by="caller")
    return reference


async def confirmed_by_the_customer(stage: Stage) -> str:
    reference = await stage.answered()
    await submit(stage.house, reference, "confirm-1", c.Confirm(satisfaction=5), actor=CUSTOMER)
    return reference


async def refused_to_be_called(stage: Stage) -> str:
    reference = await stage.answered(policy=FULL)
    await stage.do(reference, ("plan_callback", window()), visit(result="refused"), by="caller")
    return reference


async def second_answer_after_stage_two(stage: Stage) -> str:
    reference = await stage.answered(policy=FULL)
    await stage.do(reference, ("to_stage_two", {"reason": TEXT}), by="hotline")
    await stage.do(reference, ("claim", {}), ("start_investigation", {}), answer("email"), by="another handler")
    await until_fact(stage.house, reference, "complaint.responded", times=2)
    return reference


async def referred_at_once(stage: Stage) -> str:
    """After an explanation: the customer goes to the ombudsman, whose letter cannot be delivered."""
    reference = await stage.take()
    await stage.do(reference, ("assess", {"decision": "invalid", "ground": "unfounded"}), explain("phone"))
    await stage.house.workflow(reference).result()
    stage.mail.refuse(LATER)
    await stage.do(reference, ("refer_external", {"body": "ombudsman", "their_reference": TEXT}), by="supervisor")
    await until_fact(stage.house, reference, "step.failed")
    stage.mail.behave()
    return reference


async def reopened_by_letter(stage: Stage) -> str:
    reference = await stage.take()
    await stage.come_to_investigate(reference)
    await stage.do(reference, answer("email"))
    await until_known(stage.house, reference, Status.RESPONDED)
    await stage.do(reference, ("reopen", {"reason": TEXT}), by="hotline")
    await stage.do(reference, ("start_investigation", {}), answer("email"))
    await until_known(stage.house, reference, Status.RESPONDED)
    return reference


async def noted_by_many_at_once(stage: Stage) -> str:
    reference = await stage.take()
    notes = [stage.house.do(reference, "note", text=TEXT) for _ in range(8)]
    await asyncio.gather(*notes)
    return reference
