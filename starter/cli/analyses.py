"""`amends analysis`: periodic analyses and surge scans of a running installation."""

import asyncio
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from starter.cli.client import AsJson, DataDir, Remote, Token, Url, remote
from starter.cli.complaints import command_fields
from starter.cli.output import Exit, fail, show_fields, show_json, show_table, stderr, stdout

app = typer.Typer(no_args_is_help=True, help="Periodic analyses of complaints.")

LOOK_AGAIN_SECONDS = 0.5
FORMATS = {".html": "html", ".pdf": "pdf", ".xlsx": "xlsx", ".json": "json"}

Reference = Annotated[str, typer.Argument(help="Its number, such as A-2026-000001.")]
Language = Annotated[str, typer.Option("--lang", help="zh or en: the language of the report.")]
Out = Annotated[
    Path | None, typer.Option("--report", help="Write the report here; .html, .pdf, .xlsx or .json.", dir_okay=False)
]


@app.command(epilog="Example: amends analysis run --from 2026-10-01 --to 2026-10-31 --report october.pdf --lang en")
def run(
    first: Annotated[str, typer.Option("--from", help="The first day, as 2026-10-01.")],
    last: Annotated[str, typer.Option("--to", help="The last day.")],
    report: Out = None,
    lang: Language = "zh",
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Analyse the complaints of some days and wait for the report."""
    format_of(report)
    installation = remote(url, token, data_dir)
    ordered = installation.call("POST", "/v1/analyses", json={"first": first, "last": last})
    with stderr.status(f"{ordered['reference']} is computed …"):
        view = _reported(installation, ordered["reference"])
    _say(installation, view, report, lang, as_json=as_json)


@app.command(epilog="Example: amends analysis show A-2026-000001 --report october.html")
def show(
    reference: Reference,
    report: Out = None,
    lang: Language = "zh",
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show where an analysis stands and what it found, and write its report."""
    format_of(report)
    installation = remote(url, token, data_dir)
    view = installation.call("GET", f"/v1/analyses/{reference}")
    _say(installation, view, report, lang, as_json=as_json)


@app.command(
    epilog='Example: amends analysis sign-off A-2026-000001 measures=[{"title":"Explain estimated bills",'
    '"target":{"category":"billing_amount"}}]'
)
def sign_off(
    reference: Reference,
    fields: Annotated[list[str] | None, typer.Argument(help="measures=[{title, target, partner}], if any.")] = None,
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Take responsibility for a report; each measure that is accepted becomes an improvement."""
    path = f"/v1/analyses/{reference}/commands/sign_off"
    done = remote(url, token, data_dir).call("POST", path, json=command_fields(fields or []))
    if as_json:
        show_json(done)
        return
    stdout.print(f"{reference}  {done['undertaking']['status']} (recorded as {done['sequence']})", markup=False)


@app.command("returns", epilog="Example: amends analysis returns")
def list_returns(url: Url = None, token: Token = None, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List the regulator-style returns that can be filled in."""
    found = remote(url, token, data_dir).call("GET", "/v1/returns")["items"]
    if as_json:
        show_json(found)
        return
    rows = [(each["id"], each["title"]["en"], each["verified_on"] or "unverified") for each in found]
    show_table(("return", "title", "source read"), rows, empty="There are none.")


@app.command(
    "return", epilog="Example: amends analysis return gb-energy --from 2026-01-01 --to 2026-06-30 --out h1.xlsx"
)
def return_(
    name: Annotated[str, typer.Argument(help="Its id; see `amends analysis returns`.")],
    first: Annotated[str, typer.Option("--from", help="The first day of receipt, as 2026-01-01.")],
    last: Annotated[str, typer.Option("--to", help="The last day of receipt.")],
    out: Annotated[
        Path | None, typer.Option(help="Write it here; .html, .pdf, .xlsx or .json. Printed as JSON if absent.")
    ] = None,
    lang: Language = "en",
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
) -> None:
    """Fill a regulator-style return in, from the cases of its policy received on some days."""
    params = {"first": first, "last": last, "format": format_of(out), "lang": lang}
    content = remote(url, token, data_dir).fetch(f"/v1/returns/{name}", params=params)
    if out is None:
        stdout.print(content.decode(), markup=False, soft_wrap=True)
    else:
        out.write_bytes(content)
        stdout.print(str(out), markup=False)


@app.command("list", epilog="Example: amends analysis list --json")
def list_(url: Url = None, token: Token = None, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List analyses, the newest first."""
    found = remote(url, token, data_dir).call("GET", "/v1/analyses", params={"limit": 50})["items"]
    if as_json:
        show_json(found)
        return
    rows = [(each["reference"], each["status"], each["title"]) for each in found]
    show_table(("number", "status", "days"), rows, empty="There are no analyses yet: amends analysis run --help")


def apply_schedules(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Put the schedules right: surges each morning, an analysis of each week and of each month."""
    from runtime.schedules import apply_schedules as put_right
    from runtime.temporal import connect
    from starter.cli.environment import chosen_settings

    settings = chosen_settings(data_dir)

    async def apply() -> tuple[str, ...]:
        client = await connect(settings.master_keys(), lazy=False, accept_plain=False)
        return await put_right(client, settings.task_queue, settings.time_zone)

    applied = asyncio.run(apply())
    if as_json:
        show_json(applied)
        return
    stdout.print("\n".join(applied), markup=False)


def _reported(installation: Remote, reference: str) -> dict[str, Any]:
    while True:
        view: dict[str, Any] = installation.call("GET", f"/v1/analyses/{reference}")
        if view["needs_operator"]:
            fail(f"{reference}: its computation has failed and waits for an operator", Exit.FAILED)
        if view["status"] != "computing":
            return view
        time.sleep(LOOK_AGAIN_SECONDS)


def _say(installation: Remote, view: dict[str, Any], report: Path | None, lang: str, *, as_json: bool) -> None:
    reference = view["reference"]
    if report is not None:
        params = {"format": format_of(report), "lang": lang}
        report.write_bytes(installation.fetch(f"/v1/analyses/{reference}/report", params=params))
    if as_json:
        show_json(view)
        return
    stdout.print(f"{reference}  {view['status']}  {view['title']}", markup=False)
    state = view["state"]
    show_fields(
        {
            "inputs": state["inputs_sha256"],
            "signed off by": state["signed_off_by"],
            "improvements": ", ".join(state["proposed"]),
            "report": report,
        }
    )


def format_of(report: Path | None) -> str:
    """The format that the file's ending asks for, checked before anything is computed."""
    if report is None:
        return "json"
    if report.suffix.lower() not in FORMATS:
        fail(f"{report}: the report ends in one of {', '.join(FORMATS)}", Exit.USAGE)
    return FORMATS[report.suffix.lower()]
