"""`amends survey create|launch|show|report` and what waves need beside them: they talk to a running system."""

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from starter.cli import surveys
from starter.cli.client import AsJson, DataDir, Remote, Token, Url, remote
from starter.cli.complaints import command_fields
from starter.cli.output import Exit, fail, moment, show_fields, show_json, show_table, stdout

survey_app = surveys.app
PATIENCE_SECONDS = 60.0
PAUSE_SECONDS = 0.3
RATES = {
    "rr1": "response rate (RR1)",
    "coop1": "cooperation (COOP1)",
    "ref1": "refusal (REF1)",
    "con1": "contact (CON1)",
}

WaveName = Annotated[str, typer.Argument(metavar="WAVE", help="Such as W-2026-000001.")]


@survey_app.command(
    epilog="Examples: amends survey create gas_utility --data-dir ./data · "
    "amends survey create my_survey.toml --customers customers.csv"
)
def create(
    file: surveys.Source,
    customers: Annotated[
        Path | None, typer.Option(help="A CSV file of customers to take into the frame first: id, email, district …")
    ] = None,
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Store a survey in a running system, plan a wave of it and draw its sample. Nobody is written to yet."""
    from domain.surveys.definition import SurveyDefinition
    from starter.cli.survey_files import read_document

    with surveys.refusals(as_json=as_json):
        document = read_document(file)
    if not isinstance(document, SurveyDefinition):
        fail(f"{file}: a whole survey is expected", Exit.USAGE)
    there = remote(url, token, data_dir)
    if customers is not None:
        _bring_in(there, customers)
    definition = document.model_dump(mode="json", exclude_none=True)
    there.call("POST", "/v1/surveys", json={"definition": definition})
    planned = there.call("POST", f"/v1/surveys/{document.id}/waves", json={"version": document.version})
    wave = _until_drawn(there, planned["reference"])
    if as_json:
        show_json(wave)
        return
    _show(wave)
    stdout.print(f"Next: amends survey launch {wave['reference']}")


@survey_app.command(epilog="Example: amends survey launch W-2026-000001")
def launch(
    wave: WaveName, url: Url = None, token: Token = None, data_dir: DataDir = None, as_json: AsJson = False
) -> None:
    """Begin the field work of a wave: invitations go out."""
    done = remote(url, token, data_dir).call("POST", f"/v1/waves/{wave}/commands/launch", json={})
    if as_json:
        show_json(done)
    else:
        stdout.print(f"[bold]{wave}[/bold]  {done['status']} until {moment(done['closes_at'])}")


@survey_app.command(
    "do",
    epilog='Examples: amends survey do close W-2026-000001 reason="enough answers" · '
    """amends survey do sign_off W-2026-000001 measures='[{"title": "Second fitter at week ends"}]'""",
)
def give(
    command: Annotated[str, typer.Argument(help="pause, resume, extend, close, cancel, release_reserve, sign_off …")],
    wave: WaveName,
    fields: Annotated[
        list[str] | None, typer.Argument(metavar="[FIELD=VALUE]...", help="Fields of the command.")
    ] = None,
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Give a wave a command."""
    done = remote(url, token, data_dir).call(
        "POST", f"/v1/waves/{wave}/commands/{command}", json=command_fields(fields or [])
    )
    if as_json:
        show_json(done)
    else:
        stdout.print(f"[bold]{wave}[/bold]  {done['status']} (recorded as {done['recorded_sequence']})")


@survey_app.command(epilog="Example: amends survey show W-2026-000001")
def show(
    wave: Annotated[
        str | None, typer.Argument(metavar="[WAVE]", help="One wave with its numbers; all of them if absent.")
    ] = None,
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show a wave with its index so far, response rates and what became of each contact; or list the waves."""
    there = remote(url, token, data_dir)
    if wave is None:
        _list(there.call("GET", "/v1/waves"), as_json=as_json)
        return
    found = there.call("GET", f"/v1/waves/{wave}")
    numbers = there.call("GET", f"/v1/waves/{wave}/results") if found["sample"] else None
    if as_json:
        show_json({"wave": found, "results": numbers})
        return
    _show(found)
    if numbers is not None:
        _show_numbers(numbers)


@survey_app.command(epilog="Example: amends survey report W-2026-000001 --out report.pdf --lang zh")
def report(
    wave: WaveName,
    out: Annotated[
        Path, typer.Option(help="The file to write: .html, .pdf, .xlsx, .json; .csv or .sav for the answers.")
    ],
    lang: Annotated[str, typer.Option(help="zh or en.")] = "zh",
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
) -> None:
    """Write the report of a wave, or its answers with weights, strata and flags."""
    kind = out.suffix.lower().removeprefix(".")
    if kind not in {"html", "pdf", "xlsx", "json", "csv", "sav"}:
        fail(f"{out}: .html, .pdf, .xlsx, .json, .csv or .sav is expected", Exit.USAGE)
    what = "responses" if kind in {"csv", "sav"} else "report"
    content = remote(url, token, data_dir).fetch(f"/v1/waves/{wave}/{what}", params={"format": kind, "lang": lang})
    try:
        out.write_bytes(content)
    except OSError as error:
        fail(f"{out}: {error.strerror}", Exit.USAGE)
    stdout.print(f"Written: {out} ({len(content):,} bytes)", soft_wrap=True)


def _bring_in(there: Remote, file: Path) -> None:
    try:
        content = file.read_bytes()
    except OSError as error:
        fail(f"{file}: {error.strerror}", Exit.USAGE)
    done = there.call("POST", "/v1/customers/import", content=content, headers={"Content-Type": "text/csv"})
    stdout.print(f"Customers: {done['added']} added, {done['renewed']} renewed.")


def _until_drawn(there: Remote, reference: str) -> Any:
    """The wave once its sample is drawn, or once drawing it waits for a person."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        wave = there.call("GET", f"/v1/waves/{reference}")
        if wave["status"] != "draft" or time.monotonic() > deadline:
            return wave
        if any(step["state"] == "parked" for step in wave["steps"]):
            error = next(step["error"] for step in wave["steps"] if step["state"] == "parked")
            fail(f"{reference}: the sample could not be drawn ({error}); mend the frame, then retry_step or cancel")
        time.sleep(PAUSE_SECONDS)


def _show(wave: Any) -> None:
    sample = wave["sample"] or {}
    show_fields(
        {
            "wave": wave["reference"],
            "survey": f"{wave['survey']}@{wave['version']}",
            "status": wave["status"],
            "sample": f"{sample['taken']} of {sample['units']} customers, {sample['reserve']} in reserve"
            if sample
            else "",
            "launched": wave["launched_at"],
            "closes": wave["closes_at"],
            "improvements": ", ".join(each["improvement"] or "on its way" for each in wave["measures"]),
            "waits for an operator": ", ".join(
                f"{step['key']} ({step['error']})" for step in wave["steps"] if step["state"] == "parked"
            ),
            "you may": ", ".join(wave["allowed"]),
        }
    )


def _show_numbers(numbers: Any) -> None:
    index = numbers["index"]
    if index is None:
        stdout.print("\nIndex: not yet, fewer than five have answered.")
    else:
        interval = "" if numbers["low"] is None else f" ({numbers['low']:.1f} to {numbers['high']:.1f})"
        stdout.print(f"\nIndex{'' if numbers['is_final'] else ' so far'}: {index:.1f}{interval}")
    rates = ((said, numbers["rates"][name]) for name, said in RATES.items())
    stdout.print(", ".join(f"{said} {rate:.1%}" for said, rate in rates if rate is not None))
    stdout.print()
    codes = [code for code, count in numbers["dispositions"].items() if count]
    rows = [("all", *(numbers["dispositions"][code] for code in codes))]
    rows += [(name, *(counts[code] for code in codes)) for name, counts in numbers["by_stratum"].items()]
    show_table(("stratum", *codes), rows, empty="Nobody is in the sample.")
    if numbers["quotas"]:
        columns = ("attribute", "category", "most", "complete", "held")
        stdout.print()
        show_table(columns, ([each[name] for name in columns] for each in numbers["quotas"]), empty="")


def _list(found: Any, *, as_json: bool) -> None:
    if as_json:
        show_json(found)
        return
    columns = ("reference", "survey", "status", "closes_at")
    show_table(columns, ([wave[name] for name in columns] for wave in found["items"]), empty="No waves.")
