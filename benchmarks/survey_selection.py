"""Draw 5,000 of 1,000,000 units in 50 strata by stored random numbers, beside sorting the frame with bare NumPy.

Run: python -m benchmarks.survey_selection
"""

from collections.abc import Callable
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from domain.surveys.sampling.frame import Frame
from domain.surveys.sampling.selection import draw_stratified

UNITS, STRATA, PER_STRATUM = 1_000_000, 50, 100
LIMIT_SECONDS = 0.15


def main() -> None:
    frame = million_units()
    ours = draw_stratified(frame, PER_STRATUM, start=0.25)
    if set(ours.rows.tolist()) != set(by_sorting(frame, 0.25).tolist()):
        raise SystemExit("both ways must draw the same units")
    print(f"{PER_STRATUM * STRATA:,} of {UNITS:,} units in {STRATA} strata, best of 15")
    taken = best_of(15, lambda: draw_stratified(frame, PER_STRATUM, start=0.25))
    sorted_in = best_of(15, lambda: by_sorting(frame, 0.25))
    print(f"  draw_stratified      {taken:8.4f} s   (limit {LIMIT_SECONDS} s)")
    print(f"  NumPy, sort it all   {sorted_in:8.4f} s   ({sorted_in / taken:.0f} ×)")
    if taken > LIMIT_SECONDS:
        raise SystemExit("slower than its limit")


def million_units() -> Frame:
    generator = np.random.default_rng(1)
    strata = generator.integers(STRATA, size=UNITS)
    return Frame.of(np.arange(UNITS), strata, generator.random(UNITS))


def by_sorting(frame: Frame, start: float) -> NDArray[np.int64]:
    """The rows with the smallest (u - a) mod 1 in each stratum, by one sort of the whole frame."""
    distance = (frame.random_numbers - start) % 1
    order = np.lexsort((distance, frame.strata.codes))
    counts = frame.stratum_sizes
    position = np.arange(UNITS) - np.repeat(np.cumsum(counts) - counts, counts)
    return order[position < PER_STRATUM]


def best_of(times: int, call: Callable[[], object]) -> float:
    return min(seconds(call) for _ in range(times))


def seconds(call: Callable[[], object]) -> float:
    begin = perf_counter()
    call()
    return perf_counter() - begin


if __name__ == "__main__":
    main()
