"""From values to places on the paper: round numbers for the ends and ticks of an axis, and the way between."""

import math
from dataclasses import dataclass
from typing import Self

TICKS = 5
"""About so many steps from end to end."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Values from `low` to `high` on the points from `start` to `end`, with a tick at every `step`."""

    low: float
    high: float
    step: float
    start: float
    end: float

    @classmethod
    def over(
        cls,
        values: list[float],
        start: float,
        end: float,
        minimum: float | None = None,
        maximum: float | None = None,
    ) -> Self:
        """A scale that holds all the values, with ends on round numbers unless they are given."""
        smallest = min(values) if minimum is None else min(minimum, *values)
        largest = max(values) if maximum is None else max(maximum, *values)
        step = round_step((largest - smallest) / TICKS)
        low = smallest if minimum == smallest else math.floor(smallest / step) * step
        high = largest if maximum == largest else math.ceil(largest / step) * step
        return cls(low, high if high > low else low + step, step, start, end)

    def place(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    def ticks(self) -> list[tuple[float, str]]:
        """Place and label of each tick."""
        first = math.ceil(self.low / self.step - 1e-9)
        last = math.floor(self.high / self.step + 1e-9)
        decimals = max(0, -math.floor(math.log10(self.step) + 1e-9))
        values = [number * self.step for number in range(first, last + 1)]
        return [(self.place(value), f"{value:.{decimals}f}".replace("-", "−")) for value in values]


def round_step(step: float) -> float:
    """The next larger of 1, 2 and 5 times a power of ten; 1 where there is no distance to divide."""
    if not step > 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(step))
    return next(power * factor for factor in (1.0, 2.0, 5.0, 10.0) if power * factor >= step * (1 - 1e-9))
