"""A scene with letters by every way: a text message, a letter that is printed and posted, a bounce that is healed."""

from collections.abc import Callable

from starter.demo.mailbox import Mailbox
from starter.demo.people import Person, Staff
from starter.demo.text_messages import TextMessages

SETTINGS = {
    "AMENDS_SMS_SIGNATURE": "城市燃气",
    "AMENDS_SMS_TEMPLATES": '{"update_letter.zh.sms.1": "SMS_1003", "acknowledgement.zh.sms.1": "SMS_1001"}',
}
ON_PAPER, BOUNCED = "answered_on_paper", "bounced_and_mended"
"""The paths of its cases, as `endings` names them."""
_CUSTOMER = {
    "name": "周建国",
    "phone": "010 6552 9988",
    "email": "zhou.jianguo@example.org",
    "address": "朝阳区幸福路 8 号 3 单元 201",
    "language": "zh",
}
_COMPLAINT = {
    "channel": "phone",
    "category": "supply_pressure",
    "narrative": "晚上七点后燃气压力不足，希望收到书面答复。",
    "customer": _CUSTOMER,
    "policy": "plain",
}
_ANSWER = {"letter": "经核实，调压器老化，现已更换，并向您致歉。", "outcome": "upheld", "cause": "equipment"}


async def letters_in_every_way(
    staff: Staff, mailbox: Mailbox, texts: TextMessages, say: Callable[[str], None]
) -> dict[str, str]:
    """Play the scene; the path of each of its cases."""
    on_paper, by_mail = [await _investigated(staff, number) for number in range(2)]
    await _told_by_text_message(staff, on_paper, texts, say)
    await _answered_on_paper(staff, on_paper, say)
    await _bounced_and_mended(staff, by_mail, mailbox, say)
    return {on_paper: ON_PAPER, by_mail: BOUNCED}


async def _investigated(staff: Staff, number: int) -> str:
    taken = await staff.hotline[0].take(_COMPLAINT, f"letter-scene-{number}")
    reference = str(taken["reference"])
    await staff.supervisors[0].do(reference, "assess", decision="valid")
    await staff.handlers[0].do(reference, "claim")
    await staff.handlers[0].do(reference, "start_investigation")
    return reference


async def _told_by_text_message(staff: Staff, reference: str, texts: TextMessages, say: Callable[[str], None]) -> None:
    handler = staff.handlers[0]
    await handler.do(reference, "update_customer", way="sms", letter="维修人员明天上午到。")
    view = await handler.until(reference, lambda view: view["letters"][-1]["state"] == "done")
    [message] = [sent for sent in texts.messages.values() if sent.out_id.startswith(reference)]
    assert view["letters"][-1]["evidence"] == message.biz_id  # noqa: S101  a demonstration that says so itself
    say(f"{reference}: a text message went out as {message.template_id}, known to the gateway as {message.biz_id}.")


async def _answered_on_paper(staff: Staff, reference: str, say: Callable[[str], None]) -> None:
    """Ordered, printed, posted: only then the clock is met."""
    handler, path = staff.handlers[0], f"/v1/complaints/{reference}/letters"
    draft = {"way": "post", "text": _ANSWER["letter"]}
    seen = await handler.send("POST", f"{path}/response_letter/preview", json=draft)
    ordered = await handler.do(reference, "respond", way="post", **_ANSWER)
    paper = await handler.download(f"{path}/response_letter.1", "application/pdf")
    posted = await handler.do(reference, "mark_posted", item="response_letter.1", tracking="RR123456789CN")
    await handler.do(reference, "close")
    say(
        f"{reference}: a letter of {len(seen['body'])} characters was printed ({len(paper):,} bytes of PDF). While it "
        f"waited the case was {ordered['status']}; posted, it is {posted['status']}."
    )


async def _bounced_and_mended(staff: Staff, reference: str, mailbox: Mailbox, say: Callable[[str], None]) -> None:
    """The mailbox is gone: the answer was none. The address is corrected, and the letter goes out again."""
    handler = staff.handlers[0]
    await handler.do(reference, "respond", way="email", **_ANSWER)
    view = await handler.until(reference, lambda view: view["status"] == "responded")
    report = {"message_id": view["letters"][-1]["evidence"], "code": "mailbox_unknown"}
    await staff.operator.send("POST", "/v1/bounces", json=report)
    again = await handler.until(reference, lambda view: view["status"] == "responding")
    await handler.do(reference, "correct", field="email", text="zhou@example.org")
    step = again["letters"][-1]["id"]
    await staff.operator.send("POST", f"/v1/steps/{step}/retry", json={"reason": "The address was corrected."})
    await handler.until(reference, lambda view: view["status"] == "responded")
    await _close(handler, reference)
    went_to = [str(mail["To"]) for mail in mailbox.messages if reference in str(mail["Subject"])]
    say(f"{reference}: the answer came back and its promise was open again; it went to {', then to '.join(went_to)}.")


async def _close(handler: Person, reference: str) -> None:
    await handler.do(reference, "close")
