"""Settings: what is missing or wrong is named, with what is expected, and no secret is shown."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from runtime.settings import SettingsError, load_settings
from storage.keys import MasterKeys

KEY = MasterKeys.generate().reveal()
COMPLETE = {
    "AMENDS_DATABASE_URL": "postgresql://amends:SECRET@db:5432/amends",
    "AMENDS_MASTER_KEY": KEY,
    "AMENDS_SMTP_URL": "smtp://hotline:SECRET@mail.example.org:587?starttls=1",
    "AMENDS_MAIL_FROM": "Hotline <hotline@example.org>",
}


@pytest.fixture(autouse=True)
def no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for variable in os.environ:
        if variable.startswith("AMENDS_"):
            monkeypatch.delenv(variable)


def set_environment(monkeypatch: pytest.MonkeyPatch, variables: Mapping[str, str]) -> None:
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value)


def problems_with(monkeypatch: pytest.MonkeyPatch, **changes: str) -> tuple[str, ...]:
    set_environment(monkeypatch, COMPLETE | changes)
    with pytest.raises(SettingsError) as refusal:
        load_settings()
    assert "SECRET" not in str(refusal.value)
    assert KEY.partition(":")[2] not in str(refusal.value)
    return refusal.value.problems


def test_the_four_settings_without_a_default_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    set_environment(monkeypatch, COMPLETE)
    settings = load_settings()
    assert settings.database_url == COMPLETE["AMENDS_DATABASE_URL"]
    assert settings.master_keys().ids == MasterKeys.parse(KEY).ids
    assert (settings.host, settings.port, settings.task_queue) == ("127.0.0.1", 8080, "amends")
    assert settings.sms_url is None


def test_every_missing_setting_is_named_at_once() -> None:
    with pytest.raises(SettingsError) as refusal:
        load_settings()
    assert [problem.partition(": is not set; expected")[0] for problem in refusal.value.problems] == sorted(COMPLETE)


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("AMENDS_DATABASE_URL", "mysql://u:SECRET@db/amends", "expected a URL such as postgresql://"),
        ("AMENDS_DATABASE_URL", "postgresql://u:SECRET@[db/amends", "expected a URL such as postgresql://"),
        ("AMENDS_DATABASE_URL", "postgresql://", "expected a URL such as postgresql://"),
        ("AMENDS_MASTER_KEY", "SECRET", "entry 1 is not base64; expected a base64 key of 32 bytes"),
        ("AMENDS_SMTP_URL", "mail.example.org", "expected a URL such as smtp://"),
        ("AMENDS_SMTP_URL", "smtp://u:SECRET@mail:99999", "expected a URL such as smtp://"),
        ("AMENDS_MAIL_FROM", "hotline", "expected the sender of mails"),
        ("AMENDS_SMS_URL", "ftp://SECRET@sms", "expected the URL of an SMS gateway"),
        ("AMENDS_PORT", "0", "expected a port from 1 to 65535"),
        ("AMENDS_PORT", "http", "expected a port from 1 to 65535"),
        ("AMENDS_PUBLIC_URL", "example.org", "expected the URL under which customers reach"),
        ("AMENDS_DATABASE_POOL_SIZE", "0", "expected a number of connections"),
        ("AMENDS_DEFAULT_REGION", "China", "expected the country"),
        ("AMENDS_TIME_ZONE", "Asia/Peking", "expected a zone of the IANA database"),
        ("AMENDS_TIME_ZONE", "../etc/passwd", "expected a zone of the IANA database"),
        ("AMENDS_STEP_ATTEMPTS", "51", "expected how often a step is tried"),
        ("AMENDS_STEP_FIRST_WAIT", "-1", "expected seconds"),
        ("AMENDS_STEP_FIRST_WAIT", "soon", "expected seconds"),
        ("AMENDS_TEMPORAL_METRICS", "9464", "expected the host:port"),
        ("AMENDS_LOG_FORMAT", "xml", "expected json or console"),
        ("AMENDS_LOG_LEVEL", "LOUD", "expected DEBUG, INFO, WARNING or ERROR"),
        ("AMENDS_ACCEPT_PLAIN_PAYLOADS", "perhaps", "expected true only while"),
    ],
)
def test_a_wrong_setting_is_named_with_what_is_expected(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, expected: str
) -> None:
    (problem,) = problems_with(monkeypatch, **{variable: value})
    assert problem.startswith(f"{variable}: ")
    assert expected in problem


def test_a_key_that_is_too_short_is_refused_without_being_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    (problem,) = problems_with(monkeypatch, AMENDS_MASTER_KEY=KEY.partition(":")[2][:40])
    assert "entry 1 has 30 bytes instead of 32" in problem  # 40 characters of base64 are 30 bytes


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    set_environment(monkeypatch, COMPLETE | {"AMENDS_SMS_URL": "", "AMENDS_PORT": ""})
    settings = load_settings()
    assert (settings.sms_url, settings.port) == (None, 8080)


def test_seconds_are_read_as_a_duration(monkeypatch: pytest.MonkeyPatch) -> None:
    set_environment(monkeypatch, COMPLETE | {"AMENDS_STEP_FIRST_WAIT": "0.25"})
    assert load_settings().step_first_wait == timedelta(milliseconds=250)


def test_the_public_url_is_where_the_api_listens_unless_it_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    set_environment(monkeypatch, COMPLETE | {"AMENDS_PORT": "9000"})
    assert load_settings().public_url == "http://127.0.0.1:9000"
    monkeypatch.setenv("AMENDS_PUBLIC_URL", "https://complaints.example.org")
    assert load_settings().public_url == "https://complaints.example.org"


def test_a_wrong_port_is_not_reported_a_second_time_for_the_public_url(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(problems_with(monkeypatch, AMENDS_PORT="-1")) == 1


def test_no_secret_shows_when_settings_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    set_environment(monkeypatch, COMPLETE)
    shown = repr(load_settings())
    assert "hotline@example.org" in shown
    assert "SECRET" not in shown
    assert KEY.partition(":")[2] not in shown


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text(KEY + "\n")
    path.chmod(0o640)
    return path


def test_a_secret_may_be_given_as_a_file(monkeypatch: pytest.MonkeyPatch, secret_file: Path) -> None:
    set_environment(monkeypatch, COMPLETE | {"AMENDS_MASTER_KEY_FILE": str(secret_file)})
    monkeypatch.delenv("AMENDS_MASTER_KEY")
    assert load_settings().master_keys().ids == MasterKeys.parse(KEY).ids


def test_a_secret_file_that_everybody_may_read_is_refused(monkeypatch: pytest.MonkeyPatch, secret_file: Path) -> None:
    secret_file.chmod(0o644)
    monkeypatch.setenv("AMENDS_MASTER_KEY_FILE", str(secret_file))
    (problem,) = problems_with(monkeypatch, AMENDS_MASTER_KEY="")
    assert problem.startswith("AMENDS_MASTER_KEY_FILE: everybody may read this file; expected")


def test_a_secret_file_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (problem,) = problems_with(monkeypatch, AMENDS_DATABASE_URL="", AMENDS_DATABASE_URL_FILE=str(tmp_path / "nothing"))
    assert problem.startswith("AMENDS_DATABASE_URL_FILE: No such file or directory; expected")


def test_a_secret_given_twice_is_refused(monkeypatch: pytest.MonkeyPatch, secret_file: Path) -> None:
    (problem,) = problems_with(monkeypatch, AMENDS_MASTER_KEY_FILE=str(secret_file))
    assert problem == "AMENDS_MASTER_KEY: is set beside AMENDS_MASTER_KEY_FILE; expected one of them"


@pytest.mark.parametrize("password", ["", "password", "Postgres", "changeme", "amends"])
def test_a_default_or_empty_password_of_the_database_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, password: str
) -> None:
    (problem,) = problems_with(monkeypatch, AMENDS_DATABASE_URL=f"postgresql://amends:{password}@db/amends")
    assert problem.startswith("AMENDS_DATABASE_URL: expected")
    assert "no default" in problem
