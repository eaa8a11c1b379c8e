"""`amends survey repeat|trend`: surveys that have waves by themselves, and how their index moves from wave to wave."""

from typing import Annotated, Any

import typer

from domain.surveys.waves.recurrence import Every
from starter.cli import interviews
from starter.cli.client import AsJson, DataDir, Token, Url, remote
from starter.cli.output import show_fields, show_json, show_table, stdout

survey_app = interviews.survey_app


@survey_app.command(
    epilog="Examples: amends survey repeat gas_utility --every quarter --day 5 --launch · "
    "amends survey repeat gas_utility · amends survey repeat gas_utility --never"
)
def repeat(
    survey: Annotated[str, typer.Argument(help="A stored survey, such as gas_utility.")],
    every: Annotated[Every | None, typer.Option(help="How often; shown as it is if absent.")] = None,
    day: Annotated[int, typer.Option(min=1, max=28, help="Of the month; of the week, 1 is Monday.")] = 1,
    month: Annotated[int, typer.Option(min=1, max=12, help="Of a yearly wave; of the first of a quarterly one.")] = 1,
    launch: Annotated[
        bool, typer.Option("--launch", help="Into the field by itself, once its sample is drawn.")
    ] = False,
    never: Annotated[bool, typer.Option("--never", help="No more by itself.")] = False,
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Let a survey have a wave each week, month, quarter or year; or show or end that."""
    there, path = remote(url, token, data_dir), f"/v1/surveys/{survey}/recurrence"
    if never:
        there.call("DELETE", path)
        stdout.print(f"{survey} has no more waves by itself.")
        return
    if every is None:
        _show(there.call("GET", path), as_json=as_json)
        return
    body = {"every": every, "day": day, "month": month, "launches": launch}
    _show(there.call("PUT", path, json=body), as_json=as_json)


@survey_app.command(epilog="Example: amends survey trend gas_utility --limit 4")
def trend(
    survey: Annotated[str, typer.Argument(help="A stored survey, such as gas_utility.")],
    limit: Annotated[int, typer.Option(min=1, max=20, help="So many of the last waves.")] = 8,
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show how the index moved from wave to wave: in points, and by scores, mix of customers and weights."""
    found = remote(url, token, data_dir).call("GET", f"/v1/surveys/{survey}/trend", params={"limit": limit})
    if as_json:
        show_json(found)
        return
    columns = ("wave", "version", "index", "change", "scores", "mix", "weights", "compared")
    show_table(columns, map(_moved, found["items"]), empty="No wave is computed yet.")


def _moved(point: Any) -> tuple[str, ...]:
    change, effects = point["change"], point["effects"]
    apart = "" if change is None else f"{change['value']:+.1f}{' *' if change['is_significant'] else ''}"
    parts: tuple[str, ...] = ("", "", "", "")
    if effects is not None:
        moved = (f"{effects[name]:+.1f}" for name in ("scores", "mix", "weights"))
        parts = (*moved, f"{effects['compared_weight']:.0%}")
    return (point["wave"], str(point["version"]), f"{point['index']:.1f}", apart, *parts)


def _show(found: Any, *, as_json: bool) -> None:
    if as_json:
        show_json(found)
        return
    then = "goes into the field by itself" if found["launches"] else "waits for somebody to launch it"
    show_fields(
        {
            "survey": found["survey"],
            "every": found["every"],
            "next": found["next_at"] or "not known now",
            "then": f"its sample is drawn, and it {then}",
            "as cron": f"{found['cron']} ({found['time_zone']})",
        }
    )
