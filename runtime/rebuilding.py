"""Starting again, from their ledgers alone, all that was open: Temporal's store is empty, or was put back older."""

from datetime import datetime

from storage.pool import Pool
from storage.unstarted import Kind, Unstarted

_NAMES = {Kind.CASE: "cases", Kind.WAVE: "waves of surveys", Kind.UNDERTAKING: "other undertakings"}


async def restart_all(pool: Pool, at: datetime) -> dict[str, int]:
    """Note every open case, wave and undertaking to be started in a new epoch; how many of each."""
    return {name: await Unstarted(pool, kind).restart_all(at) for kind, name in _NAMES.items()}
