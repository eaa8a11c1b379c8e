"""The processor time of processes and their children, as Linux counts it, and percentiles of what was measured."""

import os
import statistics
from collections.abc import Sequence
from pathlib import Path

from tests.chaos.installation import Installation

_TICKS = os.sysconf("SC_CLK_TCK")
_PARENT, _GROUP, _USER, _SYSTEM, _ENDED_USER, _ENDED_SYSTEM = 1, 2, 11, 12, 13, 14


def group_seconds(group: int) -> float:
    """What the processes of a process group and the leader's children have used, those that have ended included.

    A part of an installation is a group, but every backend of PostgreSQL makes a group of its own.
    """
    spent = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(") ")[2].split()
        except OSError:  # it ended
            continue
        if group in {int(fields[_GROUP]), int(fields[_PARENT])}:
            spent += sum(int(fields[each]) for each in (_USER, _SYSTEM, _ENDED_USER, _ENDED_SYSTEM))
    return spent / _TICKS


def parts_seconds(installation: Installation) -> dict[str, float]:
    """What each kind of part has used, and this process as the client."""
    spent = {part: group_seconds(installation.pid(part)) for part in installation.parts}
    own = os.times()
    return {**spent, "client": own.user + own.system}


def percentile(values: Sequence[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]
