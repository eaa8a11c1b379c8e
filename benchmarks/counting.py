"""What a workflow's history costs: its events, its bytes, and the actions that Temporal Cloud would bill for it.

Counting rules (docs.temporal.io/cloud/actions): one action each for the start, an accepted update, an attempt of an
activity, a timer, an upsert of search attributes, a continue-as-new; all local activities of one workflow task are one
action together. Answers, queries and what the server schedules for itself are free.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from google.protobuf.message import Message
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHistory

_BILLED_ONCE = {
    "workflow_execution_started",
    "workflow_execution_update_accepted",
    "timer_started",
    "upsert_workflow_search_attributes",
    "workflow_execution_continued_as_new",
}
_OF_THE_TEST_CLOCK = ("workflow_execution_options_updated", "workflow_execution_time_skipping")
"""What only an environment that skips time writes into a history."""


@dataclass(frozen=True, slots=True)
class Item:
    """One event, and the actions that it is billed as."""

    number: int
    seconds: float
    kind: str
    what: str
    actions: int


@dataclass(frozen=True, slots=True)
class Bill:
    """The events of a history, in order."""

    items: tuple[Item, ...]
    size: int

    @property
    def events(self) -> int:
        return len(self.items)

    @property
    def actions(self) -> int:
        return sum(item.actions for item in self.items)


def bill(history: WorkflowHistory) -> Bill:
    """What the history costs, without what an environment that skips time added to it."""
    events = [event for event in history.events if not kind_of(event).startswith(_OF_THE_TEST_CLOCK)]
    return Bill(tuple(_items(events)), sum(event.ByteSize() for event in events))


def kind_of(event: HistoryEvent) -> str:
    return EventType.Name(event.event_type).removeprefix("EVENT_TYPE_").lower()


def _items(events: list[HistoryEvent]) -> Iterator[Item]:
    begin, tasks_with_local_activities = events[0].event_time.ToDatetime(), set[int]()
    for number, event in enumerate(events, start=1):
        seconds = (event.event_time.ToDatetime() - begin).total_seconds()
        yield Item(number, seconds, kind_of(event), _what(event), _actions(event, tasks_with_local_activities))


def _actions(event: HistoryEvent, tasks_with_local_activities: set[int]) -> int:
    kind = kind_of(event)
    if kind == "activity_task_started":
        return event.activity_task_started_event_attributes.attempt
    if kind == "marker_recorded":
        task = event.marker_recorded_event_attributes.workflow_task_completed_event_id
        is_first = task not in tasks_with_local_activities
        tasks_with_local_activities.add(task)
        return int(is_first)
    return int(kind in _BILLED_ONCE)


def _what(event: HistoryEvent) -> str:
    """The name of the activity or command, where the event says one."""
    attributes: Message = getattr(event, event.WhichOneof("attributes") or "")
    match kind_of(event):
        case "activity_task_scheduled":
            return event.activity_task_scheduled_event_attributes.activity_type.name
        case "marker_recorded":
            return "local activity"
        case "workflow_execution_update_accepted":
            return str(getattr(attributes, "accepted_request").meta.update_id.partition("-")[0])  # noqa: B009
        case "timer_started":
            return f"{event.timer_started_event_attributes.start_to_fire_timeout.ToTimedelta()}"
        case _:
            return ""
