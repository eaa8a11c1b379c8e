"""Letters: what the workers recorded as sent against what the mail sink accepted.

Towards SMTP, which knows no keys, the promise is at least once: a repetition is lawful where our own record of the
hand-over was lost, carries the same Message-ID, and is counted. For the same reason a message may have gone out of
which only the attempt is remembered: nobody heard the yes, and the customer withdrew before the next attempt.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime

from tests.chaos.evidence import Delivery, Evidence


def letters_went_out(evidence: Evidence) -> Iterator[str]:
    accepted = acceptances(evidence)
    by_key = {delivery.effect_key: delivery for delivery in evidence.deliveries}
    for reference, step, message_id in _sent(evidence):
        delivery = by_key.get(f"{reference}:{step}")
        if delivery is None or delivery.evidence != message_id:
            yield f"{reference}: {step} was recorded as sent, and no hand-over is remembered"
        if not accepted.get(message_id):
            yield f"{reference}: {step} was recorded as sent, and the mail server never accepted it"
    strangers = set(accepted)
    for delivery in by_key.values():
        of_delivery = _messages_of(delivery, evidence)
        strangers -= of_delivery
        times = sorted(at for message_id in of_delivery for at in accepted.get(message_id, []))
        yield from _needless(delivery, times, evidence)
    if strangers:
        yield f"{len(strangers)} messages went out that no hand-over remembers"


def acceptances(evidence: Evidence) -> dict[str, list[datetime]]:
    """The times at which the sink accepted each Message-ID."""
    found: dict[str, list[datetime]] = defaultdict(list)
    for acceptance in evidence.mail:
        found[acceptance.message_id].append(acceptance.at)
    return dict(found)


def repetitions(evidence: Evidence) -> int:
    return sum(len(times) - 1 for times in acceptances(evidence).values())


def _sent(evidence: Evidence) -> Iterator[tuple[str, str, str]]:
    """Case, step and Message-ID of every letter that the ledger says went out; another one after it came back."""
    for reference, rows in evidence.ledger.items():
        renewed = Counter[str]()
        for row in rows:
            if row.type in {"step.bounced", "step.amended"}:
                renewed[row.fact["step"]] += 1
            if row.type == "step.done" and row.fact["evidence"] is not None:
                step, times = row.fact["step"], renewed[row.fact["step"]]
                yield reference, f"{step}~{times + 1}" if times else step, row.fact["evidence"]


def _messages_of(delivery: Delivery, evidence: Evidence) -> set[str]:
    """What the other side calls the message of a hand-over; told by its key while we have not heard of a yes."""
    if delivery.evidence is not None:
        return {delivery.evidence}
    begins = f"<{hashlib.sha256(delivery.effect_key.encode()).hexdigest()[:40]}@"
    return {
        each.message_id
        for each in evidence.mail
        if each.effect_key == delivery.effect_key or each.message_id.startswith(begins)
    }


def _needless(delivery: Delivery, times: list[datetime], evidence: Evidence) -> Iterator[str]:
    """More messages than attempts, or one after the hand-over was remembered."""
    if len(times) > delivery.attempts:
        yield f"{delivery.effect_key}: {len(times)} messages in {delivery.attempts} attempts"
    if delivery.accepted_at is None:
        return
    for at in times:
        if at > delivery.accepted_at and not _was_frozen(evidence, delivery.accepted_at):
            yield f"{delivery.effect_key}: sent again at {at}, remembered since {delivery.accepted_at}"


def _was_frozen(evidence: Evidence, at: datetime) -> bool:
    """Whether a worker slept at that moment, which may go on with what it had in hand."""
    return any(injury.was_frozen and injury.at <= at <= (injury.back_at or at) for injury in evidence.injuries)
