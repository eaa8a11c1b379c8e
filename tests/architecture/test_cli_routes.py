"""Whatever the command line asks of an installation is a route with a row in the table of roles (S1)."""

import re
from collections.abc import Iterator

import typer
from fastapi.routing import APIRoute

from domain.access import ALLOWED, PUBLIC_ROUTES
from starter.cli.main import app
from tests.architecture.source_tree import ROOT
from tests.architecture.test_routes import ROUTES, asked_for

CALL = re.compile(r"""\.call\(\s*"(?P<method>GET|POST|PUT|DELETE|PATCH)",\s*f?"(?P<path>/v1/[^"?]*)""", re.DOTALL)


def calls() -> Iterator[tuple[str, str, str]]:
    """File, method and path of every request that is written down in a command."""
    for file in sorted((ROOT / "starter" / "cli").glob("*.py")):
        for found in CALL.finditer(file.read_text("utf-8")):
            yield file.name, found["method"], found["path"]


def pattern(path: str) -> re.Pattern[str]:
    """What a route's path looks like with something in the place of its parameters."""
    return re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)))


KNOWN = [
    (method, pattern(route.path), route.path, asked_for(route))
    for route in ROUTES
    if isinstance(route, APIRoute)
    for method in route.methods or ()
]


def test_every_request_of_the_command_line_goes_to_a_route_with_a_row() -> None:
    found = list(calls())
    assert len(found) > 20
    for file, method, path in found:
        asks, filled = pattern(re.sub(r"\{[^}]*\}", "{any}", path)), re.sub(r"\{[^}]*\}", "x", path)
        rows = [
            row
            for known, shape, route, row in KNOWN
            if known == method and (shape.fullmatch(filled) or asks.fullmatch(route))
        ]
        assert rows, f"{file}: {method} {path} is no route"
        assert all(set(asked) <= set(ALLOWED) for asked in rows)
        assert path not in PUBLIC_ROUTES


def commands(group: typer.core.TyperGroup, prefix: str = "") -> Iterator[tuple[str, object]]:
    for name, command in group.commands.items():
        if isinstance(command, typer.core.TyperGroup):
            yield from commands(command, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}", command


def test_every_command_says_what_it_does() -> None:
    root = typer.main.get_group(app)
    assert isinstance(root, typer.core.TyperGroup)
    silent = [name for name, command in commands(root) if not (getattr(command, "help", None) or "").strip()]
    assert not silent
