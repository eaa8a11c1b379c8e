"""`amends calendar`: opening hours, holidays and make-up days, as versions that never change."""

import re
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.text import Text

from domain.calendar import DayPlan, read_calendar
from domain.privacy import Language
from starter.cli.bulk import followed, show_batch
from starter.cli.calendar_page import days_of, show_days, show_month, show_week
from starter.cli.client import AsJson, DataDir, Remote, Token, Url, remote
from starter.cli.files import as_plain_json, read_document
from starter.cli.output import Exit, fail, moment, show_fields, show_json, show_table, stdout

app = typer.Typer(no_args_is_help=True, help="Calendars: opening hours, holidays, make-up days 调休.")

DAYS_AHEAD = 365

Id = Annotated[str, typer.Argument(help="Id of the calendar: cn, england …")]
InLanguage = Annotated[Language, typer.Option("--lang", help="Language of the names of days.")]


@app.command("list", epilog="Example: amends calendar list --data-dir ./data")
def page(
    limit: Annotated[int, typer.Option(min=1, max=200, help="At most this many.")] = 50,
    cursor: Annotated[str, typer.Option(help="Where the page before ended.")] = "",
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List the calendars by their newest versions."""
    found = remote(url, token, data_dir).call("GET", "/v1/calendars", params={"limit": limit, "cursor": cursor})
    if as_json:
        show_json(found)
        return
    show_table(
        ("calendar", "title", "zone", "known until"),
        ((_pin(each), each["title"], each["zone"], _horizon(each)) for each in found["items"]),
        empty="No calendars.",
    )
    if found["next_cursor"]:
        stdout.print(f"More: --cursor {found['next_cursor']}")


@app.command(epilog="Example: amends calendar show cn --month 2026-02 --lang zh --data-dir ./data")
def show(
    calendar_id: Id,
    month: Annotated[str | None, typer.Option(help="Show this month, as 2026-02.")] = None,
    version: Annotated[int | None, typer.Option(min=1, help="An earlier version; the newest, if absent.")] = None,
    language: InLanguage = Language.EN,
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Read a calendar: its week and the days of the coming year that differ, or one month."""
    first_of_month = _month(month)
    found = _read(remote(url, token, data_dir), calendar_id, version)
    calendar = read_calendar({"id": found["id"], "version": found["version"], **found["document"]})
    if as_json:
        show_json([_day(calendar.plan(day)) for day in days_of(first_of_month)] if first_of_month else found)
        return
    show_fields(
        {
            "calendar": f"{_pin(found)}  {found['title']}",
            "zone": found["zone"],
            "known": Text.assemble(f"{found['known_from']} – ", _horizon(found), _what_to_do(found)),
            "made": f"{moment(found['made_at'])} by {found['made_by']}: {found['reason']}",
        }
    )
    stdout.print()
    if first_of_month:
        show_month(calendar, first_of_month, language)
        return
    show_week(calendar, language)
    stdout.print()
    today = datetime.now(ZoneInfo(calendar.zone)).date()
    show_days(calendar, [today + timedelta(days=day) for day in range(DAYS_AHEAD)], language)


@app.command("set", epilog="Example: amends calendar set cn cn.json --reason 'the notice for 2027' --dry-run")
def set_version(
    calendar_id: Id,
    file: Annotated[
        Path,
        typer.Argument(
            exists=True,
            dir_okay=False,
            help="What `calendar show --json` printed, changed; or its `document` alone, in TOML (.toml) or JSON.",
        ),
    ],
    reason: Annotated[str, typer.Option(help="Why; kept with the version.")],
    replaces: Annotated[
        int | None, typer.Option(min=1, help="The version that the file was made from, where the file does not say so.")
    ] = None,
    new: Annotated[bool, typer.Option("--new", help="There is no such calendar yet: make it.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Store nothing, only say what would move.")] = False,
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Set the next version of a calendar: for clocks that start from then on. None that runs is moved."""
    written, installation = read_document(file), remote(url, token, data_dir)
    replaced = None if new else replaces or written.get("version") or _read(installation, calendar_id)["version"]
    done = installation.call(
        "PUT",
        f"/v1/calendars/{calendar_id}",
        params={"dry_run": dry_run},
        headers={"If-Match": f'"{replaced}"'} if replaced else {},
        json={"document": as_plain_json(written.get("document", written)), "reason": reason},
    )
    if as_json:
        show_json(done)
        return
    stdout.print(_what_was_done(done, dry_run=dry_run))
    _show_moves(done["would_move"])


@app.command(epilog="Example: amends calendar diff cn 1 2 --data-dir ./data")
def diff(
    calendar_id: Id,
    old: Annotated[int, typer.Argument(min=1, metavar="FROM", help="A version.")],
    new: Annotated[int, typer.Argument(min=1, metavar="TO", help="Another version.")],
    language: InLanguage = Language.EN,
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show what changed from one version to another."""
    versions = {"from": old, "to": new}
    found = remote(url, token, data_dir).call("GET", f"/v1/calendars/{calendar_id}/diff", params=versions)
    if as_json:
        show_json(found)
        return
    changes = [(each["field"], each["before"], each["after"]) for each in found["fields"]]
    changes += [(day["day"], _plan(day["before"], language), _plan(day["after"], language)) for day in found["days"]]
    show_table(("what", f"version {old}", f"version {new}"), changes, empty="No hours differ.")
    if found["days_changed"] > len(found["days"]):
        stdout.print(f"\nThe first {len(found['days'])} of {found['days_changed']} days.")


@app.command(
    epilog='Examples: amends calendar recalculate cn --reason "the notice for 2027" --dry-run · '
    'amends calendar recalculate cn --reason "the notice for 2027" --yes'
)
def recalculate(
    calendar_id: Id,
    reason: Annotated[str, typer.Option(help="Why; kept with every case that it changes.")],
    version: Annotated[int | None, typer.Option(min=1, help="To which version; the newest, if absent.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would move.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do it without asking.")] = False,
    per_second: Annotated[float, typer.Option(min=0.1, max=50, help="Cases a second at most.")] = 5,
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Move running clocks to a version of their calendar: shows what would move, asks, then does it case by case."""
    if as_json and not (dry_run or yes):
        fail("--json asks nothing: say --dry-run or --yes", Exit.USAGE)
    there, path = remote(url, token, data_dir), f"/v1/calendars/{calendar_id}/recalculations"
    form = {"reason": reason, "per_second": per_second} | ({"version": version} if version else {})
    if dry_run or not yes:
        looked = there.call("POST", path, json=form | {"dry_run": True})
        if as_json:
            show_json(looked)
            return
        _show_moves(looked["would_move"])
        if dry_run or not looked["cases"] or not typer.confirm(f"Move the clocks of {looked['cases']} cases?"):
            return
    done = there.call("POST", path, json=form)
    batch = followed(there, done["batch"], quiet=as_json) if done["batch"] else None
    if as_json:
        show_json(done | {"outcomes": batch["outcomes"] if batch else {}})
        return
    if batch is None:
        stdout.print("Nothing is to be moved.")
        return
    show_batch(batch)


def _read(installation: Remote, calendar_id: str, version: int | None = None) -> dict[str, Any]:
    found: dict[str, Any] = installation.call(
        "GET", f"/v1/calendars/{calendar_id}", params={} if version is None else {"version": version}
    )
    return found


def _month(text: str | None) -> date | None:
    """The first day of a month that was written as 2026-02."""
    if text is None:
        return None
    if re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text) is None or text < "0001":
        fail(f"--month: expected a month such as 2026-02, found {text}", Exit.USAGE)
    return date.fromisoformat(f"{text}-01")


def _pin(calendar: dict[str, Any]) -> str:
    return f"{calendar['id']}@{calendar['version']}"


def _horizon(calendar: dict[str, Any]) -> Text:
    """The last day that is known, marked where due times soon lie past it."""
    return Text.assemble(calendar["horizon"], (" near", "yellow") if calendar["horizon_is_near"] else "")


def _what_to_do(calendar: dict[str, Any]) -> str:
    return ": set a version that knows more days" if calendar["horizon_is_near"] else ""


def _day(plan: DayPlan) -> dict[str, Any]:
    windows = [window.model_dump() for window in plan.windows]
    name = plan.name.model_dump() if plan.name else None
    return {"day": plan.day.isoformat(), "kind": plan.kind, "windows": windows, "name": name}


def _plan(plan: dict[str, Any], language: Language) -> str:
    """The hours of a day and its name, as the API tells them."""
    windows = "  ".join(f"{window['opens']}–{window['closes']}" for window in plan["windows"])
    name = f"  {plan['name'][language]}" if plan["name"] else ""
    return f"{windows or '×'}{name}"


def _what_was_done(done: dict[str, Any], *, dry_run: bool) -> str:
    if done["is_stored"]:
        return f"{_pin(done)} is stored; clocks that start from now on count in it."
    return f"{_pin(done)} would be stored." if dry_run else f"{_pin(done)} says so already; nothing was stored."


def _show_moves(would_move: dict[str, Any]) -> None:
    if not would_move["count"]:
        stdout.print("No running clock would be due at another time.")
        return
    of_those_seen = "" if would_move["is_complete"] else " among the open cases that are due first"
    stdout.print(f"Computed again, {would_move['count']} running clocks{of_those_seen} would move; none was moved.\n")
    show_table(
        ("case", "clock", "computed in", "due", "would be due", ""),
        (
            (
                m["reference"],
                f"{m['kind']} {m['attempt']}",
                m["calendar"],
                m["due_at"],
                m["would_be_due_at"],
                "too late: stays" if m["comes_too_late"] else "",
            )
            for m in would_move["items"]
        ),
        empty="",
    )
    if would_move["count"] > len(would_move["items"]):
        stdout.print(f"The first {len(would_move['items'])} of them.")
