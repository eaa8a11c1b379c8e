"""Webhooks over HTTP: who is told of what happens, how that went, and telling it again."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated, Literal, Self

from fastapi import APIRouter, Depends, Path, Query, Response
from fastapi import Body as FromBody
from pydantic import Field, StringConstraints, model_validator

from domain.access import Permission, Person
from domain.webhooks import LONGEST_REPLAY, why_not
from starter.api.entry import Allowed, House, Once
from starter.api.examples import REPLAY, WEBHOOK, WEBHOOK_CHANGE
from starter.api.models import Answer
from starter.api.repeating import answered_once
from starter.api.strict_json import StrictJsonRoute
from starter.bodies import Body, Line, Moment
from starter.problems import FieldError, Problem, invalid, not_found
from starter.repetitions import stored
from storage.cases import MAX_PAGE
from storage.idempotency import StoredAnswer
from storage.webhook_deliveries import Delivery
from storage.webhooks import TooMany, Webhook

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"], route_class=StrictJsonRoute)

LAST_ID = 2**63 - 1

_ID = re.compile(r"whk_[0-9a-z]{1,40}")


def webhook_id(
    webhook: Annotated[str, Path(description="the id of a webhook, such as whk_0123456789abcdef01234567")],
) -> str:
    """What cannot be the id of a webhook is that of none."""
    if _ID.fullmatch(webhook) is None:
        raise not_found("there is no such webhook")
    return webhook


WebhookId = Annotated[str, Depends(webhook_id)]
EventType = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}(\.[a-z_]{1,60})*(\.\*)?$")]
Types = Annotated[tuple[EventType, ...], Field(max_length=50)]
Manager = Annotated[Person, Depends(Allowed(Permission.MANAGE_WEBHOOKS))]
Reader = Annotated[Person, Depends(Allowed(Permission.READ_WEBHOOKS))]
Replayer = Annotated[Person, Depends(Allowed(Permission.REPLAY_WEBHOOKS))]


class WebhookForm(Body):
    """Whom to tell of what."""

    url: Annotated[Line, StringConstraints(max_length=2_000)] = Field(description="an HTTPS address of yours")
    types: Types = Field((), description="types of events such as `complaint.closed` or `clock.*`; none means all")
    description: Annotated[Line, StringConstraints(max_length=200)] | None = None


class WebhookChange(Body):
    """What is to be different; what is absent stays."""

    url: Annotated[Line, StringConstraints(max_length=2_000)] | None = None
    types: Types | None = None
    description: Annotated[Line, StringConstraints(max_length=200)] | None = None
    state: Literal["active", "disabled"] | None = None


class ReplayForm(Body):
    """Which events to tell again: those recorded from `begin` on and before `end`."""

    begin: Moment
    end: Moment

    @model_validator(mode="after")
    def _is_a_window(self) -> Self:
        if not self.begin < self.end <= self.begin + LONGEST_REPLAY:
            raise ValueError(f"end lies after begin, by at most {LONGEST_REPLAY.days} days")
        return self


class WebhookView(Answer):
    id: str
    url: str
    types: tuple[str, ...]
    description: str | None
    state: Literal["active", "disabled"]
    disabled_why: str | None
    created_by: str
    created_at: datetime

    @classmethod
    def of(cls, webhook: Webhook) -> "WebhookView":
        return cls(**{name: getattr(webhook, name) for name in WebhookView.model_fields})


class WebhookCreated(WebhookView):
    secret: str = Field(description="signs what is sent (Standard Webhooks); shown this once")


class SecretMade(Answer):
    secret: str = Field(description="shown this once; the one before it signs beside it for 24 hours more")


class WebhookList(Answer):
    items: tuple[WebhookView, ...]
    next_cursor: str | None = None


class DeliveryView(Answer):
    id: int
    event: str = Field(description="the id of the event; the header webhook-id")
    type: str
    state: Literal["pending", "delivered", "failed", "cancelled"]
    attempts: int
    answer: int | None = Field(description="the HTTP status of the last attempt")
    error: str | None
    next_at: datetime | None = Field(description="when it is tried next")
    created_at: datetime
    settled_at: datetime | None

    @classmethod
    def of(cls, delivery: Delivery) -> "DeliveryView":
        own = {"event", "next_at"}
        return cls(
            **{name: getattr(delivery, name) for name in cls.model_fields if name not in own},
            event=delivery.event.id,
            next_at=delivery.next_at if delivery.state == "pending" else None,
        )


class DeliveryList(Answer):
    items: tuple[DeliveryView, ...]
    next_cursor: str | None


class Replayed(Answer):
    events: int = Field(description="how many events are told again")


class Removed(Answer):
    id: str


@router.post("", status_code=201, response_model=WebhookCreated, summary="Tell an endpoint of what happens")
async def add(
    form: Annotated[WebhookForm, FromBody(openapi_examples=WEBHOOK)], services: House, person: Manager, once: Once
) -> Response:
    """From now on. Bodies are CloudEvents 1.0 without personal data, signed after Standard Webhooks."""
    _check(services, form.url)

    async def added() -> StoredAnswer:
        with _told_of_too_many():
            webhook, secret = await services.webhooks.add(
                form.url, form.types, form.description, person.id, datetime.now(UTC)
            )
        body = WebhookCreated(**dict(WebhookView.of(webhook)), secret=secret)
        return stored(body.model_dump(mode="json"), 201)

    return await answered_once(services, once, added, is_secret=True)


@router.get("", summary="List webhooks")
async def page(services: House, _: Reader) -> WebhookList:
    """All of them: there are at most 50."""
    return WebhookList(items=tuple(WebhookView.of(webhook) for webhook in await services.webhooks.all()))


@router.get("/{webhook}", summary="Read a webhook")
async def read(webhook: WebhookId, services: House, _: Reader) -> WebhookView:
    return WebhookView.of(await known_webhook(services, webhook))


@router.patch("/{webhook}", summary="Change a webhook, switch it off or on")
async def change(
    webhook: WebhookId,
    form: Annotated[WebhookChange, FromBody(openapi_examples=WEBHOOK_CHANGE)],
    services: House,
    _: Manager,
) -> WebhookView:
    """What waited while it was off is delivered when it is on again; what happened meanwhile can be replayed."""
    if form.url is not None:
        _check(services, form.url)
    changed = await services.webhooks.change(webhook, form.model_dump(exclude_unset=True))
    if changed is None:
        raise not_found("there is no such webhook")
    return WebhookView.of(changed)


@router.delete("/{webhook}", summary="Remove a webhook with its deliveries")
async def remove(webhook: WebhookId, services: House, _: Manager) -> Removed:
    if not await services.webhooks.remove(webhook):
        raise not_found("there is no such webhook")
    return Removed(id=webhook)


@router.post("/{webhook}/secrets", status_code=201, response_model=SecretMade, summary="Rotate the secret")
async def rotate(webhook: WebhookId, services: House, _: Manager, once: Once) -> Response:
    """For 24 hours both secrets sign, so that the receiver can change over in peace."""
    await known_webhook(services, webhook)

    async def rotated() -> StoredAnswer:
        with _told_of_too_many():
            secret = await services.webhooks.rotate(webhook, datetime.now(UTC))
        return stored(SecretMade(secret=secret).model_dump(mode="json"), 201)

    return await answered_once(services, once, rotated, is_secret=True)


@router.post("/{webhook}/ping", status_code=202, summary="Send a test event")
async def ping(webhook: WebhookId, services: House, _: Replayer) -> DeliveryView:
    """Of the type `webhook.ping`; the list of deliveries says how it went."""
    await known_webhook(services, webhook)
    return DeliveryView.of(await services.webhook_deliveries.ping(webhook, datetime.now(UTC)))


@router.get("/{webhook}/deliveries", summary="List what an endpoint was told")
async def deliveries(
    webhook: WebhookId,
    services: House,
    _: Reader,
    state: Literal["pending", "delivered", "failed", "cancelled"] | None = None,
    cursor: Annotated[int | None, Query(ge=1, le=LAST_ID, description="the id before which to go on")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 50,
) -> DeliveryList:
    """The newest first; kept for 30 days."""
    await known_webhook(services, webhook)
    found = await services.webhook_deliveries.page(webhook, state, cursor, limit + 1)
    items = tuple(DeliveryView.of(delivery) for delivery in found[:limit])
    return DeliveryList(items=items, next_cursor=str(items[-1].id) if len(found) > limit else None)


@router.post("/{webhook}/replay", status_code=202, response_model=Replayed, summary="Tell a window of events again")
async def replay(
    webhook: WebhookId,
    form: Annotated[ReplayForm, FromBody(openapi_examples=REPLAY)],
    services: House,
    _: Replayer,
    once: Once,
) -> Response:
    """What this endpoint wants of what was recorded then, in order, under the same ids; at most 100,000 events."""
    await known_webhook(services, webhook)

    async def told() -> StoredAnswer:
        events = await services.webhook_deliveries.tell_again(webhook, form.begin, form.end, datetime.now(UTC))
        return stored(Replayed(events=events).model_dump(), 202)

    return await answered_once(services, once, told)


def _check(services: House, url: str) -> None:
    wrong = why_not(url, private_targets=services.parts.settings.webhook_private_targets)
    if wrong is not None:
        raise invalid([FieldError("/url", wrong)])


async def known_webhook(services: House, webhook: str) -> Webhook:
    """Raises `Problem` 404."""
    found = await services.webhooks.find(webhook)
    if found is None:
        raise not_found("there is no such webhook")
    return found


@contextmanager
def _told_of_too_many() -> Iterator[None]:
    try:
        yield
    except TooMany as error:
        raise Problem(409, "too_many_webhooks", str(error)) from None
