"""What becomes of messages: posted, called, put off, sent back, sent another way; and a customer who is reminded."""

from datetime import UTC, datetime, timedelta

from domain.complaints.contact import ContactLimits, QuietHours
from domain.complaints.terms import Status, Way
from runtime.bounces import Bounce
from storage.contacts import Contacts
from tests.replay.beside_the_line import FULL
from tests.replay.stage import CLOSE, TEXT, VALID, Stage, answer, later
from tests.workflows.following import until_fact, until_known


async def posted_and_called(stage: Stage) -> str:
    reference = await stage.take()
    await stage.come_to_investigate(reference)
    call = {"item": "update_letter.1", "text": TEXT}
    await stage.do(
        reference,
        ("correct", {"field": "address", "text": TEXT}),
        ("update_customer", {"way": "call", "letter": TEXT}),
        ("record_call", {**call, "result": "busy"}),
        ("record_call", {**call, "result": "reached"}),
        answer("post"),
        ("mark_posted", {"item": "response_letter.1", "tracking": "RR1"}),
        CLOSE,
    )
    return reference


async def put_off_by_quiet_hours(stage: Stage) -> str:
    reference = await stage.take()
    await stage.come_to_investigate(reference)
    customer = (await stage.house.record(reference)).intake.customer
    local = datetime.now(UTC)  # the zone of this stage
    begin, end = local - timedelta(hours=1), local + timedelta(hours=2)
    hours = QuietHours(begin=f"{begin:%H:%M}", end=f"{end:%H:%M}", ways=(Way.EMAIL,))
    limits = ContactLimits(quiet_hours=hours)
    await Contacts(stage.house.parts.pool).set(customer, limits, by="scenario", at=datetime.now(UTC))
    await stage.do(reference, answer("email"))
    await until_fact(stage.house, reference, "step.deferred")
    await stage.time.fast_forward(stage.house.workflow(reference), timedelta(hours=3))
    await until_known(stage.house, reference, Status.RESPONDED)
    await stage.do(reference, CLOSE)
    return reference


async def bounced_and_sent_another_way(stage: Stage) -> str:
    """By text message, for which there is no gateway: that step is parked."""
    reference = await stage.take(policy=FULL)
    await stage.come_to_investigate(reference)
    await stage.do(reference, ("update_customer", {"way": "email", "letter": TEXT}))
    await until_fact(stage.house, reference, "complaint.customer_updated")
    message = stage.mail.deliveries[-1].message["Message-ID"]
    await stage.house.services.letters.bounced(stage.house.people["operator"], Bounce(str(message), "mailbox_unknown"))
    await until_fact(stage.house, reference, "step.failed")
    return reference


async def reminded_during_a_hold(stage: Stage) -> str:
    reference = await stage.take(policy=FULL)
    hold = {"kind": "customer", "until": later(hours=2), "reason": TEXT}
    await stage.do(reference, VALID, ("claim", {}), ("hold", hold))
    await stage.time.fast_forward(stage.house.workflow(reference), timedelta(minutes=70))
    await until_fact(stage.house, reference, "complaint.hold_reminded")
    await until_fact(stage.house, reference, "step.done")
    return reference
