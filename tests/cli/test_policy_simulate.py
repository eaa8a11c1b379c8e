"""`amends policy simulate` against a running API; the cases are those of `tests/api/test_simulations.py`."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path

from typer.testing import Result

from starter.cli.policies import add_counts
from tests.api.test_simulations import answered

__all__ = ["answered"]

Amends = Callable[..., Awaitable[Result]]

PROPOSAL = """
id = "proposal"
version = 1
jurisdiction = "none"
source = "a proposal"
valid_from = 2026-01-01
calendar = "every-day"
told_at_intake = ["phone"]
reopen_window = { amount = 30, unit = "calendar_days" }
appeal_window = { amount = 30, unit = "calendar_days" }
title = { zh = "草案", en = "Proposal" }
clocks = [{ kind = "final_response", anchor = "received", span = { amount = 10, unit = "calendar_days" } }]
"""


async def test_a_policy_file_is_tried_on_the_recorded_cases(
    amends: Amends, answered: dict[int, str], tmp_path: Path
) -> None:
    file = tmp_path / "proposal.toml"
    file.write_text(PROPOSAL, "utf-8")
    words = ("policy", "simulate", str(file), "--from", "2026-03-01T00:00:00Z", "--to", "2026-04-01T00:00:00Z")
    found = json.loads((await amends(*words, "--json")).stdout)
    assert (found["cases"], found["changed_cases"]) == (3, 1)
    counts = {"kind": "final_response", "recorded": 1, "simulated": 2, "avoided": 0, "added": 1}
    assert found["kinds"] == [counts]
    assert [change["reference"] for change in found["changes"]] == [answered[14]]

    shown = await amends(*words)
    assert "proposal@1 on 3 cases: 1 would have gone differently." in shown.output
    assert answered[14] in shown.output
    assert answered[14] not in (await amends(*words, by="admin")).output
    await amends(*words, by="handler", code=3)
    file.write_text(PROPOSAL.replace("every-day", "mars"), "utf-8")
    assert "/policy/calendar" in (await amends(*words, code=2)).output


def test_the_counts_of_pages_are_added_by_kind() -> None:
    kinds: dict[str, dict[str, object]] = {}
    page = [{"kind": "callback", "recorded": 1, "simulated": 0, "avoided": 1, "added": 0}]
    add_counts(kinds, page)
    add_counts(kinds, [*page, {"kind": "assess", "recorded": 0, "simulated": 2, "avoided": 0, "added": 2}])
    assert kinds == {
        "callback": {"kind": "callback", "recorded": 2, "simulated": 0, "avoided": 2, "added": 0},
        "assess": {"kind": "assess", "recorded": 0, "simulated": 2, "avoided": 0, "added": 2},
    }
