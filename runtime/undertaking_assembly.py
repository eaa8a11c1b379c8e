"""The parts of undertakings, put together: what `runtime.assembly` takes over into every process."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from activities.periodic import PeriodicWork
from activities.undertaking_recording import UndertakingRecorder
from activities.undertaking_steps import UndertakingSteps
from contracts.cases import Patience
from runtime.case_commands import CaseCommands
from storage.analysis import Observations
from storage.customer_values import CustomerValues

if TYPE_CHECKING:
    from runtime.assembly import Parts


def undertaking_activities(parts: "Parts", patience: Patience) -> Sequence[Callable[..., Any]]:
    """Every activity of undertakings, bound to the real parts."""
    zone, observations = parts.settings.time_zone, Observations(parts.pool)
    recorder = UndertakingRecorder(parts.undertakings, patience)
    steps = UndertakingSteps(
        observations=observations,
        desk=parts.undertaking_desk,
        open_cases=parts.undertakings,
        commands=CaseCommands(parts.launcher, parts.ledger),
        values=CustomerValues(parts.pool),
        zone=zone,
    )
    periodic = PeriodicWork(observations, parts.undertaking_desk, zone)
    return [
        recorder.load_undertaking,
        recorder.record_undertaking,
        steps.carry_out_undertaking_step,
        periodic.undertake_periodically,
    ]
