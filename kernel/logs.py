"""Structured logs: one JSON object a line, with the request id, and never a personal value."""

import logging
import sys
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any, TextIO, cast

import structlog

from kernel.context import request_id
from kernel.personal import Personal


def _add_request_id(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    current = request_id()
    if current:
        event["request_id"] = current
    return event


def _redact_personal(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        if isinstance(value, Personal):
            event[key] = "•••"
    return event


class _Lossy:
    """A stream to which writing never fails: with the disk full a line is lost, and the work it tells of goes on."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with suppress(OSError):
            return self._stream.write(text)
        return 0

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()


def configure_logs(service: str, level: str = "INFO") -> None:
    """Send this process's structlog and standard-library records to stderr as JSON lines."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_request_id,
        _redact_personal,
        structlog.processors.format_exc_info,
    ]
    stream = cast(TextIO, _Lossy(sys.stderr))
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level)),
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processor=structlog.processors.JSONRenderer(),
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # httpx logs every address it calls, and an address may hold a link's token.
    logging.getLogger("httpx").setLevel(logging.WARNING)


def log() -> Any:
    """Return the process's logger (structlog's bound logger; its methods take an event name and fields)."""
    return structlog.get_logger()
