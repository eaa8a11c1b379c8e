"""Samples of closed complaints, drawn by chance as they close: nobody who handled one chooses or sees who is asked."""

from collections.abc import Callable, Sequence
from datetime import datetime

from activities.survey_ports import ClosedComplaint, ClosedComplaints, DrawnComplaint, FrameKnowledge, Identities
from contracts.waves import WaveOrder
from domain.privacy import Identity
from domain.surveys.sampling.plan import ClosedComplaints as Design
from domain.surveys.sampling.plan import SamplingDesign
from domain.surveys.sampling.random_numbers import permanent_random_numbers

AT_ONCE = 200
BETWEEN = " / "


class ComplaintSampling:
    """Draws complaints into a wave while it is in the field."""

    def __init__(
        self,
        complaints: ClosedComplaints,
        people: Identities,
        frame: FrameKnowledge,
        key: bytes,
        now: Callable[[], datetime],
    ) -> None:
        self._complaints = complaints
        self._people = people
        self._frame = frame
        self._key = key
        self._now = now

    async def draw(self, order: WaveOrder, sampling: SamplingDesign, design: Design) -> int:
        """Look at what has closed since the last time, all of it; how many were drawn."""
        drawn = 0
        while found := await self._complaints.unseen(order.reference, design.look_back, AT_ONCE):
            people = await self._people.identities(sorted({each.customer for each in found}))
            customers = await self._customers(found, people)
            chances = permanent_random_numbers(self._key, [f"{order.reference}/{each.reference}" for each in found])
            numbers = permanent_random_numbers(self._key, [customers[each.customer] for each in found])
            seen = [
                _drawn(each, customers[each.customer], people.get(each.customer), sampling, number, is_drawn=is_drawn)
                for each, number, is_drawn in zip(found, numbers.tolist(), chances < design.share, strict=True)
            ]
            drawn += await self._complaints.take(order.reference, order.version, seen, self._now())
        return drawn

    async def _customers(self, found: Sequence[ClosedComplaint], people: dict[str, Identity]) -> dict[str, str]:
        """Under whom of the frame each complainer is asked: the same person is one, whatever they gave."""
        customers: dict[str, str] = {}
        for each in found:
            if each.customer not in customers:
                identity = people.get(each.customer)
                known = None if identity is None else await self._frame.same_person(identity)
                customers[each.customer] = known or each.customer
        return customers


def _drawn(
    each: ClosedComplaint,
    customer: str,
    identity: Identity | None,
    sampling: SamplingDesign,
    number: float,
    *,
    is_drawn: bool,
) -> DrawnComplaint:
    attributes = {
        "complaint_reference": each.reference,
        "handling_unit": each.team or "-",
        "channel": each.channel,
        "category": each.category or "-",
        "product": each.product or "-",
        "district": each.region or "-",
    }
    return DrawnComplaint(
        reference=each.reference,
        closed_at=each.closed_at,
        handler=each.handler,
        contact_changed=each.contact_changed,
        stratum=BETWEEN.join(attributes.get(name, "-") for name in sampling.strata) or "all",
        is_drawn=bool(is_drawn),
        customer=customer,
        random_number=number,
        language=each.language,
        has_email=identity is not None and identity.email is not None,
        has_phone=identity is not None and identity.phone is not None,
        attributes=attributes,
    )
