"""Unexpected failures, on the span that they broke and as a log record of OpenTelemetry."""

from __future__ import annotations

from contextlib import suppress

from opentelemetry._logs import LoggerProvider, LogRecord, SeverityNumber

from cortex_adapters.otel.attributes import text
from cortex_adapters.otel.spans import current_work
from cortex_adapters.otel.tracing import EMPTY, SCOPE, around
from cortex_core.ports import ErrorReporter


class SpanErrorReporter:
    """Has *other* report a failure, and tells traces and logs of its incident.

    They hold its kind and where it broke. Its words are in our own log alone: they may hold what a
    caller sent.
    """

    def __init__(self, other: ErrorReporter, logs: LoggerProvider) -> None:
        self._other = other
        self._logger = logs.get_logger(SCOPE)

    def report(self, error: BaseException, *, operation: str) -> str:
        incident = self._other.report(error, operation=operation)
        with suppress(Exception):
            kind = type(error)
            attributes = {
                "exception.type": text(f"{kind.__module__}.{kind.__qualname__}"),
                "incident": incident,
                "operation": text(operation),
            }
            work = current_work()
            if work is not None:
                work.note("exception", attributes)
            self._logger.emit(
                LogRecord(
                    context=around(work.place) if work is not None else EMPTY,
                    event_name="incident",
                    severity_number=SeverityNumber.ERROR,
                    severity_text="ERROR",
                    body=f"Incident {incident}",
                    attributes=attributes,
                )
            )
        return incident
