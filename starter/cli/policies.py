"""`amends policy`: what is promised by when."""

from pathlib import Path
from typing import Annotated, Any

import typer

from domain.calendar import Problem
from domain.complaints import shipped
from domain.complaints.policy_check import PolicyError, read_policy
from starter.cli.client import AsJson, DataDir, Remote, Token, Url, remote
from starter.cli.files import as_plain_json, read_document
from starter.cli.output import Exit, fail, progress_bar, show_json, show_table, stdout
from starter.cli.policy_page import show_policy

app = typer.Typer(no_args_is_help=True, help="Policies: what is promised by when.")

MOST_CALENDARS = 200


@app.command("list", epilog="Example: amends policy list --json")
def page(as_json: AsJson = False) -> None:
    """List the policies that come with Amends."""
    policies = shipped.policies()
    if as_json:
        show_json([policy.model_dump(mode="json") for policy in policies])
        return
    show_table(
        ("policy", "title", "jurisdiction", "source", "checked"),
        ((p.pin, p.title.en, p.jurisdiction, p.source, p.verified_on or "unverified") for p in policies),
        empty="No policies.",
    )
    stdout.print("\nPolicies carry out rules as we read them; they are no legal advice.")


@app.command(epilog="Example: amends policy show default")
def show(pin: Annotated[str, typer.Argument(help="id or id@version")], as_json: AsJson = False) -> None:
    """Read one policy."""
    found = [policy for policy in shipped.policies() if pin in {policy.id, policy.pin}]
    if not found:
        fail(f"there is no policy {pin}; see amends policy list", Exit.USAGE)
    policy = max(found, key=lambda each: each.version)
    if as_json:
        show_json(policy.model_dump(mode="json"))
        return
    show_policy(policy)


@app.command(epilog="Example: amends policy check my-policy.toml --data-dir ./data")
def check(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A policy in TOML.")],
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Look for mistakes in a policy file; ends with 1 if there are any.

    Without an installation (--url or --data-dir) only the calendars that come with Amends are known.
    """
    document, calendars = read_document(file), _calendars(url, token, data_dir)
    pin, problems = _checked(document, calendars)
    if as_json:
        told = [{"place": problem.place, "message": problem.message} for problem in problems]
        show_json({"file": str(file), "policy": pin, "problems": told})
    else:
        rows = ((problem.place, problem.message) for problem in problems)
        show_table(("where", "what"), rows, empty=f"{pin} is in order.")
    if problems:
        raise typer.Exit(Exit.FAILED)


@app.command(
    epilog="Examples: amends policy simulate my-policy.toml --data-dir ./data · "
    "amends policy simulate my-policy.toml --from 2026-01-01T00:00:00Z --json"
)
def simulate(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A policy in TOML.")],
    received_from: Annotated[str | None, typer.Option("--from", help="Cases received at or after this time.")] = None,
    received_to: Annotated[str | None, typer.Option("--to", help="Cases received before this time.")] = None,
    category: Annotated[str | None, typer.Option(help="Only this category.")] = None,
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Try a policy on the recorded cases: which breaches it would have avoided, and which added."""
    narrowed = {"received_from": received_from, "received_to": received_to, "category": category}
    form = {"policy": as_plain_json(read_document(file))} | {n: v for n, v in narrowed.items() if v is not None}
    found = _simulated(remote(url, token, data_dir), form, quiet=as_json)
    if as_json:
        show_json(found)
        return
    stdout.print(
        f"{found['policy']} on {found['cases']} cases: {found['changed_cases']} would have gone differently.\n"
    )
    show_table(
        ("clock", "broken as recorded", "broken under it", "avoided", "added"),
        (tuple(kind[n] for n in ("kind", "recorded", "simulated", "avoided", "added")) for kind in found["kinds"]),
        empty="No promise was broken, and none would have been.",
    )
    if found["changes"]:
        stdout.print()
        show_table(
            ("case", "clock", "breach", "ran out"),
            ((c["reference"], f"{c['kind']} {c['attempt']}", c["change"], c["due_at"]) for c in found["changes"]),
            empty="",
        )


def _simulated(there: Remote, form: dict[str, Any], *, quiet: bool) -> dict[str, Any]:
    """The pages of a simulation added up."""
    with progress_bar(quiet=quiet) as bar:
        task = bar.add_task("cases", total=None)
        page: dict[str, Any] = there.call("POST", "/v1/policies/simulations", json=form)
        bar.update(task, total=page["total"])
        whole, kinds = page | {"changes": []}, dict[str, dict[str, Any]]()
        whole |= {"cases": 0, "changed_cases": 0}
        while True:
            whole["cases"] += page["cases"]
            whole["changed_cases"] += page["changed_cases"]
            whole["changes"] += page["changes"]
            add_counts(kinds, page["kinds"])
            bar.update(task, completed=whole["cases"])
            if page["next_cursor"] is None:
                del whole["next_cursor"]
                return whole | {"kinds": list(kinds.values())}
            page = there.call("POST", "/v1/policies/simulations", json=form | {"cursor": page["next_cursor"]})


def add_counts(kinds: dict[str, dict[str, Any]], of_page: list[dict[str, Any]]) -> None:
    """The counts by kind, with those of one more page."""
    for counts in of_page:
        before = kinds.get(counts["kind"], {})
        kinds[counts["kind"]] = {
            name: value if name == "kind" else before.get(name, 0) + value for name, value in counts.items()
        }


def _checked(document: dict[str, Any], calendars: frozenset[str]) -> tuple[str | None, tuple[Problem, ...]]:
    """The pin of a policy that is in order, or what is wrong with it."""
    try:
        return read_policy(document, calendars).pin, ()
    except PolicyError as error:
        return None, error.problems


def _calendars(url: str | None, token: str | None, data_dir: Path | None) -> frozenset[str]:
    """The ids of the calendars of an installation, if one is named; else of those that come with Amends."""
    if url is None and data_dir is None:
        return shipped.calendar_ids()
    found = remote(url, token, data_dir).call("GET", "/v1/calendars", params={"limit": MOST_CALENDARS})
    return frozenset(each["id"] for each in found["items"])
