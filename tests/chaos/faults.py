"""Schedules of faults: which process is killed when. The same seed gives the same schedule."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

WORKERS = ("worker-1", "worker-2")
VICTIMS = (*WORKERS, "api", "temporal", "postgres")


@dataclass(frozen=True, slots=True)
class Kill:
    """One kill to come: how many seconds after the one before, and whose."""

    wait: float
    victim: str


@dataclass(slots=True)
class Injury:
    """A fault that happened: who was hit, when, and since when it has answered again."""

    victim: str
    at: datetime
    back_at: datetime | None = None
    was_frozen: bool = False

    @property
    def seconds(self) -> float:
        return 0.0 if self.back_at is None else (self.back_at - self.at).total_seconds()


def kill_schedule(seed: int, *, kills: int, mean_wait: float, victims: Sequence[str] = VICTIMS) -> tuple[Kill, ...]:
    """Kills at exponential intervals; each victim gets its even share, the remainder falls by chance."""
    chance = random.Random(seed)
    rounds, rest = divmod(kills, len(victims))
    order = [*victims] * rounds + chance.sample(victims, rest)
    chance.shuffle(order)
    return tuple(Kill(chance.expovariate(1 / mean_wait), victim) for victim in order)
