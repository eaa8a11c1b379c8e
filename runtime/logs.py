"""Logs: one line an event, as JSON or for a console, with the ids that connect them and without personal data.

Owns the one handler of the root logger, through which everything goes: our own events, the Temporal SDK's and its
engine's, the web server's and every library's. Redaction sits there (`runtime.redaction`), and so covers them all.

Our code logs by `structlog.get_logger()` or by `logging` with `extra={…}`; the API binds `request_id` with
`structlog.contextvars.bind_contextvars`. Workflows and activities use the SDK's loggers, whose ids become fields here.
"""

import json
import logging
import sys
import threading
from collections.abc import MutableMapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, TextIO

import structlog
from structlog.processors import ExceptionRenderer
from structlog.stdlib import ExtraAdder, ProcessorFormatter
from structlog.typing import EventDict, ExcInfo, Processor, WrappedLogger

from runtime.failures import describe_exception
from runtime.redaction import redact_fields
from runtime.settings import Settings

_OWN_HANDLERS = ("uvicorn", "uvicorn.error", "uvicorn.access")
_TALKATIVE = ("httpx", "httpcore", "asyncio", "aiosmtplib")
_ALREADY_SAID = ("_record", "_from_structlog", "temporal_log", "color_message", "activity_info", "workflow_info")
_TEMPORAL_FIELDS = ("workflow_id", "workflow_type", "update_name", "update_id", "attempt")

log = logging.getLogger(__name__)


def configure(settings: Settings, stream: TextIO | None = None) -> None:
    """Send every log of this process through one redacting handler to `stream` (standard error if not given)."""
    handler = _Handler(stream or sys.stderr)
    handler.setFormatter(_formatter(_renderer(settings, handler.stream)))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level)
    for name in _OWN_HANDLERS:
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_uncaught_in_thread
    _configure_structlog()
    _configure_temporal()


class _Handler(logging.StreamHandler[TextIO]):
    """Writes to a stream. An entry that cannot be formatted is named, not shown: logging would print its arguments."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        error = sys.exc_info()[0]
        place = f"{record.name}, line {record.lineno}"
        self.stream.write(f"a log entry of {place} was lost: {error.__name__ if error else 'unknown'}\n")


def _formatter(renderer: Processor) -> ProcessorFormatter:
    return ProcessorFormatter(
        foreign_pre_chain=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            ExtraAdder(),
        ],
        processors=[
            _add_timestamp,
            _add_temporal_ids,
            ExceptionRenderer(_describe_exc_info),
            _without_what_is_said,
            _redacted,
            renderer,
        ],
    )


def _renderer(settings: Settings, stream: TextIO) -> Processor:
    if settings.log_format == "console":
        return structlog.dev.ConsoleRenderer(colors=stream.isatty())
    return structlog.processors.JSONRenderer(json.dumps, ensure_ascii=False)


def _add_timestamp(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    created = datetime.fromtimestamp(event["_record"].created, UTC)
    return {"timestamp": created.isoformat(timespec="milliseconds").replace("+00:00", "Z"), **event}


def _add_temporal_ids(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Lift the ids that the SDK's loggers attach, and name the case that a workflow id belongs to."""
    workflow = event.pop("temporal_workflow", None) or {}
    activity = event.pop("temporal_activity", None) or {}
    for name in _TEMPORAL_FIELDS:
        value = activity.get(name, workflow.get(name))
        if value is not None:
            event.setdefault(name, value)
    if activity:
        event.setdefault("activity", activity.get("activity_type"))
    kind, _, reference = str(event.get("workflow_id", "")).partition("/")
    if kind == "complaint" and reference:
        event.setdefault("reference", reference)
    return event


def _describe_exc_info(exc_info: ExcInfo) -> str:
    return describe_exception(exc_info[1])


def _without_what_is_said(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    for name in _ALREADY_SAID:
        event.pop(name, None)
    return event


def _redacted(_logger: WrappedLogger, _method: str, event: EventDict) -> MutableMapping[str, Any]:
    return redact_fields(event)


def _configure_structlog() -> None:
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.PositionalArgumentsFormatter(),
            ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def _configure_temporal() -> None:
    """Keep the SDK from writing its ids into the message as well."""
    from temporalio import activity, workflow

    workflow.logger.workflow_info_on_message = False
    activity.logger.activity_info_on_message = False


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
    else:
        log.critical("the process ends by an error that nobody caught", exc_info=(kind, error, trace))


def _log_uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None:
        _log_uncaught(args.exc_type, args.exc_value, args.exc_traceback)
