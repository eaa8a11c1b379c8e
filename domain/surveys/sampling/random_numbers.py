"""Permanent random numbers: each unit's own, for life, so that samples are reproducible and can be co-ordinated.

Source: Ohlsson 1995, "Coordination of samples using permanent random numbers".
"""

from collections.abc import Iterable
from hashlib import blake2b

import numpy as np

from domain.surveys.arrays import FloatArray
from domain.surveys.errors import Problem, SurveyProblem

SHORTEST_KEY = 16


def permanent_random_numbers(key: bytes, unit_ids: Iterable[str]) -> FloatArray:
    """The numbers in [0, 1) of units (n,): a keyed BLAKE2b of the id, of which 53 bits are taken.

    Whoever does not know the key (16 to 64 bytes, else refused with SurveyProblem) can neither foresee nor steer
    who will be asked. Store the numbers: they must outlive the key.
    """
    if not SHORTEST_KEY <= len(key) <= blake2b.MAX_KEY_SIZE:
        raise SurveyProblem(Problem("key", f"{SHORTEST_KEY} to {blake2b.MAX_KEY_SIZE} bytes, not {len(key)}"))
    prepared = blake2b(digest_size=8, key=key)
    return np.fromiter((_fraction(prepared, unit_id) for unit_id in unit_ids), dtype=np.float64)


def _fraction(prepared: blake2b, unit_id: str) -> float:
    state = prepared.copy()
    state.update(unit_id.encode())
    return float(int.from_bytes(state.digest(), "big") >> 11) * 2.0**-53
