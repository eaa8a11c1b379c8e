"""The connection to Temporal.

Where the server is and how to authenticate is told by the SDK's own variables and profiles (`TEMPORAL_ADDRESS`,
`TEMPORAL_NAMESPACE`, `TEMPORAL_API_KEY`, `TEMPORAL_TLS…`): a local server, a cluster and Temporal Cloud differ by
settings alone. Search attributes are named in `contracts.search_attributes`.
"""

import asyncio
import logging
from functools import cache

from temporalio.client import Client
from temporalio.envconfig import ClientConfig
from temporalio.runtime import (
    LogForwardingConfig,
    LoggingConfig,
    PrometheusConfig,
    Runtime,
    TelemetryConfig,
    TelemetryFilter,
)

from runtime.converter import HEADER_CODEC, data_converter
from storage.keys import MasterKeys

_FIRST_PAUSE_SECONDS = 0.2
_LONGEST_PAUSE_SECONDS = 5.0

log = logging.getLogger(__name__)


class TemporalAway(Exception):
    """Temporal's server cannot be reached."""


async def connect(
    keys: MasterKeys,
    *,
    lazy: bool = False,
    patience_seconds: float = 60.0,
    accept_plain: bool = False,
    metrics_address: str | None = None,
) -> Client:
    """Connect with our converter, waiting up to `patience_seconds` for the server; raises TemporalAway after that.

    Lazy: the client is made at once and connects at its first call, so that intake works with Temporal down. A worker
    cannot be made with a lazy client.
    """
    config = ClientConfig.load_client_connect_config()
    config.setdefault("target_host", "localhost:7233")
    deadline = asyncio.get_running_loop().time() + patience_seconds
    pause = _FIRST_PAUSE_SECONDS
    while True:
        try:
            return await Client.connect(
                **config,
                data_converter=data_converter(keys, accept_plain=accept_plain),
                header_codec_behavior=HEADER_CODEC,
                lazy=lazy,
                runtime=_runtime(metrics_address),
            )
        except RuntimeError as error:  # what the SDK raises for a connection refused
            if asyncio.get_running_loop().time() + pause > deadline:
                raise TemporalAway("Temporal cannot be reached; see TEMPORAL_ADDRESS") from error
            log.info("Temporal is not there yet")
        await asyncio.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)


@cache
def _runtime(metrics_address: str | None) -> Runtime:
    """One engine for the process. Its logs go through Python's, where they are redacted; it sends nothing home."""
    logs = LoggingConfig(
        filter=TelemetryFilter(core_level="WARN", other_level="ERROR"),
        forwarding=LogForwardingConfig(logger=logging.getLogger("temporalio.core")),
    )
    metrics = PrometheusConfig(bind_address=metrics_address) if metrics_address else None
    return Runtime(telemetry=TelemetryConfig(logging=logs, metrics=metrics))
