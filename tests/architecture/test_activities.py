"""Activities: named in the contracts, implemented once, registered with the worker, called with limits."""

import ast
from datetime import timedelta
from functools import cache

import asyncpg
import pytest
from temporalio.activity import _Definition
from temporalio.client import Client

from contracts import names
from contracts.cases import Patience
from runtime.assembly import case_activities, plug_together
from runtime.settings import Settings
from storage.keys import MasterKeys
from tests.architecture.source_tree import modules
from workflows.options import TWICE, UNTIL_DONE, step_retries

CALLS = ("execute_activity", "execute_local_activity", "start_activity", "start_local_activity")
OTHER_NAMES = {
    "COMPLAINT",
    "UNDERTAKING",
    "UNDERTAKING_QUERY",
    "PERIODIC",
    "WAVE",
    "WAVE_QUERY",
    "WAVE_TURN",
    "PERFORM",
    "CASE_QUERY",
    "REFUSED",
    "SUPERSEDED",
    "DIVERGED",
}
"""What the contracts name beside activities."""


def _ends_in(function: ast.expr, name: str) -> bool:
    return isinstance(function, ast.Attribute) and function.attr == name


def implemented() -> set[str]:
    """The constants under which `activities` defines them."""
    return {
        keyword.value.id
        for path, tree in modules().items()
        if path.startswith("activities/")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and _ends_in(node.func, "defn")
        for keyword in node.keywords
        if keyword.arg == "name" and isinstance(keyword.value, ast.Name)
    }


def named_by_workflows() -> set[str]:
    """What workflows import from the names, beside those that are no activities."""
    return {
        alias.name
        for path, tree in modules().items()
        if path.startswith("workflows/")
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "contracts.names"
        for alias in node.names
    } - OTHER_NAMES


@cache
def calls() -> list[tuple[str, ast.Call]]:
    """Every call of an activity, with its place."""
    return [
        (f"{path}:{node.lineno}", node)
        for path, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and any(_ends_in(node.func, name) for name in CALLS)
    ]


async def test_what_workflows_call_is_implemented_and_registered_and_nothing_else_is(master_keys: MasterKeys) -> None:
    settings = Settings(
        database_url="postgresql://nobody@127.0.0.1:1/none",
        master_key=master_keys.reveal(),
        smtp_url="smtp://127.0.0.1:1",
        mail_from="care@example.org",
    )
    never_opened = asyncpg.create_pool(settings.database_url)
    parts = plug_together(settings, master_keys, never_opened, await Client.connect("127.0.0.1:1", lazy=True))
    registered = [_Definition.must_from_callable(activity).name for activity in case_activities(parts)]
    called = {getattr(names, name) for name in named_by_workflows()} - {names.BATCH, names.IMPORT}
    assert len(registered) == len(set(registered))
    assert set(registered) == {getattr(names, name) for name in implemented()} == called


def test_no_two_names_are_the_same() -> None:
    values = [value for name, value in vars(names).items() if name.isupper()]
    assert len(values) == len(set(values))


def test_there_are_calls_to_look_at() -> None:
    assert len(calls()) >= 3


@pytest.mark.parametrize(("place", "call"), calls(), ids=[place for place, _ in calls()])
def test_a_call_says_how_long_an_attempt_may_take_and_how_often_it_is_tried(place: str, call: ast.Call) -> None:
    keywords = {keyword.arg for keyword in call.keywords}
    assert {"start_to_close_timeout", "retry_policy"} <= keywords
    # Not enforced between the attempts of a local activity; ends a step that an operator paused.
    assert not keywords & {"schedule_to_close_timeout", "schedule_to_start_timeout"}


def test_workflows_alone_call_activities() -> None:
    assert {place.partition("/")[0] for place, _ in calls()} == {"workflows"}


def test_activities_are_called_by_their_names_in_the_contracts() -> None:
    literal = [place for place, call in calls() if isinstance(call.args[0], ast.Constant)]
    assert literal == []


def test_a_local_activity_gives_up_soon_and_recording_never_does() -> None:
    """A local activity holds a slot of the worker; a step that is tried for ever is never parked."""
    assert TWICE.maximum_attempts == 2
    assert UNTIL_DONE.maximum_attempts == 0
    assert UNTIL_DONE.maximum_interval is not None
    steps = step_retries(Patience(attempts=7, longest_wait=timedelta(minutes=3)))
    assert (steps.maximum_attempts, steps.maximum_interval) == (7, timedelta(minutes=3))
