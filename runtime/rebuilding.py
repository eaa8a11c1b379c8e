"""Starting again, from their ledgers alone, all that was open: Temporal's store is empty, or was put back older."""

from datetime import datetime

from storage.intakes import UnstartedCases
from storage.pool import Pool
from storage.undertakings import Undertakings
from storage.waves import Waves


async def restart_all(pool: Pool, at: datetime) -> dict[str, int]:
    """Note every open case, wave and undertaking to be started in a new epoch; how many of each."""
    return {
        "cases": await UnstartedCases(pool).restart_all(at),
        "waves of surveys": await Waves(pool).restart_all(at),
        "other undertakings": await Undertakings(pool).restart_all(at),
    }
