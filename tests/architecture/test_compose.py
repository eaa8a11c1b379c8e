"""docker-compose.yml, Dockerfile and .env.example say what is true: held against the program, their scripts run."""

import json
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

import asyncpg
import jsonschema  # type: ignore[import-untyped]
import pytest
import typer
import yaml
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client

from starter.embedded import EmbeddedPostgres, EmbeddedTemporal
from starter.embedded.binaries import postgres_programs, temporal_program
from tests.architecture.source_tree import PACKAGED, PROJECT, ROOT

SECRETS_FOLDER = "/run/secrets"
ONE_SHOTS = {"migrate", "temporal-schema", "temporal-namespace"}
OURS = {"api", "codec-server", "worker", "migrate"}

# $$ is a dollar; ${NAME}, ${NAME:-default} and ${NAME:?why it must be set} are variables.
VARIABLE = re.compile(r"\$(?:(?P<dollar>\$)|\{(?P<name>\w+)(?::-(?P<default>[^}]*)|:\?(?P<why>[^}]*))?\})")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The file as Compose sees it with the settings of .env.example."""
    lines = (ROOT / ".env.example").read_text().splitlines()
    settings = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    text = VARIABLE.sub(
        lambda found: "$" if found["dollar"] else settings.get(found["name"]) or found["default"] or "",
        (ROOT / "docker-compose.yml").read_text(),
    )
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


@pytest.fixture(scope="module")
def services(compose: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = compose["services"]
    return found


def test_the_file_follows_the_compose_specification() -> None:
    schema = json.loads(files("check_jsonschema").joinpath("builtin_schemas/vendor/compose-spec.json").read_text())
    validator = jsonschema.validators.validator_for(schema)(schema)
    written = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    assert [error.message for error in validator.iter_errors(written)] == []


def test_every_service_tells_its_health_or_runs_once(services: dict[str, Any]) -> None:
    assert {name for name, service in services.items() if "healthcheck" not in service} == ONE_SHOTS
    assert all(services[name]["restart"].startswith("on-failure:") for name in ONE_SHOTS)
    assert all(service["restart"] == "unless-stopped" for name, service in services.items() if name not in ONE_SHOTS)


def test_a_service_waits_for_what_it_needs_and_the_api_not_for_temporal(services: dict[str, Any]) -> None:
    for name, service in services.items():
        for needed, how in service.get("depends_on", {}).items():
            expected = "service_completed_successfully" if needed in ONE_SHOTS else "service_healthy"
            assert how["condition"] == expected, f"{name} → {needed}"
    assert set(services["api"]["depends_on"]) == {"migrate"}


def test_no_secret_is_written_down(compose: dict[str, Any], services: dict[str, Any]) -> None:
    suspicious = re.compile(r"PASS|PWD|SECRET|KEY|TOKEN|DATABASE_URL|SMTP_URL")
    for name, service in services.items():
        for variable, value in service.get("environment", {}).items():
            assert urlsplit(value).password is None, f"{name}: {variable}"
            if suspicious.search(variable):
                assert variable.endswith("_FILE"), f"{name}: {variable}"
                assert value.removeprefix(f"{SECRETS_FOLDER}/") in service["secrets"], f"{name}: {variable}"
    assert all(set(secret) == {"file"} for secret in compose["secrets"].values())


def test_every_secret_that_is_used_is_a_file_in_the_folder_that_git_and_the_image_leave_out(
    compose: dict[str, Any], services: dict[str, Any]
) -> None:
    used = {secret for service in services.values() for secret in service.get("secrets", [])}
    assert used == set(compose["secrets"])
    assert {name: secret["file"] for name, secret in compose["secrets"].items()} == {
        name: f"./secrets/{name}" for name in used
    }
    assert "secrets/" in (ROOT / ".gitignore").read_text().splitlines()
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert "secrets" not in allowed
    assert ".env" not in allowed


def test_only_the_api_the_ui_and_its_codec_are_published_and_by_default_on_loopback_alone(
    services: dict[str, Any],
) -> None:
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert set(published) == {"api", "codec-server", "temporal-ui"}
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)
    assert set(services["postgres"]["networks"]) == {"inside"}


def test_every_version_is_named_and_temporal_is_the_one_that_the_tests_run_on(services: dict[str, Any]) -> None:
    images = {name: service["image"] for name, service in services.items() if name not in OURS}
    tags = {name: image.partition(":")[2] for name, image in images.items()}
    assert all(re.fullmatch(r"\d+(\.\d+)+", tag) for tag in tags.values()), tags
    said = subprocess.run([temporal_program(), "--version"], check=True, capture_output=True, text=True).stdout
    assert {tags[name] for name in ("temporal", "temporal-schema", "temporal-namespace")} == set(
        re.findall(r"Server (\S+),", said)
    )
    assert tags["temporal-ui"] in said
    said = subprocess.run(
        [postgres_programs(for_others=False) / "postgres", "--version"], check=True, capture_output=True, text=True
    ).stdout
    assert tags["postgres"].split(".")[0] == said.split()[2].split(".")[0]


def test_our_services_run_commands_that_exist(services: dict[str, Any]) -> None:
    from starter.cli.main import app

    commands = set(typer.main.get_group(app).commands)
    for name in OURS:
        match services[name]["command"]:
            case ["amends", command]:
                assert command in commands
            case ["python", "-m", module]:
                assert find_spec(module) is not None
            case other:
                pytest.fail(f"{name}: {other}")


@pytest.mark.parametrize("name", sorted(OURS))
def test_our_services_are_given_settings_that_let_them_start(
    name: str, services: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from runtime.settings import PREFIX, SECRETS, Settings, load_settings

    made = make_secrets(tmp_path)
    known = {PREFIX + field.upper() for field in Settings.model_fields}
    known |= {f"{PREFIX}{field.upper()}_FILE" for field in SECRETS} | options_of(services[name]["command"])
    for variable, value in services[name]["environment"].items():
        assert variable in known or variable in {"TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE"}
        monkeypatch.setenv(variable, value.replace(SECRETS_FOLDER, str(made)))
    assert load_settings().database_url.endswith("@postgres:5432/amends")


def command_named(name: str) -> Any:
    from starter.cli.main import app

    return typer.main.get_group(app).commands[name]


def options_of(command: list[str]) -> set[str]:
    """The variables that a command of ours takes its options from."""
    if command[0] != "amends":
        return set()
    return {str(option.envvar) for option in command_named(command[1]).params if option.envvar}


def test_the_ui_finds_the_codec_server_that_lets_its_pages_in(services: dict[str, Any]) -> None:
    codec, ui = services["codec-server"], services["temporal-ui"]
    [published] = codec["ports"]
    host_side, _, inside = published.rpartition(":")
    found = {option.envvar: option.default for option in command_named("codec-server").params}
    assert int(inside) == found["AMENDS_CODEC_PORT"]
    assert urlsplit(ui["environment"]["TEMPORAL_CODEC_ENDPOINT"]).netloc == host_side
    assert ui["environment"]["TEMPORAL_CODEC_INCLUDE_CREDENTIALS"] == "true"
    [ui_published] = ui["ports"]
    assert urlsplit(codec["environment"]["AMENDS_CODEC_ORIGINS"]).netloc == ui_published.rpartition(":")[0]
    assert codec["environment"]["AMENDS_CODEC_HOST"] == "0.0.0.0"


def make_secrets(folder: Path) -> Path:
    """The secrets as `make secrets` makes them, with the one that it leaves to a person."""
    subprocess.run(
        ["make", "--silent", "-f", ROOT / "Makefile", "secrets", f"PYTHON={sys.executable}"], cwd=folder, check=True
    )
    smtp = folder / "secrets" / "smtp_url"
    smtp.write_text("smtp://user:password@mail.example:587?starttls=1\n")
    smtp.chmod(0o640)
    return folder / "secrets"


def test_secrets_are_made_once_for_their_owner_and_group_only(compose: dict[str, Any], tmp_path: Path) -> None:
    made = make_secrets(tmp_path)
    assert {path.name for path in made.iterdir()} == set(compose["secrets"])
    assert {path.stat().st_mode & 0o777 for path in made.iterdir()} == {0o640}
    first = {path.name: path.read_text() for path in made.iterdir()}
    assert len(set(first.values())) == len(first)
    assert {path.name: path.read_text() for path in make_secrets(tmp_path).iterdir()} == first


def script(compose: dict[str, Any], name: str) -> str:
    text: str = compose["configs"][name]["content"]
    return text


@pytest.fixture
async def new_cluster(tmp_path: Path) -> AsyncIterator[SplitResult]:
    """The address of a server of its own: the script makes roles, which all databases of a server share."""
    server = EmbeddedPostgres(tmp_path, settings={"fsync": "off"})
    await server.start()
    yield urlsplit(server.url)
    await server.stop()


@pytest.mark.services
async def test_the_databases_are_made_for_their_owners_alone_and_take_our_schema(
    compose: dict[str, Any], new_cluster: SplitResult, tmp_path: Path
) -> None:
    from storage.migrating import migrate

    made = make_secrets(tmp_path)
    run_script(
        script(compose, "make_databases").replace(SECRETS_FOLDER, str(made)),
        programs=postgres_programs(for_others=False),
        POSTGRES_USER="postgres",
        PGHOST=str(new_cluster.hostname),
        PGPORT=str(new_cluster.port),
        PGPASSWORD=str(new_cluster.password),
    )
    address = f"{new_cluster.hostname}:{new_cluster.port}"
    assert await migrate((made / "database_url").read_text().strip().replace("postgres:5432", address))
    as_amends = f"postgresql://amends:{(made / 'amends_password').read_text().strip()}@{address}"
    for role in ("api", "worker"):
        url = (made / f"{role}_database_url").read_text().strip().replace("postgres:5432", address)
        connection = await asyncpg.connect(url)
        await connection.close()
    as_temporal = f"postgresql://temporal:{(made / 'temporal_password').read_text().strip()}@{address}"
    for database in ("temporal", "temporal_visibility"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await asyncpg.connect(f"{as_amends}/{database}")
        connection = await asyncpg.connect(f"{as_temporal}/{database}")
        await connection.execute("CREATE EXTENSION btree_gin")  # as the schema of Temporal's visibility does
        await connection.close()


async def test_the_namespace_is_made_with_its_retention_and_our_search_attributes(
    compose: dict[str, Any], services: dict[str, Any], temporal_server: EmbeddedTemporal
) -> None:
    from contracts.search_attributes import ALL

    settings = {**services["temporal-namespace"]["environment"], "TEMPORAL_ADDRESS": temporal_server.address}
    for _ in ("the first start", "every other start"):
        run_script(script(compose, "make_namespace"), programs=temporal_program().parent, **settings)
    client = await Client.connect(temporal_server.address)
    ours = settings["TEMPORAL_NAMESPACE"]
    namespace = await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=ours))
    assert namespace.config.workflow_execution_retention_ttl.ToTimedelta().days == 30
    known = await client.operator_service.list_search_attributes(ListSearchAttributesRequest(namespace=ours))
    assert dict(known.custom_attributes) == {key.name: int(key.indexed_value_type) for key in ALL}


def run_script(text: str, programs: Path, **environment: str) -> None:
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-e", "-c", text], env={"PATH": path, **environment}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def dockerfile() -> list[list[str]]:
    """The instructions of the Dockerfile in words, continued lines joined."""
    text = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text())
    return [line.split() for line in text.splitlines() if line and not line.startswith("#")]


def copied(dockerfile: list[list[str]]) -> Iterator[str]:
    for instruction, *words in dockerfile:
        if instruction == "COPY" and not words[0].startswith("--from="):
            yield from (word.rstrip("/") for word in words[:-1])


def test_the_image_copies_what_exists_and_all_that_the_wheel_holds(dockerfile: list[list[str]]) -> None:
    beside = {"pyproject.toml", PROJECT["project"]["readme"], "requirements.txt", "requirements-dev.txt"}
    assert set(copied(dockerfile)) == {*PACKAGED, *beside}
    assert all((ROOT / path).exists() for path in copied(dockerfile))


def test_the_build_sees_what_the_image_copies_and_nothing_else(dockerfile: list[list[str]]) -> None:
    first, *others = [
        line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")
    ]
    assert first == "*"
    assert {line[1:] for line in others if line.startswith("!")} == set(copied(dockerfile))


def test_the_image_runs_without_rights_and_installs_only_what_the_lock_names(dockerfile: list[list[str]]) -> None:
    users = [words[0] for instruction, *words in dockerfile if instruction == "USER"]
    assert [user.split(":")[0] not in {"0", "root"} for user in users] == [True]
    installs = [words for instruction, *words in dockerfile if instruction == "RUN" and "install" in words]
    assert "--require-hashes" in installs[1]
    assert "fonts-noto-cjk" in installs[-1]
    assert any(instruction == "FROM" and words[-2:] == ["AS", "build"] for instruction, *words in dockerfile)


def test_the_image_and_the_makefile_use_the_same_installer() -> None:
    pinned = re.search(r"^UV_VERSION := (\S+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert pinned is not None
    assert f"uv=={pinned[1]}\n" in (ROOT / "Dockerfile").read_text()
