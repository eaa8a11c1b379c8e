"""What a message settled that came back: its promises run again, what began with it is stopped.

The clock that was met runs again to its old due time; if that has passed meanwhile, the promise was broken, and is
recorded so at once. Only what reached the customer keeps a promise.
"""

from collections.abc import Iterator
from datetime import datetime

from domain.calendar import Calendar
from domain.complaints.case import Case
from domain.complaints.clocks import Clock
from domain.complaints.policy import Anchor
from domain.complaints.terms import UPDATES, ClockKind, ClockState, StepKind

SETTLED_BY_AN_ANSWER = (
    ClockKind.ACKNOWLEDGE,
    ClockKind.FIRST_RESPONSE,
    ClockKind.EXPLAIN,
    ClockKind.PERIODIC_UPDATE,
    ClockKind.FINAL_RESPONSE,
)
"""What an answer that reached the customer settles: it tells too that the complaint arrived."""
SETTLED_BY_AN_UPDATE = (ClockKind.PERIODIC_UPDATE, ClockKind.FIRST_RESPONSE)
_BEGAN_WITH_IT = frozenset({Anchor.RESPONDED, Anchor.PREVIOUS_UPDATE})


def promised_again(case: Case, step_key: str, at: datetime, calendar: Calendar) -> Iterator[Clock]:
    """The clocks as they are after the message of this step came back."""
    step = case.step(step_key)
    if step is None:
        return
    if step.kind is StepKind.EXTENSION_LETTER:
        yield from (clock.set_back() for clock in case.clocks if clock.key == step.detail)
        return
    settled = _settled_by(step.kind)
    for clock in case.clocks:
        if clock.kind in settled and clock.met_at == step.done_at:
            yield _running_again(case, clock.unmet(), at, calendar)
        elif clock.anchor in _BEGAN_WITH_IT and clock.started_at == step.done_at and clock.is_open:
            yield clock.cancelled()


def _settled_by(kind: StepKind) -> tuple[ClockKind, ...]:
    if kind is StepKind.ACKNOWLEDGEMENT:
        return (ClockKind.ACKNOWLEDGE,)
    return SETTLED_BY_AN_UPDATE if kind in UPDATES else SETTLED_BY_AN_ANSWER


def _running_again(case: Case, clock: Clock, at: datetime, calendar: Calendar) -> Clock:
    """It stands still if a hold stops it now, whatever stopped it then."""
    is_held = any(hold.kind in clock.paused_by for hold in case.holds)
    if clock.state is ClockState.PAUSED and not is_held:
        return clock.resumed(at, calendar)
    return clock.paused(at) if clock.state is ClockState.RUNNING and is_held else clock
