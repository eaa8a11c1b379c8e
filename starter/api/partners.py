"""Partners over HTTP: the link of an improvement that one carries out, and the scorecard."""

from dataclasses import asdict
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import structlog
from fastapi import APIRouter, Depends, Path, Query
from pydantic import Field

from domain.access import Permission, Person
from domain.analysis.rates import rate
from domain.links import LinkPurpose
from starter.api.entry import Allowed, House
from starter.api.links import Giver, LinkRevoked
from starter.api.models import Answer
from starter.api.strict_json import StrictJsonRoute
from starter.api.undertakings import Reference
from starter.bodies import Day
from starter.problems import FieldError, Problem, invalid
from starter.services import Services
from storage.partner_scores import PartnerScores, Scores

router = APIRouter(tags=["partners"], route_class=StrictJsonRoute)
audit = structlog.get_logger("amends.audit")

YEAR = timedelta(days=365)
Code = Annotated[str, Path(pattern=r"^[a-z0-9_]{1,64}$", description="the code of the partner")]


class ImprovementLink(Answer):
    url: str
    expires_at: datetime


class PartnerRate(Answer):
    """So many of so many, with the 95 % interval of the share; none where there is nothing to take a share of."""

    events: int
    cases: int
    share: float | None
    low: float | None
    high: float | None


class Scorecard(Answer):
    """How a partner does, over some days."""

    partner: str
    first: date
    last: date
    complaints: int
    open: int = Field(description="complaints that have not ended")
    promises_kept: PartnerRate = Field(description="clocks met, of those that were met or broken")
    questions_answered_in_time: PartnerRate
    improvements: int
    under_way: int
    overdue: int
    done_in_time: PartnerRate = Field(description="of those that were carried out")
    effective: PartnerRate = Field(description="with an effect that was shown, of those that were carried out")
    taken_up_again: int


@router.post("/v1/improvements/{reference}/links", summary="Give the partner's link out")
async def give(reference: Reference, services: House, person: Giver) -> ImprovementLink:
    """The same link each time, renewed; after it was revoked, another one. Who holds it can reply and report."""
    subject = await _of_partner(services, reference)
    given = (await services.parts.links.give(LinkPurpose.IMPROVEMENT, [subject], datetime.now(UTC)))[subject]
    audit.info("link given", reference=subject, purpose=LinkPurpose.IMPROVEMENT, person=person.id)
    return ImprovementLink(url=given.url, expires_at=given.expires_at)


@router.post("/v1/improvements/{reference}/links/revoke", summary="Make the partner's link worthless")
async def revoke(reference: Reference, services: House, person: Giver) -> LinkRevoked:
    """At once, for instance when it went to the wrong address."""
    subject = await _of_partner(services, reference)
    revoked = await services.parts.links.revoke(LinkPurpose.IMPROVEMENT, subject, datetime.now(UTC))
    audit.info("link revoked", reference=subject, purpose=LinkPurpose.IMPROVEMENT, person=person.id)
    return LinkRevoked(revoked=revoked)


@router.get("/v1/partners/{partner}/scorecard", summary="Read how a partner does")
async def scorecard(
    partner: Code,
    services: House,
    person: Annotated[Person, Depends(Allowed(Permission.READ_SCORECARD))],  # noqa: ARG001  who is asked for
    first: Annotated[Day | None, Query(description="the first day; a year before the last, if absent")] = None,
    last: Annotated[Day | None, Query(description="the last day; today, if absent")] = None,
) -> Scorecard:
    """Complaints, promises, questions and improvements that came up on those days."""
    zone = ZoneInfo(services.parts.settings.time_zone)
    until = last or datetime.now(zone).date()
    since = first or until - YEAR
    if since > until:
        raise invalid([FieldError("/first", "on or before last")])
    return await card(services, partner, since, until)


async def card(services: Services, partner: str, first: date, last: date) -> Scorecard:
    """The scorecard over those days."""
    zone = ZoneInfo(services.parts.settings.time_zone)
    end = datetime.combine(last, time.max, zone)
    scores = await PartnerScores(services.parts.pool).of(partner, datetime.combine(first, time.min, zone), end)
    return _card(partner, first, last, scores)


def _card(partner: str, first: date, last: date, scores: Scores) -> Scorecard:
    return Scorecard(
        partner=partner,
        first=first,
        last=last,
        complaints=scores.complaints,
        open=scores.open,
        promises_kept=_rate(scores.kept, scores.kept + scores.broken),
        questions_answered_in_time=_rate(scores.answered_in_time, scores.questions),
        improvements=scores.improvements,
        under_way=scores.under_way,
        overdue=scores.overdue,
        done_in_time=_rate(scores.done_in_time, scores.done),
        effective=_rate(scores.effective, scores.done),
        taken_up_again=scores.taken_up_again,
    )


def _rate(events: int, cases: int) -> PartnerRate:
    found = asdict(rate(events, cases))
    interval = found.pop("interval") or {}
    return PartnerRate(**found, low=interval.get("low"), high=interval.get("high"))


async def _of_partner(services: Services, reference: str) -> str:
    found = await services.undertaker.recorded("improvement", reference)
    if getattr(found, "partner", None) is None:
        raise Problem(409, "no_partner", "this improvement is carried out inside")
    return found.reference
