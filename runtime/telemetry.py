"""What Amends measures of itself, in the text format of Prometheus.

Owns the names and labels of the metrics of one process. Labels are codes from closed lists (the template of a route,
never a path): they stay few, and nothing personal can get in. The Temporal SDK shows its own metrics at an address of
its own, see `runtime.temporal`.
"""

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

CONTENT_TYPE = CONTENT_TYPE_LATEST

_REGISTRY = CollectorRegistry()
_REQUESTS = Counter("amends_http_requests", "Requests answered.", ("route", "method", "status"), registry=_REGISTRY)
_REQUEST_SECONDS = Histogram(
    "amends_http_request_seconds",
    "Time to answer a request.",
    ("route",),
    buckets=(0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=_REGISTRY,
)
_COMMANDS = Counter(
    "amends_commands", "Commands on cases, by how they ended.", ("command", "outcome"), registry=_REGISTRY
)
_STEPS = Counter(
    "amends_steps", "Attempts at outside effects, by how they ended.", ("step", "outcome"), registry=_REGISTRY
)
_PARKED = Gauge("amends_steps_parked", "Steps that wait for an operator.", ("step",), registry=_REGISTRY)
_OUTBOX = Gauge("amends_outbox_depth", "Events recorded but not yet delivered.", registry=_REGISTRY)
_UNSTARTED = Gauge(
    "amends_oldest_unstarted_intake_seconds",
    "Age of the oldest complaint that was accepted and whose workflow is not started yet; 0 if there is none.",
    registry=_REGISTRY,
)


_WEDGED = Gauge("amends_wedged_workflows", "Workflows that cannot go on by themselves.", registry=_REGISTRY)


def count_request(route: str, method: str, status: int, seconds: float) -> None:
    """A request was answered; `route` is the template, such as /v1/complaints/{reference}."""
    _REQUESTS.labels(route, method, str(status)).inc()
    _REQUEST_SECONDS.labels(route).observe(seconds)


def count_command(command: str, outcome: str) -> None:
    """A command ended: `done`, `replayed`, `refused`, `unavailable`."""
    _COMMANDS.labels(command, outcome).inc()


def count_step(step: str, outcome: str) -> None:
    """An attempt at an outside effect ended: `done` or the code of its failure."""
    _STEPS.labels(step, outcome).inc()


def show_parked_steps(parked: Mapping[str, int]) -> None:
    """How many steps of each kind wait for an operator now; kinds that are left out have none."""
    _PARKED.clear()
    for step, count in parked.items():
        _PARKED.labels(step).set(count)


def show_outbox_depth(events: int) -> None:
    """How many recorded events wait for delivery now."""
    _OUTBOX.set(events)


def show_oldest_unstarted_intake(seconds: float) -> None:
    """How long the oldest accepted complaint has waited for its workflow."""
    _UNSTARTED.set(seconds)


def show_wedged_workflows(count: int) -> None:
    """How many workflows Temporal reports problems of."""
    _WEDGED.set(count)


def exposition() -> bytes:
    """All metrics of this process as `GET /metrics` answers them, with the content type CONTENT_TYPE."""
    return generate_latest(_REGISTRY)
