"""What the OpenAPI document allows and what it forbids, made up by Schemathesis and sent as every role (S4)."""

import asyncio
import os
import re
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest
import uvicorn

from domain.access import Role
from starter.api.app import application
from starter.api.protocol import SERVER_BOUNDS, PatientProtocol
from starter.services import Services
from tests.api.visitors import Api
from tests.security.figures import row

pytestmark = pytest.mark.slow

SEED = int(os.environ.get("AMENDS_SEED", "20261127"))
NOT_ASKED = (
    "positive_data_acceptance",  # codes, references and guards are not in the schema, so that 422 and 409 are right
    "object_level_authorization",  # tests/security/test_object_level.py
)
LONG_EXAMPLES = int(os.environ.get("AMENDS_FUZZ_EXAMPLES", "10"))
"""Examples an operation and role in the long tier; who has every role also sends 19,000 cases of coverage."""


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The signals stay the test run's."""
        yield


@pytest.fixture(scope="module")
async def url(api: Api) -> AsyncIterator[str]:
    """Where the API of the house listens."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[Services]:
        yield api.house.services

    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        application(opened), log_config=None, access_log=False, http=PatientProtocol, **SERVER_BOUNDS
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve([listener]))
    while not server.started:
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    await serving


async def fuzz(url: str, token: str, folder: Path, *options: str) -> tuple[int, int, str]:
    """One run of Schemathesis; how many requests it made, its exit code, and what it said."""
    report = folder / "report.ndjson"
    command = ["run", f"{url}/openapi.json", "--url", url, "--header", f"Authorization: Bearer {token}", "--no-color"]
    command += ["--checks", "all", "--exclude-checks", ",".join(NOT_ASKED), "--seed", str(SEED)]
    command += ["--suppress-health-check", "all", "--continue-on-failure", "--warnings", "off"]
    command += ["--report", "ndjson", "--report-ndjson-path", str(report), *options]
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("st")),
        *command,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=folder,
    )
    said, _ = await process.communicate()
    text = said.decode("utf-8", "replace")
    made = re.search(r"(\d[\d,]*) generated", text)
    return (int(made[1].replace(",", "")) if made else 0), int(process.returncode or 0), text


async def finds_no_defect(api: Api, url: str, folder: Path, who: str, *options: str) -> None:
    made, code, said = await fuzz(url, api[who].token, folder, *options)
    assert code == 0, said[-6_000:]
    assert made > 100
    row("S4", f"as {who}: {' '.join(options)}", f"{made} cases, 0 failures", seed=SEED)


async def test_a_person_with_every_role_finds_no_defect(api: Api, url: str, tmp_path: Path) -> None:
    await api.enrol("everybody", *Role)
    few = ("--phases", "fuzzing", "--max-examples", "1", "--exclude-path-regex", "/commands/|/bulk/")
    await finds_no_defect(api, url, tmp_path, "everybody", *few)


@pytest.mark.long
@pytest.mark.parametrize("who", ["everybody", *Role])
async def test_no_role_finds_a_defect_in_many_examples(api: Api, url: str, tmp_path: Path, who: str) -> None:
    await api.enrol("everybody", *Role)
    phases = "examples,coverage,fuzzing,stateful" if who == "everybody" else "examples,fuzzing"
    await finds_no_defect(api, url, tmp_path, who, "--phases", phases, "--max-examples", str(LONG_EXAMPLES))
