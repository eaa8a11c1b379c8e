"""The settings of a process, read from the environment (prefix `AMENDS_`) and checked before anything starts.

Owns their names, defaults and what is expected of each. The connection to Temporal is not here: the SDK reads its own
variables (`TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE`, `TEMPORAL_API_KEY`, …), see `runtime.temporal`.
"""

import os
import stat
from collections.abc import Callable, Mapping
from datetime import timedelta
from email.utils import parseaddr
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import available_timezones

import phonenumbers
from pydantic import AfterValidator, BeforeValidator, Field, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from domain.access import STAFF_ROLES, Role
from storage.identities import normalise_email
from storage.keys import MasterKeyError, MasterKeys

PREFIX = "AMENDS_"

SECRETS = ("database_url", "master_key", "smtp_url", "mailbox_url", "sms_url", "oidc_client_secret")
"""Settings that hold a password or a key: each may be given as `AMENDS_…_FILE`, the name of a file, instead."""


class SettingsError(Exception):
    """The process cannot start: `problems` names each variable and what is expected of it, never its value."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("the settings are not usable:\n" + "\n".join(f"  {problem}" for problem in problems))
        self.problems = tuple(problems)


def _only_if(is_usable: Callable[[str], object]) -> AfterValidator:
    """Accept a text for which the test is true and does not raise ValueError; its message is never shown."""

    def check(text: str) -> str:
        if not is_usable(text):
            raise ValueError
        return text

    return AfterValidator(check)


def _url(*schemes: str) -> AfterValidator:
    def is_usable(url: str) -> object:
        parts = urlsplit(url)
        return parts.scheme in schemes and parts.port != 0 and (parts.hostname or parts.path.strip("/") or parts.query)

    return _only_if(is_usable)


def _is_network(text: str) -> object:
    return ip_network(text)


def _names_an_account(url: str) -> object:
    parts = urlsplit(url)
    return parts.username and parts.password


PLACEHOLDERS = frozenset(
    {"", "password", "postgres", "amends", "changeme", "change-me", "admin", "test", "root", "123456"}
)
"""Passwords that everybody tries first."""


def _has_own_password(url: str) -> bool:
    """Whether the password, if one is given, is nobody's default."""
    parts = urlsplit(url)
    return parts.password is None or parts.password.casefold() not in PLACEHOLDERS | {(parts.username or "").casefold()}


def _only_of_staff() -> AfterValidator:
    """Roles that somebody of the registry can have."""

    def check(roles: tuple[Role, ...]) -> tuple[Role, ...]:
        if not STAFF_ROLES.issuperset(roles):
            raise ValueError
        return roles

    return AfterValidator(check)


def _from_seconds(value: Any) -> Any:
    try:
        return float(value)
    except (TypeError, ValueError):
        return value


class Settings(BaseSettings):
    """What a process of Amends is told; the descriptions say what is expected and are shown when it is not met."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="ignore", hide_input_in_errors=True
    )

    database_url: Annotated[str, _url("postgresql", "postgres"), _only_if(_has_own_password)] = Field(
        repr=False, description="a URL such as postgresql://user:…@host:5432/amends, with a password that is no default"
    )
    master_key: Annotated[str, _only_if(MasterKeys.parse)] = Field(
        repr=False, description="a base64 key of 32 bytes, or several as id:base64,id:base64 with the newest first"
    )
    database_pool_size: int = Field(default=10, ge=1, le=100, description="a number of connections from 1 to 100")

    host: str = Field(default="127.0.0.1", description="the address that the API listens at")
    port: int = Field(default=8080, ge=1, le=65535, description="a port from 1 to 65535")
    public_url: Annotated[str, _url("http", "https")] = Field(
        default_factory=lambda data: f"http://{data['host']}:{data['port']}",
        description="the URL under which customers reach this installation, such as https://complaints.example.org",
    )
    trusted_proxies: tuple[Annotated[str, _only_if(_is_network)], ...] = Field(
        default=(),
        description='networks whose X-Forwarded-For is believed, as JSON: ["10.0.0.0/8"]; none, if absent',
    )
    public_pages_per_minute: int = Field(
        default=120, ge=1, le=1_000_000, description="how many public pages one address may ask for in a minute"
    )
    public_complaints_per_hour: int = Field(
        default=60, ge=1, le=1_000_000, description="how many complaints one address may send in an hour"
    )
    webhook_private_targets: bool = Field(
        default=False, description="true where webhooks may lead into private networks and go without TLS"
    )
    webhook_time_limit: Annotated[timedelta, BeforeValidator(_from_seconds)] = Field(
        default=timedelta(seconds=20),
        ge=timedelta(seconds=1),
        le=timedelta(seconds=30),
        description="seconds that an endpoint of webhooks may take to answer, from 1 to 30",
    )
    session_idle: Annotated[timedelta, BeforeValidator(_from_seconds)] = Field(
        default=timedelta(minutes=30),
        ge=timedelta(minutes=1),
        le=timedelta(hours=24),
        description="seconds after which somebody who does nothing is signed out of the console, from 60 to 86400",
    )
    session_longest: Annotated[timedelta, BeforeValidator(_from_seconds)] = Field(
        default=timedelta(hours=10),
        ge=timedelta(minutes=5),
        le=timedelta(days=7),
        description="seconds after which everybody signs in to the console again, from 300 to 604800",
    )
    oidc_issuer: Annotated[str, _url("http", "https")] | None = Field(
        default=None,
        description="the issuer of the OpenID provider that people sign in with, such as https://login.example.org",
    )
    oidc_client_id: str = Field(default="amends", min_length=1, description="our name at the OpenID provider")
    oidc_client_secret: str | None = Field(
        default=None, repr=False, description="our secret at the OpenID provider; none for a public client"
    )
    oidc_scope: str = Field(default="openid profile", pattern=r"^openid( |$)", description="scopes, openid the first")
    oidc_name_claim: str = Field(default="name", min_length=1, description="the claim with the name of a person")
    oidc_groups_claim: str = Field(default="groups", min_length=1, description="the claim with the groups of a person")
    oidc_roles: dict[str, Annotated[tuple[Role, ...], Field(min_length=1), _only_of_staff()]] = Field(
        default={}, description='roles by group, as JSON: {"complaints-desk": ["hotline", "handler"]}'
    )
    oidc_adopts_names: bool = Field(
        default=False,
        description="true where somebody of the registry may be recognised by the name that the provider says",
    )
    emergency_phone: Annotated[str, Field(pattern=r"^[^<>\x00-\x1f]{1,80}$")] | None = Field(
        default=None, description="the number to call in danger, shown to customers, such as 119"
    )

    smtp_url: Annotated[str, _url("smtp", "smtps")] = Field(
        repr=False, description="a URL such as smtp://user:password@host:587?starttls=1 or smtps://user:password@host"
    )
    mail_from: Annotated[str, _only_if(lambda sender: normalise_email(parseaddr(sender)[1]))] = Field(
        description="the sender of mails, such as Hotline <hotline@example.org>"
    )
    return_path: Annotated[str, _only_if(normalise_email)] | None = Field(
        default=None,
        description="the address that mails come back to, such as bounces@example.org, where bounces+… arrives too",
    )
    mailbox_url: Annotated[str, _url("imap", "imaps"), _only_if(_names_an_account)] | None = Field(
        default=None,
        repr=False,
        description="the mailbox of returned mail, such as imaps://user:password@host/INBOX; nothing else may use it",
    )
    mailbox_every: Annotated[timedelta, BeforeValidator(_from_seconds)] = Field(
        default=timedelta(seconds=60),
        ge=timedelta(seconds=1),
        le=timedelta(hours=1),
        description="seconds between two looks into the mailbox of returned mail, from 1 to 3600",
    )
    sms_url: Annotated[str, _url("http", "https"), _only_if(_names_an_account)] | None = Field(
        default=None, repr=False, description="the URL of an SMS gateway such as https://key:secret@host/send"
    )

    sms_signature: str = Field(
        default="Amends", min_length=1, max_length=40, description="the registered signature of text messages"
    )
    sms_templates: dict[str, str] = Field(
        default={},
        description='JSON that names the gateway\'s templates, such as {"acknowledgement.zh.sms.1": "SMS_1001"}',
    )

    default_region: Annotated[str, _only_if(phonenumbers.SUPPORTED_REGIONS.__contains__)] = Field(
        default="CN", description="the country whose phone numbers are written without a code, such as CN or GB"
    )
    time_zone: Annotated[str, _only_if(lambda zone: zone in available_timezones())] = Field(
        default="Asia/Shanghai", description="a zone of the IANA database such as Asia/Shanghai"
    )
    default_policy: str = Field(
        default="default", pattern=r"^[a-z0-9][a-z0-9-]*$", description="the id of a policy, such as default"
    )
    step_attempts: int = Field(
        default=5, ge=1, le=50, description="how often a step is tried before it is parked, from 1 to 50"
    )
    step_first_wait: Annotated[timedelta, BeforeValidator(_from_seconds)] = Field(
        default=timedelta(seconds=2), gt=timedelta(0), description="seconds before a failed step is tried again"
    )

    files_dir: Path = Field(default=Path("files"), description="the folder in which sealed files are kept")

    erasures_file: Path = Field(
        default_factory=lambda data: data["files_dir"] / "erasures.jsonl",
        description="the file in which erasures are noted; keep it apart from the backups",
    )

    worker_build: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")] | None = Field(
        default=None,
        description="the build of this worker, such as 0.2.0-3f9a1c, where cases are routed by build (decision 29)",
    )
    task_queue: str = Field(default="amends", min_length=1, max_length=200, description="the name of a task queue")
    temporal_metrics: Annotated[str, Field(pattern=r"^[^\s/]+:\d{1,5}$")] | None = Field(
        default=None, description="the host:port at which the Temporal SDK shows its metrics, such as 127.0.0.1:9464"
    )
    accept_plain_payloads: bool = Field(
        default=False, description="true only while unsealed payloads of earlier runs must still be read"
    )

    temporal_ui_url: Annotated[str, _url("http", "https")] | None = Field(
        default=None,
        description="the URL of Temporal's own pages, to which operators are linked, such as http://127.0.0.1:8233",
    )

    log_format: Literal["json", "console"] = Field(default="json", description="json or console")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="DEBUG, INFO, WARNING or ERROR"
    )

    def master_keys(self) -> MasterKeys:
        """The ring of master keys."""
        return MasterKeys.parse(self.master_key)


def load_settings() -> Settings:
    """Read and check the settings of this process; raises SettingsError with every problem at once."""
    secrets, problems = _read_secret_files(os.environ)
    try:
        settings = Settings(**secrets)
    except ValidationError as refused:
        seen = {problem.partition(":")[0].removesuffix("_FILE") for problem in problems}
        problems += [_describe(error) for error in refused.errors() if _is_new(error, seen)]
        raise SettingsError(sorted(problems)) from None  # the cause would show the values
    if problems:
        raise SettingsError(sorted(problems))
    return settings


def _read_secret_files(environment: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """The secrets given as files, by setting, and a problem for each that cannot be read."""
    secrets: dict[str, Any] = {}
    problems: list[str] = []
    for name in SECRETS:
        variable = PREFIX + name.upper()
        path = environment.get(f"{variable}_FILE")
        if not path:
            continue
        if environment.get(variable):
            problems.append(f"{variable}: is set beside {variable}_FILE; expected one of them")
            continue
        try:
            secrets[name] = _read_secret(Path(path))
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            problems.append(f"{variable}_FILE: {reason}; expected a file that only its owner and group may read")
    return secrets, problems


def _read_secret(path: Path) -> str:
    if path.stat().st_mode & stat.S_IROTH:
        raise ValueError("everybody may read this file")
    return path.read_text("utf-8").strip()


def _is_new(error: ErrorDetails, seen: set[str]) -> bool:
    return _variable(error) not in seen and error["type"] != "default_factory_not_called"


def _describe(error: ErrorDetails) -> str:
    return f"{_variable(error)}: {_fault(error)}expected {Settings.model_fields[str(error['loc'][0])].description}"


def _fault(error: ErrorDetails) -> str:
    """What is wrong, as far as it can be said without showing the value."""
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, MasterKeyError):
        return f"{cause}; "
    return "is not set; " if error["type"] == "missing" else ""


def _variable(error: ErrorDetails) -> str:
    return PREFIX + str(error["loc"][0]).upper()
