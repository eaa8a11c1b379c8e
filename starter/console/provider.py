"""Signing in with the organisation's account: to the provider and back. The browser keeps the attempt meanwhile."""

import base64
import binascii
import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

from fastapi import APIRouter, Request, Response

from starter.api.entry import House
from starter.console.entry import ConsoleRoute, back_to, cookie, forget, keep, redirect
from starter.console.navigation import home_of
from starter.problems import Problem, not_found
from starter.services import Services
from starter.single_sign_on import Attempt, SingleSignOn

router = APIRouter(route_class=ConsoleRoute, include_in_schema=False)

ATTEMPT = "attempt"
KEPT_FOR = timedelta(minutes=10)


@router.get("/console/sign-in/provider")
async def leave(request: Request, services: House) -> Response:
    """To the provider. A link and no form: our policy lets forms lead to no other site."""
    attempt = Attempt.new()
    answer = redirect(await _provider(services).address(attempt))
    kept = json.dumps(asdict(attempt) | {"next": back_to(request, "")})
    value = base64.urlsafe_b64encode(kept.encode()).decode()
    keep(answer, services, ATTEMPT, value, datetime.now(UTC) + KEPT_FOR)
    return answer


@router.get("/console/sign-in/returned")
async def come_back(request: Request, services: House) -> Response:
    """Back from the provider: a session under a new key, or a page that says why not."""
    attempt, wanted = _attempt(request, services)
    person = await _provider(services).returned(attempt, request.query_params)
    before = request.cookies.get(cookie(services, "session"))
    begun = await services.accounts.begin(person, before, by="provider")
    answer = redirect(wanted or home_of(person))
    keep(answer, services, "session", begun.key, begun.ends_at)
    forget(answer, services, ATTEMPT)
    return answer


def _provider(services: Services) -> SingleSignOn:
    if services.single_sign_on is None:
        raise not_found("this installation has no identity provider")
    return services.single_sign_on


def _attempt(request: Request, services: Services) -> tuple[Attempt, str]:
    """What the browser has kept. Raises `Problem` 401 for one that did not leave from here, or long ago."""
    kept = request.cookies.get(cookie(services, ATTEMPT), "")
    try:
        said = json.loads(base64.urlsafe_b64decode(kept.encode()))
        attempt = Attempt(*(str(said[name]) for name in ("state", "nonce", "verifier")))
        wanted = str(said["next"])
    except (ValueError, KeyError, TypeError, binascii.Error):
        raise Problem(401, "provider_refused", "nobody left for the provider from this browser") from None
    is_ours = wanted.startswith("/console/") and "\\" not in wanted
    return attempt, wanted if is_ours else ""
