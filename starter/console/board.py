"""The live board: how the open cases stand by team and person, and whether the backlog grows."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import StreamingResponse

from domain.access import Permission
from starter.api.entry import House
from starter.console.entry import ConsoleRoute, Seat, Visit
from starter.console.rendering import HEADERS, fragment, show
from starter.services import Services
from storage.board import SOON, Day, Numbers

router = APIRouter(prefix="/console/board", route_class=ConsoleRoute, include_in_schema=False)

LOOKED_AT_EVERY = timedelta(seconds=5)
LASTS = timedelta(minutes=15)
"""How long a page is told of changes without anybody doing anything; a session that is idle ends all the same."""
CHART_WIDTH, CHART_HEIGHT = 700, 150

Reader = Annotated[Visit, Depends(Seat(Permission.READ_BOARD))]


@router.get("")
async def board(request: Request, services: House, visit: Reader) -> Response:
    """The board as it stands now."""
    return show(request, "board.html.jinja", visit, **await _fields(services, await services.board.numbers()))


@router.get("/events")
async def events(request: Request, services: House, visit: Reader) -> Response:
    """The figures anew whenever they have changed, as server-sent events; ends with the session."""
    return StreamingResponse(
        _changes(request, services, visit),
        media_type="text/event-stream",
        headers=HEADERS | {"X-Accel-Buffering": "no"},
    )


async def _changes(request: Request, services: Services, visit: Visit) -> AsyncIterator[str]:
    ends_at, known = asyncio.get_running_loop().time() + LASTS.total_seconds(), ""
    yield "retry: 5000\n\n"
    while asyncio.get_running_loop().time() < ends_at and await services.accounts.still_runs(visit.key):
        numbers = await services.board.numbers()
        told = hashlib.sha256(repr(_without_time(numbers)).encode()).hexdigest()
        if told != known:
            known = told
            yield _event("figures", await _rendered(request, services, visit, numbers))
        else:
            yield ": nothing new\n\n"
        await asyncio.sleep(LOOKED_AT_EVERY.total_seconds())
    yield _event("over", "")


async def _rendered(request: Request, services: Services, visit: Visit, numbers: Numbers) -> str:
    page = fragment(request, "board_figures.html.jinja", visit, **await _fields(services, numbers))
    return bytes(page.body).decode()


async def _fields(services: Services, numbers: Numbers) -> dict[str, Any]:
    names = await services.parts.people.people([row.who for row in numbers.people if row.who])
    return {
        "numbers": numbers,
        "names": {person: found.name for person, found in names.items()},
        "chart": _chart(numbers.days),
        "width": CHART_WIDTH,
        "height": CHART_HEIGHT,
        "due_before": (numbers.at + SOON).strftime("%Y-%m-%dT%H:%MZ"),
        "decisions": sum(numbers.decisions.values()),
    }


def _without_time(numbers: Numbers) -> tuple[Any, ...]:
    return (numbers.all, numbers.teams, numbers.people, numbers.days, numbers.to_call_back, dict(numbers.decisions))


def _chart(days: tuple[Day, ...]) -> dict[str, Any]:
    """The backlog as a line and what came and ended as bars, in the chart's own units."""
    highest = max((max(day.open, day.received, day.ended) for day in days), default=0) or 1
    step = CHART_WIDTH / max(len(days), 1)

    def height(count: int) -> float:
        return round(count / highest * (CHART_HEIGHT - 20), 1)

    places = [
        {
            "day": day,
            "x": round(number * step, 1),
            "received": height(day.received),
            "ended": height(day.ended),
        }
        for number, day in enumerate(days)
    ]
    line = " ".join(
        f"{number * step + step / 2:.1f},{CHART_HEIGHT - 10 - height(day.open):.1f}" for number, day in enumerate(days)
    )
    return {"places": places, "line": line, "step": round(step, 1), "highest": highest}


def _event(name: str, data: str) -> str:
    lines = "\n".join(f"data: {line}" for line in data.splitlines() or [""])
    return f"event: {name}\n{lines}\n\n"
