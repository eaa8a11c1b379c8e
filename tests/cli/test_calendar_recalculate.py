"""`amends calendar recalculate` against a running API: it shows, asks, and moves only when told to."""

import json
from collections.abc import Awaitable, Callable
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from typer.testing import Result

Amends = Callable[..., Awaitable[Result]]


async def told(amends: Amends, *words: str, **how: Any) -> Any:
    return json.loads((await amends(*words, "--json", **how)).stdout)


async def due(amends: Amends, reference: str) -> str:
    """When the fifteen days end that the final response has."""
    clocks = (await told(amends, "complaint", "show", reference))["clocks"]
    return next(str(clock["due_at"]) for clock in clocks if clock["kind"] == "final_response")


async def test_clocks_are_moved_when_it_is_confirmed_and_not_before(amends: Amends, tmp_path: Path) -> None:
    words = ("complaint", "submit", "--channel", "phone", "--narrative", "The boiler is cold.")
    reference = (await told(amends, *words, by="hotline"))["reference"]
    before = await due(amends, reference)
    document = await told(amends, "calendar", "show", "every-day")
    document["document"]["zone"] = "Asia/Tokyo"
    (tmp_path / "days.json").write_text(json.dumps(document))
    await amends("calendar", "set", "every-day", str(tmp_path / "days.json"), "--reason", "moved", by="admin")

    order = ("calendar", "recalculate", "every-day", "--reason", "moved [/x]")
    looked = await amends(*order, "--dry-run")
    assert reference in looked.output
    declined = await amends(*order, stdin="n\n")
    assert "Move the clocks of 1 cases?" in declined.output
    assert await due(amends, reference) == before
    await amends(*order, "--json", code=2)

    moved = await amends(*order, "--per-second", "50", stdin="y\n")
    assert f"{reference}  done" in moved.output
    received = datetime.fromisoformat((await told(amends, "complaint", "show", reference))["received_at"])
    last = received.astimezone(ZoneInfo("Asia/Tokyo")).date() + timedelta(days=16)
    end = datetime.combine(last, time(), ZoneInfo("Asia/Tokyo"))
    assert datetime.fromisoformat(await due(amends, reference)) == end
    again = await told(amends, *order, "--yes")
    assert (again["cases"], again["outcomes"]) == (0, {})
    assert "Nothing is to be moved." in (await amends(*order, "--yes")).output
