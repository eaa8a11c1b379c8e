"""What happened, told to others as CloudEvents 1.0 without personal data.

They go to the log under `amends.events`, where log shippers pick them up.
"""

from collections.abc import Sequence

import structlog

from storage.outbox import Event

log = structlog.get_logger("amends.events")


async def tell(events: Sequence[Event]) -> None:
    """Log each event in CloudEvents' own words; its id tells a repetition."""
    for event in events:
        log.info(
            "event",
            specversion="1.0",
            id=f"{event.reference}/{event.sequence}",
            source=f"/v1/complaints/{event.reference}",
            type=event.type,
            time=event.at.isoformat(),
            reference=event.reference,
        )
