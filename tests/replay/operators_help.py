"""What operators do to steps that failed, one by one and many at once."""

from datetime import UTC, datetime, timedelta

from contracts.names import batch_workflow_id
from domain.complaints.terms import Status
from starter.steps import StepSelection
from tests.replay.stage import EMAIL, LATER, TEXT, VALID, Stage, later
from tests.workflows.following import until_fact, until_known

LETTER = "response_letter.1"


async def put_off(stage: Stage, reference: str, **span: float) -> None:
    amend = {"step": LETTER, "not_before": later(**span), "reason": TEXT}
    await stage.do(reference, ("amend_step", amend), by="operator")


async def letter_put_off_until_it_went_out(stage: Stage) -> str:
    reference = await stage.with_letter_parked()
    await put_off(stage, reference, hours=1)
    await stage.time.fast_forward(stage.house.workflow(reference), timedelta(hours=2))
    await until_known(stage.house, reference, Status.RESPONDED)
    return reference


async def letter_put_off_and_given_up(stage: Stage) -> str:
    reference = await stage.with_letter_parked()
    await put_off(stage, reference, days=2)
    await stage.do(reference, ("skip_step", {"step": LETTER, "reason": TEXT}), by="operator")
    return reference


async def letter_put_off_and_sent_at_once(stage: Stage) -> str:
    reference = await stage.with_letter_parked()
    await put_off(stage, reference, days=2)
    await stage.do(reference, ("retry_step", {"step": LETTER}), by="operator")
    await until_known(stage.house, reference, Status.RESPONDED)
    return reference


async def letter_put_off_and_withdrawn(stage: Stage) -> str:
    reference = await stage.with_letter_parked()
    await put_off(stage, reference, days=2)
    await stage.do(reference, ("withdraw", {"reason": TEXT, "confirmed_by": "phone"}), by="hotline")
    await stage.house.workflow(reference).result()
    return reference


async def letter_that_failed_again(stage: Stage) -> str:
    reference = await stage.with_letter_parked()
    stage.mail.refuse(LATER)
    await stage.do(reference, ("retry_step", {"step": LETTER}), by="operator")
    await until_fact(stage.house, reference, "step.failed", times=2)
    stage.mail.behave()
    return reference


async def notice_parked_while_the_case_went_on(stage: Stage) -> str:
    stage.mail.refuse(LATER)
    reference = await stage.take("web")
    await until_fact(stage.house, reference, "step.failed")
    stage.mail.behave()
    await stage.do(reference, ("acknowledge", {"way": "phone"}), VALID, ("claim", {}))
    skip = {"step": "acknowledgement.1", "reason": TEXT}
    await stage.do(reference, ("skip_step", skip), by="operator")
    return reference


async def letter_that_waited_for_a_corrected_address(stage: Stage) -> str:
    reference = await stage.with_letter_parked()
    await stage.do(reference, ("correct", {"field": "email", "text": EMAIL}))
    await until_fact(stage.house, reference, "step.done")
    await stage.do(reference, ("retry_step", {"step": LETTER}), by="operator")
    await until_known(stage.house, reference, Status.RESPONDED)
    return reference


async def skipped_in_bulk(stage: Stage) -> str:
    """One command for several steps; what is recorded is the batch."""
    house = stage.house
    ids = tuple([f"{await stage.with_letter_parked()}.{LETTER}" for _ in range(2)])
    selection = StepSelection(ids=(*ids, f"C-{datetime.now(UTC).year}-999999.{LETTER}"))
    batch, _ = await house.services.steps.start(house.people["operator"], "skip_step", selection, TEXT, 50)
    await house.parts.client.get_workflow_handle(batch_workflow_id(batch)).result()
    return batch_workflow_id(batch)
