"""Signing in with the organisation's account, against an OpenID provider that runs here as a server of its own."""

import asyncio
import base64
import hashlib
import re
import secrets
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest
import uvicorn
from joserfc import jwt
from joserfc.jwk import RSAKey
from playwright.async_api import Browser, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from temporalio.client import Client

from domain.access import Role
from starter.api.app import application
from starter.services import Services
from storage.keys import MasterKeys
from tests.console.visiting import Desk, Site, violations
from tests.endpoints import _Server
from tests.house import open_house

CLIENT, SECRET = "amends-desk", "a secret of the provider"
ROLES = {"complaints-desk": ["hotline", "handler"], "complaints-admins": ["admin"]}


@dataclass
class Provider:
    """The other party: signs in whoever is next, gives codes once, and answers for them (RFC 6749, RFC 7636, OIDC)."""

    url: str
    who: dict[str, Any] = field(default_factory=dict)
    spoilt: dict[str, Any] = field(default_factory=dict)
    """Claims that are told wrong."""
    signs_with: RSAKey | None = None
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one", "use": "sig"}))
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)

    @property
    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self.configuration),
                Route("/keys", self.keys),
                Route("/authorize", self.authorize),
                Route("/token", self.token, methods=["POST"]),
            ]
        )

    async def configuration(self, _: Request) -> Response:
        return JSONResponse(
            {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/keys",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
            }
        )

    async def keys(self, _: Request) -> Response:
        return JSONResponse({"keys": [self.key.as_dict(private=False)]})

    async def authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        self.asked.append(asked)
        if asked.get("client_id") != CLIENT or asked.get("code_challenge_method") != "S256":
            return Response("unknown client, or no PKCE", 400)
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        answer = {"code": code, "state": asked["state"], "iss": self.url}
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(answer)}", 302)

    async def token(self, request: Request) -> Response:
        form = dict(await request.form())
        asked = self.codes.pop(str(form.get("code")), None)
        expected = "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if request.headers.get("authorization") != expected:
            return JSONResponse({"error": "invalid_client"}, 401)
        digest = hashlib.sha256(str(form.get("code_verifier")).encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if asked is None or asked["code_challenge"] != challenge or asked["redirect_uri"] != form.get("redirect_uri"):
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked["nonce"]}
        signed = jwt.encode(
            {"alg": "RS256", "kid": "one"}, claims | self.who | self.spoilt, self.signs_with or self.key
        )
        return JSONResponse({"access_token": "x", "token_type": "Bearer", "id_token": signed})


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@asynccontextmanager
async def served(app: Any, port: int) -> AsyncIterator[None]:
    server = _Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, access_log=False))
    running = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield
    server.should_exit = True
    await running


@pytest.fixture(scope="module")
async def provider() -> AsyncIterator[Provider]:
    port = free_port()
    made = Provider(f"http://127.0.0.1:{port}")
    async with served(made.app, port):
        yield made


@pytest.fixture(scope="module")
async def site(
    module_database_url: str, temporal_client: Client, master_keys: MasterKeys, provider: Provider, browser: Browser
) -> AsyncIterator[Site]:
    """The console of an installation that has a provider."""
    port = free_port()
    settings: dict[str, Any] = {"public_url": f"http://127.0.0.1:{port}", "oidc_issuer": provider.url}
    settings |= {"oidc_client_id": CLIENT, "oidc_client_secret": SECRET, "oidc_roles": ROLES}
    async with open_house(module_database_url, temporal_client, master_keys, **settings) as house:

        @asynccontextmanager
        async def opened() -> AsyncIterator[Services]:
            yield house.services

        async with served(application(opened), port):
            yield Site(house, browser, f"http://127.0.0.1:{port}")


@pytest.fixture(autouse=True)
def honest(provider: Provider) -> None:
    provider.spoilt, provider.signs_with = {}, None


def somebody(name: str, *groups: str, sub: str | None = None) -> dict[str, Any]:
    return {"sub": sub or f"sub-{name}", "name": name, "groups": [*groups]}


async def comes(site: Site, path: str = "/console/sign-in/provider") -> tuple[httpx.Response, httpx.AsyncClient]:
    """A browser without scripts that goes to the provider and back; where it ended."""
    client = httpx.AsyncClient(base_url=site.url, follow_redirects=True)
    return await client.get(path), client


async def known(site: Site, name: str) -> Any:
    return await site.house.parts.people.named(name)


@pytest.mark.parametrize("scripted", [True, False], ids=["with JavaScript", "without JavaScript"])
async def test_somebody_signs_in_with_the_account_of_the_organisation_and_comes_to_the_page_that_was_wanted(
    site: Site, desk: Desk, provider: Provider, scripted: bool
) -> None:
    name = f"陈 {scripted}"
    provider.who = somebody(name, "complaints-desk", "football")
    page = await desk.window(java_script_enabled=scripted)
    await page.goto("/console/queue?view=new")
    assert await violations(page) == [] if scripted else True
    await page.get_by_role("link", name="Sign in with your organisation's account").click()
    await expect(page.locator(".who b")).to_have_text(name)
    assert page.url == f"{site.url}/console/queue?view=new"
    person = await known(site, name)
    assert person.roles == {Role.HOTLINE, Role.HANDLER}
    asked = provider.asked[-1]
    assert asked["redirect_uri"] == f"{site.url}/console/sign-in/returned"
    assert len(asked["state"]) >= 32
    assert asked["state"] != asked["nonce"]


async def test_the_groups_of_now_make_the_roles_and_the_subject_makes_the_person(
    site: Site, provider: Provider
) -> None:
    provider.who = somebody("Mover", "complaints-desk", sub="17")
    await comes(site)
    first = await known(site, "Mover")
    provider.who = somebody("Renamed", "complaints-admins", sub="17")
    answer, _ = await comes(site)
    assert answer.status_code == 200
    assert (await known(site, "Mover")).model_dump() == first.model_dump() | {"roles": frozenset({Role.ADMIN})}
    assert await known(site, "Renamed") is None


async def test_whoever_has_no_group_with_a_role_stays_outside(site: Site, provider: Provider) -> None:
    provider.who = somebody("Outsider", "football")
    answer, client = await comes(site)
    assert (answer.status_code, "no role here" in answer.text) == (403, True)
    assert "amends-session" not in client.cookies
    assert await known(site, "Outsider") is None


async def test_a_name_of_the_registry_is_not_taken_over(site: Site, provider: Provider) -> None:
    provider.who = somebody("admin", "complaints-admins", sub="an impostor")
    answer, client = await comes(site)
    assert (answer.status_code, "in use here" in answer.text) == (403, True)
    assert "amends-session" not in client.cookies


async def test_whoever_has_left_does_not_come_in_by_the_provider(site: Site, provider: Provider) -> None:
    provider.who = somebody("Gone", "complaints-desk")
    await comes(site)
    person = await known(site, "Gone")
    await site.house.services.staff.change(site.house.people["admin"], person.id, {"active": False})
    answer, _ = await comes(site)
    assert (answer.status_code, "closed" in answer.text) == (403, True)


@pytest.mark.parametrize(
    "spoilt",
    [
        {"nonce": "of another attempt"},
        {"aud": "another-client"},
        {"iss": "https://another.example"},
        {"exp": 1_000_000_000},
        {"aud": ["amends-desk", "another"], "azp": "another"},
        {"sub": None},
    ],
    ids=["nonce", "audience", "issuer", "expired", "authorised party", "nobody"],
)
async def test_a_token_that_is_not_for_this_attempt_opens_nothing(
    site: Site, provider: Provider, spoilt: dict[str, Any]
) -> None:
    provider.who, provider.spoilt = somebody("Victim", "complaints-admins"), spoilt
    answer, client = await comes(site)
    assert answer.status_code == 401
    assert "amends-session" not in client.cookies
    assert await known(site, "Victim") is None


async def test_a_token_that_somebody_else_signed_opens_nothing(site: Site, provider: Provider) -> None:
    provider.who = somebody("Forged", "complaints-admins")
    provider.signs_with = RSAKey.generate_key(2048, {"kid": "one"})
    answer, _ = await comes(site)
    assert (answer.status_code, await known(site, "Forged")) == (401, None)


async def test_new_keys_of_the_provider_are_learnt(site: Site, provider: Provider) -> None:
    provider.who = somebody("Later", "complaints-desk")
    provider.key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
    answer, _ = await comes(site)
    assert answer.status_code == 200
    assert await known(site, "Later") is not None


async def test_an_answer_to_the_attempt_of_another_browser_is_refused(site: Site, provider: Provider) -> None:
    """The attacker's code in the victim's browser: without its cookie, with another's, and with another state."""
    provider.who = somebody("Attacker", "complaints-desk")
    async with httpx.AsyncClient(base_url=site.url) as attacker:
        away = await attacker.get("/console/sign-in/provider")
        back = (await attacker.get(away.headers["location"])).headers["location"]
    async with httpx.AsyncClient(base_url=site.url) as victim:
        assert (await victim.get(back)).status_code == 401
        await victim.get("/console/sign-in/provider")
        assert (await victim.get(back)).status_code == 401
        told = dict(parse_qsl(urlsplit(back).query))
        assert (await victim.get("/console/sign-in/returned", params=told | {"state": ""})).status_code == 401
        assert "amends-session" not in victim.cookies


async def test_the_attempt_is_out_of_reach_of_scripts_and_short_lived(site: Site) -> None:
    async with httpx.AsyncClient(base_url=site.url) as client:
        kept = (await client.get("/console/sign-in/provider?next=https://evil.example/")).headers["set-cookie"].lower()
    assert "httponly" in kept
    assert "samesite=lax" in kept
    age = re.search(r"max-age=(\d+)", kept)
    assert age is not None
    assert int(age[1]) <= 600


async def test_nobody_is_led_to_another_site_behind_the_provider(site: Site, provider: Provider) -> None:
    provider.who = somebody("Guided", "complaints-desk")
    for elsewhere in ("https://evil.example/", "//evil.example", "/console/\\evil.example"):
        answer, _ = await comes(site, f"/console/sign-in/provider?next={elsewhere}")
        assert (answer.url.host, answer.url.path) == ("127.0.0.1", "/console/intake")


async def test_without_a_provider_there_is_no_such_way_in(
    module_database_url: str, temporal_client: Client, master_keys: MasterKeys
) -> None:
    async with open_house(module_database_url, temporal_client, master_keys) as plain:

        @asynccontextmanager
        async def opened() -> AsyncIterator[Services]:
            yield plain.services

        app = application(opened)
        async with app.router.lifespan_context(app):
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://amends.test") as client:
                assert (await client.get("/console/sign-in/provider")).status_code == 404
                assert "provider" not in (await client.get("/console/sign-in")).text


def test_the_settings_name_roles_of_staff_only() -> None:
    from pydantic import ValidationError

    from runtime.settings import Settings

    needed: dict[str, Any] = {
        "database_url": "postgresql://a@localhost/b",
        "master_key": base64.b64encode(secrets.token_bytes(32)).decode(),
        "smtp_url": "smtp://127.0.0.1:1",
        "mail_from": "a@example.org",
    }
    assert Settings(**needed, oidc_roles={"desk": ["hotline"]}).oidc_roles == {"desk": (Role.HOTLINE,)}
    for wrong in ({"desk": ["customer"]}, {"desk": ["king"]}, {"desk": []}):
        with pytest.raises(ValidationError):
            Settings(**needed, oidc_roles=wrong)
