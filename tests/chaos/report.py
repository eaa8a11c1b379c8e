"""What a run prints: one line of JSON with the seed, what was hit and what was counted."""

import json
import os
import platform
import statistics
import subprocess
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from tests.chaos.clock_laws import latenesses
from tests.chaos.evidence import Evidence
from tests.chaos.faults import Injury
from tests.chaos.letter_laws import acceptances, repetitions


def figures(name: str, seed: int, evidence: Evidence, findings: Iterable[str], **more: Any) -> str:
    """The line. Times in seconds; `late` is what breaches were recorded late, `unexplained` less the outages."""
    late, found = list(latenesses(evidence)), list(findings)
    return json.dumps(
        {
            "run": name,
            "seed": seed,
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "commit": commit(),
            "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
            "python": platform.python_version(),
            "contradictions": len(found),
            "first_contradictions": found[:5],
            "killed": Counter(injury.victim for injury in evidence.injuries if not injury.was_frozen),
            "frozen": Counter(injury.victim for injury in evidence.injuries if injury.was_frozen),
            "cases": len(evidence.diary.references),
            "commands": len(evidence.diary.commands),
            "facts": sum(map(len, evidence.ledger.values())),
            "answers": dict(sorted(evidence.diary.answers.items())),
            "broken_off": evidence.diary.unanswered,
            "parked": sum(row.type == "step.failed" for rows in evidence.ledger.values() for row in rows),
            "letters": len(acceptances(evidence)),
            "repeated_letters": repetitions(evidence),
            "breaches": len(late),
            "late_max": round(max((each.seconds for each in late), default=0.0), 2),
            "unexplained_late_max": round(max((each.seconds - each.hurt_seconds for each in late), default=0.0), 2),
            "crowding": round(evidence.crowding, 1),
            "back_after": recoveries(evidence.injuries),
            "effect_after": effects(evidence),
            **more,
        }
    )


def recoveries(injuries: Iterable[Injury]) -> dict[str, dict[str, float]]:
    """How long each kind of part was away after a kill: median and longest."""
    seconds: dict[str, list[float]] = defaultdict(list)
    for injury in injuries:
        if not injury.was_frozen:
            seconds[injury.victim.partition("-")[0]].append(injury.seconds)
    return {kind: distribution(values) for kind, values in sorted(seconds.items())}


def effects(evidence: Evidence) -> dict[str, dict[str, float]]:
    """R3: seconds from a kill to the first thing recorded in a case after the part was back; intake needs no part.

    Known only where PostgreSQL keeps the times of commits.
    """
    commits = sorted(
        row.committed_at
        for rows in evidence.ledger.values()
        for row in rows
        if row.committed_at and row.type != "complaint.received"
    )
    seconds: dict[str, list[float]] = defaultdict(list)
    for injury in evidence.injuries:
        found = next((at for at in commits if injury.back_at and at > injury.back_at), None)
        if found is not None and not injury.was_frozen:
            seconds[injury.victim.partition("-")[0]].append((found - injury.at).total_seconds())
    return {kind: distribution(values) for kind, values in sorted(seconds.items())}


@cache
def commit() -> str:
    """The commit that was tested, as far as that can be told."""
    said = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return said.stdout.strip() or "unknown"


def distribution(seconds: list[float]) -> dict[str, float]:
    ordered = sorted(seconds)
    return {
        "n": len(ordered),
        "median": round(statistics.median(ordered), 2),
        "p95": round(ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))], 2),
        "max": round(ordered[-1], 2),
    }


class Steal:
    """How much of the machine's time others took away since this was made, in percent (Linux)."""

    def __init__(self) -> None:
        self._before = _processor_times()

    def percent(self) -> float:
        spent = [now - before for now, before in zip(_processor_times(), self._before, strict=True)]
        return round(100 * spent[_STEAL] / max(sum(spent), 1), 1)


_STEAL = 7


def _processor_times() -> list[int]:
    stat = Path("/proc/stat")
    if not stat.exists():
        return [0] * 8
    return [int(ticks) for ticks in stat.read_text().splitlines()[0].split()[1:9]]
