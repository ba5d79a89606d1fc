"""The registry: every span, metric and log line there is, named once.

Adapters of `Telemetry` make their instruments of it, and the reference in the documentation, the
dashboards and the alerts are generated from it.
"""

from __future__ import annotations

from typing import Final

from cortex_core.domain.signals import log_events, metrics, spans
from cortex_core.domain.signals.attributes import ATTRIBUTES
from cortex_core.domain.signals.kinds import LogEvent, Metric, SpanKind

__all__ = ["ATTRIBUTES", "LOG_EVENTS", "METRICS", "SPANS", "LogEvent", "Metric", "SpanKind"]

SPANS: Final = {kind.name: kind for kind in spans.SPANS}
METRICS: Final = {
    metric.name: metric
    for metric in (
        *(kind.duration for kind in spans.SPANS if kind.duration is not None),
        *metrics.METRICS,
    )
}
LOG_EVENTS: Final = {event.name: event for event in log_events.LOG_EVENTS}
