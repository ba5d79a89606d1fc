"""Unexpected failures, on the span that they broke and as a log record of OpenTelemetry."""

from __future__ import annotations

from contextlib import suppress

from opentelemetry import trace
from opentelemetry._logs import LoggerProvider, LogRecord, SeverityNumber

from cortex_adapters.otel.attributes import text
from cortex_adapters.otel.telemetry import SCOPE
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
            trace.get_current_span().add_event("exception", attributes)
            self._logger.emit(
                LogRecord(
                    event_name="incident",
                    severity_number=SeverityNumber.ERROR,
                    severity_text="ERROR",
                    body=f"Incident {incident}",
                    attributes=attributes,
                )
            )
        return incident
