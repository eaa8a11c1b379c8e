"""Letters over HTTP: looked at before they go out, printed and posted, come back; and what customers do not want."""

import asyncio
import base64
import hashlib
from datetime import UTC, datetime
from typing import Annotated, Literal

import structlog
from fastapi import APIRouter, Depends, Path, Query, Response
from fastapi import Body as FromBody
from pydantic import Field, StringConstraints

from documents.forms import FormFormat
from documents.letters import letter_style, render_letter
from domain.access import Permission, Person
from domain.complaints.command_parts import ErrorCode, StepKey
from domain.complaints.contact import ContactLimits
from domain.complaints.letter_content import SMS_LONGEST, Checked
from domain.complaints.letter_points import Point
from domain.complaints.orders import Ordered
from domain.complaints.terms import StepKind, Way
from runtime.bounces import Bounce
from starter.api.complaints import Reference
from starter.api.entry import Allowed, House
from starter.api.examples import BOUNCE, CONTACT, CORRESPONDENT, PREVIEW
from starter.api.forms import FORMS, Wanted
from starter.api.models import Answer
from starter.api.steps import StepId
from starter.api.strict_json import StrictJsonRoute
from starter.bodies import Body, FreeText, Line, Moment
from starter.letter_check import Draft
from starter.problems import FieldError, invalid, not_found
from storage.cases import MAX_PAGE
from storage.contacts import Correspondent, Correspondents
from storage.identities import normalise_email
from storage.letters import WaitingLetter

router = APIRouter(prefix="/v1", tags=["letters"], route_class=StrictJsonRoute)
audit = structlog.get_logger("amends.audit")

Limits = Annotated[Person, Depends(Allowed(Permission.SET_CONTACT))]
Addresses = Annotated[Person, Depends(Allowed(Permission.MANAGE_CORRESPONDENTS))]
Who = Annotated[
    str,
    Path(
        description="`staff`, `team.<code>` or `partner.<code>`",
        pattern=r"^(staff|(team|partner)\.[a-z0-9][a-z0-9_.-]{0,63})$",
    ),
]


class DraftForm(Body):
    """A letter as it might be ordered."""

    way: Way = Field(Way.EMAIL, description="`sms` shows the text message, any other way the letter")
    text: FreeText | None = Field(None, description="your own words in it")
    until: Moment | None = Field(None, description="the new date, for an extension")


class PointView(Answer):
    """A point of the checklist."""

    point: Point
    is_made: bool
    made_in: Literal["text", "template"] | None = Field(description="by your own words, or by the template")
    words: str | None = Field(description="the words by which it was recognised")
    expected: str = Field(description="what is expected, in the customer's language")

    @classmethod
    def of(cls, point: Checked) -> "PointView":
        return cls(**{name: getattr(point, name) for name in cls.model_fields})


class LetterPreview(Answer):
    """The letter as it would go out, and whether it says what the policy wants."""

    template: str = Field(description="kind, language and version")
    subject: str
    body: str
    parameters: dict[str, str] = Field(description="what a gateway with registered templates fills in")
    characters: int
    is_complete: bool = Field(description="false: the command would be refused as letter_incomplete or letter_too_long")
    is_statutory: bool = Field(description="owed by law: opt-outs and quiet hours do not stop it")
    points: tuple[PointView, ...]

    @classmethod
    def of(cls, draft: Draft) -> "LetterPreview":
        written = draft.written
        fits = bool(written.subject) or len(written.body) <= SMS_LONGEST
        return cls(
            template=written.template,
            subject=written.subject,
            body=written.body,
            parameters=dict(written.parameters),
            characters=len(written.body),
            is_complete=fits and all(point.is_made for point in draft.points),
            is_statutory=draft.is_statutory,
            points=tuple(PointView.of(point) for point in draft.points),
        )


class WaitingView(Answer):
    """A letter to print and post, or a call to make."""

    id: str
    reference: str
    item: str = Field(description="what mark_posted and record_call name")
    kind: StepKind
    way: Way
    since: datetime
    next_due: datetime | None = Field(description="the nearest due time of the case")

    @classmethod
    def of(cls, letter: WaitingLetter) -> "WaitingView":
        named = {name: getattr(letter, name) for name in ("id", "reference", "kind", "way", "since", "next_due")}
        return cls(item=letter.key, **named)


class WaitingList(Answer):
    items: tuple[WaitingView, ...]
    next_cursor: str | None


class BounceForm(Body):
    """What a channel says of a message that it had taken: a bounce of a mail, a failed delivery of a text message."""

    message_id: Annotated[Line, StringConstraints(max_length=200)] = Field(
        description="the Message-ID of the mail, or the gateway's id of the text message"
    )
    permanent: bool = Field(True, description="false: it is only delayed, and nothing is recorded", strict=True)
    code: ErrorCode = Field("bounced", description="why, as a code such as mailbox_unknown")


class BounceTaken(Answer):
    outcome: Literal["recorded", "known", "unknown", "delayed"] = Field(
        description="`known`: it was recorded before; `unknown`: no message of ours"
    )
    reference: str | None = None
    item: str | None = None


class CorrespondentForm(Body):
    email: Annotated[Line, StringConstraints(max_length=254)]
    language: Literal["zh", "en"] = "zh"


class CorrespondentView(Answer):
    """Where a partner, a team or the staff are written to."""

    who: str
    email: str
    language: str
    changed_at: datetime

    @classmethod
    def of(cls, entry: Correspondent) -> "CorrespondentView":
        return cls(**{name: getattr(entry, name) for name in cls.model_fields})


class CorrespondentRemoved(Answer):
    who: str


class CorrespondentList(Answer):
    items: tuple[CorrespondentView, ...]


@router.post("/complaints/{reference}/letters/{letter}/preview", summary="See a letter before it goes out")
async def preview(
    reference: Reference,
    letter: StepKind,
    form: Annotated[DraftForm, FromBody(openapi_examples=PREVIEW)],
    services: House,
    person: Annotated[Person, Depends(Allowed(Permission.PREVIEW_LETTERS))],
) -> LetterPreview:
    """For whoever may give the command that sends it. Nothing is sent; that the customer was named is logged."""
    until = form.until.isoformat() if form.until is not None else None
    ordered = Ordered(letter, form.way, form.text or "", until)
    return LetterPreview.of(await services.letters.preview(person, reference, ordered))


@router.get("/letters", summary="List letters to post and calls to make")
async def waiting(
    services: House,
    person: Annotated[Person, Depends(Allowed(Permission.READ_LETTERS))],
    way: Annotated[Literal["post", "call"] | None, Query(description="only these")] = None,
    cursor: Annotated[StepId | None, Query(description="the id after which to go on")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 50,
) -> WaitingList:
    """Of the cases that your roles let you see, in the order of their ids."""
    found = await services.letters.waiting(person, Way(way) if way else None, cursor or "", limit + 1)
    items = tuple(WaitingView.of(letter) for letter in found[:limit])
    return WaitingList(items=items, next_cursor=items[-1].id if len(found) > limit else None)


@router.get(
    "/complaints/{reference}/letters/{item}",
    summary="Print a letter, or read the script of a call",
    response_class=Response,
    responses=FORMS,
)
async def printed(
    reference: Reference,
    item: Annotated[StepKey, Path(description="such as response_letter.1")],
    services: House,
    person: Annotated[Person, Depends(Allowed(Permission.PRINT_LETTERS))],
    wanted: Wanted,
) -> Response:
    """As a page to print from the browser, or as PDF; then `mark_posted`, or `record_call`. The read is logged."""
    letter = await services.letters.printed(person, reference, item)
    content = await asyncio.to_thread(render_letter, letter, wanted)
    if wanted is FormFormat.HTML:
        policy = f"default-src 'none'; style-src '{_hash_of_style()}'; frame-ancestors 'none'"
        return Response(content, media_type="text/html", headers={"Content-Security-Policy": policy, "Vary": "Accept"})
    shown = {"Content-Disposition": f'inline; filename="{reference}-{item}.pdf"', "Vary": "Accept"}
    return Response(content, media_type="application/pdf", headers=shown)


@router.post("/bounces", summary="Report a message that came back")
async def bounce(
    form: Annotated[BounceForm, FromBody(openapi_examples=BOUNCE)],
    services: House,
    person: Annotated[Person, Depends(Allowed(Permission.REPORT_BOUNCES))],
) -> BounceTaken:
    """For mail servers and gateways. What the message had settled is open again; reported twice, it is done once."""
    if not form.permanent:
        return BounceTaken(outcome="delayed")
    reference, item, outcome = await services.letters.bounced(person, Bounce(form.message_id, form.code))
    return BounceTaken(outcome=outcome, reference=reference, item=item)


@router.get("/complaints/{reference}/contact", summary="Read how the customer wants to be reached")
async def limits(
    reference: Reference,
    services: House,
    person: Annotated[Person, Depends(Allowed(Permission.READ_CONTACT))],
) -> ContactLimits:
    """The ways and the hours that the customer does not want; the same in every case of the customer."""
    return await services.letters.limits(person, reference)


@router.put("/complaints/{reference}/contact", summary="Set how the customer wants to be reached")
async def set_limits(
    reference: Reference,
    form: Annotated[ContactLimits, FromBody(openapi_examples=CONTACT)],
    services: House,
    person: Limits,
) -> ContactLimits:
    """In the place of what was set before. Letters that are owed by law are sent all the same."""
    await services.letters.set_limits(person, reference, form)
    audit.info("contact limits set", reference=reference, person=person.id)
    return form


@router.get("/correspondents", summary="List where partners and teams are written to")
async def correspondents(services: House, _: Addresses) -> CorrespondentList:
    entries = await Correspondents(services.parts.pool).all()
    return CorrespondentList(items=tuple(CorrespondentView.of(entry) for entry in entries))


@router.put("/correspondents/{who}", summary="Say where a partner, a team or the staff are written to")
async def set_correspondent(
    who: Who,
    form: Annotated[CorrespondentForm, FromBody(openapi_examples=CORRESPONDENT)],
    services: House,
    person: Addresses,
) -> CorrespondentView:
    """Questions to partners and notices of escalations go there."""
    try:
        email = normalise_email(form.email)
    except ValueError as error:
        raise invalid([FieldError("/email", str(error))]) from None
    at = datetime.now(UTC)
    await Correspondents(services.parts.pool).set(who, email, form.language, by=person.id, at=at)
    audit.info("correspondent set", who=who, person=person.id)
    return CorrespondentView(who=who, email=email, language=form.language, changed_at=at)


@router.delete("/correspondents/{who}", summary="Strike a partner or a team out")
async def remove_correspondent(who: Who, services: House, person: Addresses) -> CorrespondentRemoved:
    if not await Correspondents(services.parts.pool).remove(who):
        raise not_found("there is no such entry")
    audit.info("correspondent removed", who=who, person=person.id)
    return CorrespondentRemoved(who=who)


def _hash_of_style() -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(letter_style().encode()).digest()).decode()}"
