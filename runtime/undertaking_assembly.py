"""The parts of undertakings, put together: what `runtime.assembly` takes over into every process."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from activities.periodic import PeriodicWork
from activities.ports import PostOffice
from activities.undertaking_letters import UndertakingLetters
from activities.undertaking_recording import UndertakingRecorder
from activities.undertaking_steps import UndertakingSteps
from contracts.cases import Patience
from runtime.case_commands import CaseCommands
from storage.analysis import Observations
from storage.contacts import Correspondents
from storage.customer_values import CustomerValues
from storage.deliveries import Deliveries
from storage.wave_indices import WaveIndices

if TYPE_CHECKING:
    from runtime.assembly import Parts


def undertaking_activities(
    parts: "Parts", post: PostOffice, patience: Patience, now: Callable[[], datetime]
) -> Sequence[Callable[..., Any]]:
    """Every activity of undertakings, bound to the real parts."""
    zone, observations = parts.settings.time_zone, Observations(parts.pool)
    recorder = UndertakingRecorder(parts.undertakings, patience)
    steps = UndertakingSteps(
        observations=observations,
        desk=parts.undertaking_desk,
        open_cases=parts.undertakings,
        commands=CaseCommands(parts.launcher, parts.ledger),
        values=CustomerValues(parts.pool),
        indices=WaveIndices(parts.pool),
        letters=UndertakingLetters(
            texts=parts.vault,
            correspondents=Correspondents(parts.pool),
            links=parts.links,
            post=post,
            deliveries=Deliveries(parts.pool),
            zone=zone,
            now=now,
        ),
        texts=parts.vault,
        zone=zone,
    )
    periodic = PeriodicWork(observations, parts.undertaking_desk, zone)
    return [
        recorder.load_undertaking,
        recorder.record_undertaking,
        steps.carry_out_undertaking_step,
        periodic.undertake_periodically,
    ]
