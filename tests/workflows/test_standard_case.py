"""What the standard case costs: an alarm for changes that make every case dearer."""

from temporalio.testing import WorkflowEnvironment

from benchmarks.standard_case import MOST_EVENTS, billed
from tests.house import House

MOST_ACTIONS = 19


async def test_the_standard_case_stays_within_its_events_and_billed_actions(
    house: House, time_skipping: WorkflowEnvironment
) -> None:
    """55 events and 19 actions; the room for three more is one workflow task that a crowded machine let time out."""
    counted = await billed(house, time_skipping)
    listed = "\n".join(f"{item.number} {item.kind} {item.what} {item.actions or ''}" for item in counted.items)
    assert counted.events <= MOST_EVENTS, listed
    assert counted.actions <= MOST_ACTIONS, listed
