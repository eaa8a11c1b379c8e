"""Reaching a running installation from the command line."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, NoReturn

import httpx
import typer

from starter import connection
from starter.cli.output import Exit, fail

TIMEOUT_SECONDS = 30

Url = Annotated[str | None, typer.Option("--url", envvar="AMENDS_URL", help="Address of the API.")]
Token = Annotated[str | None, typer.Option("--token", envvar="AMENDS_TOKEN", help="Your token.", show_envvar=True)]
DataDir = Annotated[
    Path | None,
    typer.Option("--data-dir", envvar="AMENDS_DATA_DIR", help="The data folder of `amends up` on this machine."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@dataclass(frozen=True, slots=True)
class Remote:
    """An installation and the token to use there."""

    url: str
    token: str

    def call(self, method: str, path: str, **request: Any) -> Any:
        """The answer's JSON; ends the program with the problem's own words where there is none."""
        return self._send(method, path, **request).json()

    def fetch(self, path: str, **request: Any) -> bytes:
        """A document as it is; ends the program like `call`."""
        return self._send("GET", path, **request).content

    def _send(self, method: str, path: str, **request: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}"} | request.pop("headers", {})
        limit = request.pop("timeout", TIMEOUT_SECONDS)
        try:
            answer = httpx.request(method, self.url + path, headers=headers, timeout=limit, **request)
        except httpx.TransportError as error:
            fail(f"{self.url} does not answer: {error}. Is `amends up` running?")
        if not answer.is_success:
            _refuse(answer)
        return answer


def remote(url: str | None, token: str | None, data_dir: Path | None) -> Remote:
    """From the options: `--url` and `--token`, or the data folder of this machine."""
    if url and token:
        return Remote(url.rstrip("/"), token)
    if data_dir is None:
        fail("say where: --url and --token (or AMENDS_URL and AMENDS_TOKEN), or --data-dir", Exit.USAGE)
    noted = connection.read(data_dir)
    if noted is None:
        fail(f"{data_dir} is no data folder of `amends up`", Exit.USAGE)
    return Remote(url or noted.url, token or noted.token)


def _refuse(answer: httpx.Response) -> NoReturn:
    """Say what the problem is, field by field; 3 where a guard or a role refused, 2 where the input was wrong."""
    try:
        problem = answer.json()
        lines = [f"{problem['code']}: {problem['detail']}"]
        lines += [f"  {error['pointer']}: {error['message']}" for error in problem["errors"]]
    except (ValueError, KeyError):
        lines = [f"{answer.status_code}: {answer.text[:200]}"]
    codes = {403: Exit.REFUSED, 409: Exit.REFUSED, 412: Exit.REFUSED, 422: Exit.USAGE}
    fail("\n".join(lines), codes.get(answer.status_code, Exit.FAILED))
