"""Signing in with the organisation's own accounts: OpenID Connect Core 1.0, the authorization code flow with PKCE.

The provider says who somebody is and in which groups; which roles that makes is said by our settings. Nothing of the
provider's is kept but its name for the person.
"""

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NoReturn

import httpx
import structlog
from authlib.common.urls import add_params_to_uri  # type: ignore[import-untyped]
from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]
from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from domain.access import Person, Role
from runtime.settings import Settings
from starter.problems import Problem, unavailable
from storage.pool import Pool
from storage.provider_identities import HasLeft, NameTaken, ProviderIdentities

RETURNED = "/console/sign-in/returned"
ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
LEEWAY_SECONDS = 60
PATIENCE_SECONDS = 10.0
LONGEST_NAME = 100

audit = structlog.get_logger("amends.audit")


@dataclass(frozen=True, slots=True)
class Attempt:
    """What a browser keeps while somebody is at the provider: proof that who returns is the one who left."""

    state: str
    nonce: str
    verifier: str

    @classmethod
    def new(cls) -> "Attempt":
        return cls(secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48))


class SingleSignOn:
    """The provider of an installation, and the people that it lets in."""

    def __init__(self, settings: Settings, issuer: str, pool: Pool) -> None:
        self._settings = settings
        self._issuer = issuer
        self._identities = ProviderIdentities(pool)
        self._found: dict[str, Any] | None = None
        self._keys: KeySet | None = None
        self._turn = asyncio.Lock()

    @classmethod
    def by(cls, settings: Settings, pool: Pool) -> "SingleSignOn | None":
        """That of the settings; none, if they name no provider."""
        return None if settings.oidc_issuer is None else cls(settings, settings.oidc_issuer, pool)

    async def address(self, attempt: Attempt) -> str:
        """Where somebody is sent to sign in. Raises `Problem` 503."""
        provider = await self._provider()
        asked = {
            "response_type": "code",
            "client_id": self._settings.oidc_client_id,
            "redirect_uri": self._returns_to,
            "scope": self._settings.oidc_scope,
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": create_s256_code_challenge(attempt.verifier),
            "code_challenge_method": "S256",
        }
        return str(add_params_to_uri(provider["authorization_endpoint"], list(asked.items())))

    async def returned(self, attempt: Attempt, said: Mapping[str, str]) -> Person:
        """Who came back. Raises `Problem`: 401 for an answer that is not to this attempt, or not the provider's; 403
        for somebody without a role, of a name that is in use, or who has left; 503.
        """
        if not secrets.compare_digest(said.get("state", "").encode(), attempt.state.encode()):
            _refuse("state")
        if said.get("iss", self._issuer) != self._issuer:  # RFC 9207: an answer of another provider, mixed in
            _refuse("issuer")
        if said.get("error") or not said.get("code"):
            _refuse("provider")
        tokens = await self._exchanged(said["code"], attempt)
        claims = await self._checked(str(tokens.get("id_token", "")), str(tokens.get("access_token", "")), attempt)
        return await self._person(claims)

    @property
    def _returns_to(self) -> str:
        return self._settings.public_url.rstrip("/") + RETURNED

    async def _person(self, claims: Mapping[str, Any]) -> Person:
        name = str(claims.get(self._settings.oidc_name_claim) or "").strip()[:LONGEST_NAME]
        roles = self._roles(claims.get(self._settings.oidc_groups_claim))
        if not name or not name.isprintable():
            _refuse("name")
        if not roles:
            audit.warning("sign-in refused", by="provider", why="no role")
            raise Problem(403, "no_role", "none of the groups has a role here")
        now, adopts = datetime.now(UTC), self._settings.oidc_adopts_names
        try:
            return await self._identities.settle(
                self._issuer, str(claims["sub"]), name, roles, now, adopts_names=adopts
            )
        except NameTaken:
            audit.warning("sign-in refused", by="provider", why="name taken")
            raise Problem(403, "name_taken", "somebody else of this name is in the registry") from None
        except HasLeft:
            audit.warning("sign-in refused", by="provider", why="has left")
            raise Problem(403, "left", "the person has left") from None

    def _roles(self, groups: Any) -> frozenset[Role]:
        named = [groups] if isinstance(groups, str) else groups if isinstance(groups, list) else []
        return frozenset(role for group in named for role in self._settings.oidc_roles.get(str(group), ()))

    async def _exchanged(self, code: str, attempt: Attempt) -> dict[str, Any]:
        provider = await self._provider()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._returns_to,
            "client_id": self._settings.oidc_client_id,
            "code_verifier": attempt.verifier,
        }
        secret = self._settings.oidc_client_secret
        known = provider.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        basic = None
        if secret and "client_secret_basic" in known:
            basic = httpx.BasicAuth(self._settings.oidc_client_id, secret)
        elif secret:
            form["client_secret"] = secret
        async with _calling() as client:
            try:
                answer = await client.post(
                    provider["token_endpoint"], data=form, auth=basic or httpx.USE_CLIENT_DEFAULT
                )
            except httpx.HTTPError:
                raise _away() from None
        if answer.status_code >= 500:
            raise _away()
        body = _as_object(answer)
        if answer.status_code != 200 or body is None:
            _refuse("code")
        return body

    async def _checked(self, token: str, access_token: str, attempt: Attempt) -> Mapping[str, Any]:
        """The claims of an ID token (Core, 3.1.3.7): signed by the provider, for us, of this attempt, not expired."""
        claims = await self._signed(token)
        wanted = {
            "iss": {"essential": True, "value": self._issuer},
            "aud": {"essential": True, "value": self._settings.oidc_client_id},
            "sub": {"essential": True},
            "nonce": {"essential": True, "value": attempt.nonce},
        }
        asked = {"nonce": attempt.nonce, "client_id": self._settings.oidc_client_id, "access_token": access_token}
        checked = CodeIDToken(claims, {}, wanted, asked)
        try:
            checked.validate(leeway=LEEWAY_SECONDS)
        except Exception as error:
            _refuse(type(error).__name__)
        return dict(checked)

    async def _signed(self, token: str) -> dict[str, Any]:
        for is_last in (False, True):
            try:
                return dict(jwt.decode(token, await self._key_set(again=is_last), algorithms=[*ALGORITHMS]).claims)
            except (JoseError, ValueError):
                if is_last:  # the provider may have new keys: they were read again
                    _refuse("signature")
        raise AssertionError

    async def _provider(self) -> dict[str, Any]:
        """What the provider says of itself (OpenID Connect Discovery 1.0), read once."""
        if self._found is None:
            found = await self._read(self._issuer.rstrip("/") + "/.well-known/openid-configuration")
            if found.get("issuer") != self._issuer:
                raise _away()
            self._found = found
        return self._found

    async def _key_set(self, *, again: bool) -> KeySet:
        async with self._turn:
            if self._keys is None or again:
                provider = await self._provider()
                self._keys = KeySet.import_key_set(await self._read(provider["jwks_uri"]))  # type: ignore[arg-type]
            return self._keys

    async def _read(self, url: str) -> dict[str, Any]:
        async with _calling() as client:
            try:
                answer = await client.get(url)
            except httpx.HTTPError:
                raise _away() from None
        body = _as_object(answer)
        if answer.status_code != 200 or body is None:
            raise _away()
        return body


def _calling() -> httpx.AsyncClient:
    return httpx.AsyncClient(timeout=PATIENCE_SECONDS, follow_redirects=False)


def _as_object(answer: httpx.Response) -> dict[str, Any] | None:
    try:
        body = answer.json()
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _away() -> Problem:
    return unavailable("provider_away", "the identity provider does not answer as it should")


def _refuse(why: str) -> NoReturn:
    audit.warning("sign-in refused", by="provider", why=why)
    raise Problem(401, "provider_refused", "the answer of the identity provider was not accepted")
