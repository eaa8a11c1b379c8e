"""What goes on beside the line of a case, or behind it: call back, stage two, holds, extensions, money, partners."""

from datetime import timedelta

from contracts.names import batch_workflow_id
from starter.batches import Selection
from tests.replay.stage import TEXT, VALID, Stage, answer, later, visit, window
from tests.workflows.following import until_fact

FULL = "demo-full"
"""A policy with call back, holds, extensions and stage two, in a calendar that is always open."""


async def called_back_and_settled(stage: Stage) -> str:
    reference = await stage.answered(policy=FULL)
    await stage.do(reference, ("plan_callback", window()), visit(result="reached", solved="yes"), by="caller")
    return reference


async def called_back_and_reopened(stage: Stage) -> str:
    reference = await stage.answered(policy=FULL)
    await stage.do(reference, ("plan_callback", window()), by="caller")
    await stage.do(reference, visit(result="reached", solved="no", reason=TEXT), by="caller")
    return reference


async def called_back_in_vain(stage: Stage) -> str:
    """The only attempt of this policy fails; the customer gets a letter instead."""
    reference = await stage.answered(policy=FULL)
    await stage.do(reference, ("plan_callback", window()), visit(result="no_answer"), by="caller")
    await until_fact(stage.house, reference, "step.done")
    return reference


async def taken_to_stage_two_and_referred(stage: Stage) -> str:
    reference = await stage.answered(policy=FULL)
    await stage.do(reference, ("to_stage_two", {"reason": TEXT}), by="hotline")
    await stage.do(reference, ("claim", {}), ("start_investigation", {}), answer("phone"), by="another handler")
    outcome = {"decision": "upheld", "remedies": ["refund"]}
    refer = {"body": "ombudsman", "their_reference": TEXT}
    await stage.do(reference, ("refer_external", refer), ("record_external_outcome", outcome), by="supervisor")
    await until_fact(stage.house, reference, "step.done")
    return reference


async def held_until_the_hold_ran_out(stage: Stage) -> str:
    reference = await stage.take(policy=FULL)
    hold = {"kind": "customer", "until": later(hours=2), "reason": TEXT}
    await stage.do(reference, VALID, ("claim", {}), ("hold", hold))
    await stage.time.fast_forward(stage.house.workflow(reference), timedelta(hours=3))
    await until_fact(stage.house, reference, "clock.breached")
    return reference


async def extended_by_letter(stage: Stage) -> str:
    reference = await stage.take(policy=FULL)
    await stage.do(reference, VALID, ("claim", {}))
    extend = {"clock": "final_response", "until": later(hours=1), "way": "email", "letter": TEXT}
    await stage.do(reference, ("extend", extend))
    await stage.do(reference, ("approve_extension", {"clock": "final_response"}), by="supervisor")
    await until_fact(stage.house, reference, "complaint.extended")
    return reference


async def much_beside_the_line(stage: Stage) -> str:
    earlier, reference = await stage.take(), await stage.take(policy=FULL)
    await stage.come_to_investigate(reference)
    await stage.do(
        reference,
        ("hold", {"kind": "evidence", "until": later(hours=2), "reason": TEXT}),
        ("resume", {"kind": "evidence"}),
        ("update_customer", {"way": "email", "letter": TEXT}),
        ("escalate", {"level": 1, "reason": TEXT}),
        ("request_partner", {"partner": "installer", "question": TEXT}),
        ("partner_reply", {"number": 1, "answer": TEXT}),
        ("request_redress", {"kind": "refund", "money": {"amount": "200", "currency": "CNY"}}),
    )
    await stage.do(
        reference,
        ("assign", {"team": "nobody-s"}),
        ("acknowledge_escalation", {}),
        ("reject_redress", {"number": 1, "reason": TEXT}),
        ("merge", {"into": earlier}),
        ("unmerge", {"reason": TEXT}),
        ("link_incident", {"incident": "outage-7"}),
        ("unlink_incident", {"reason": TEXT}),
        ("change_policy", {"policy": "plain@1", "reason": TEXT}),
        by="supervisor",
    )
    await until_fact(stage.house, reference, "step.done")
    return reference


async def noted_in_bulk(stage: Stage) -> str:
    """One command for several cases; what is recorded is the batch."""
    house, selection = stage.house, Selection(references=(await stage.take(), await stage.take()))
    batch, _ = await house.services.batches.start(house.people["handler"], "note", selection, {"text": TEXT}, 50)
    await house.parts.client.get_workflow_handle(batch_workflow_id(batch)).result()
    return batch_workflow_id(batch)


async def aborted(stage: Stage) -> str:
    reference = await stage.with_letter_parked()
    await stage.do(reference, ("abort", {"step": "response_letter.1", "reason": TEXT}), by="operator")
    return reference
