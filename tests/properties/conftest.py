"""How Hypothesis runs: the same examples every time, so that a red gate is red for everybody.

`HYPOTHESIS_PROFILE=fuzz pytest tests/properties` looks for new ones, ten times as many.
"""

import os

from hypothesis import HealthCheck, settings

settings.register_profile("gate", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("fuzz", max_examples=1_000, deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "gate"))
