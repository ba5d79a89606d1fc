"""The names that Prometheus knows our metrics by, and what we ask of other exporters."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from cortex_core.domain.signals import METRICS, Metric

_UNITS: Final = {"s": "_seconds", "By": "_bytes"}
_OF_EACH: Final = frozenset({"worker", "job", "instance"})
_SENDING: Final = _OF_EACH | {"otel_component_type", "error_type"}

OTHERS: Final = {
    "up": frozenset({"job", "instance"}),
    "ALERTS": frozenset({"alertname", "alertstate", "severity"}),
    # OpenTelemetry's SDK, of what it sends
    "otel_sdk_exporter_operation_duration_seconds_count": _SENDING,
    "otel_sdk_processor_span_processed_total": _SENDING,
    # blackbox_exporter
    "probe_success": frozenset({"job", "instance"}),
    "probe_ssl_earliest_cert_expiry": frozenset({"job", "instance"}),
    # node_exporter
    "node_filesystem_avail_bytes": frozenset({"job", "instance", "mountpoint", "fstype"}),
    "node_filesystem_size_bytes": frozenset({"job", "instance", "mountpoint", "fstype"}),
    "node_filesystem_readonly": frozenset({"job", "instance", "mountpoint", "fstype"}),
}
"""What Prometheus itself and other exporters say, by name, with the labels that we use."""


def printed(metric: Metric) -> str:
    """Return the name that the families of *metric* have in the text format."""
    name = metric.name.replace(".", "_") + _UNITS.get(metric.unit, "")
    return f"{name}_total" if metric.instrument == "counter" else name


def series(metric: Metric) -> dict[str, frozenset[str]]:
    """Return each name under which *metric* has series, with the labels of those."""
    name = printed(metric)
    labels = frozenset(label.replace(".", "_") for label in metric.labels) | _OF_EACH
    if metric.instrument != "histogram":
        return {name: labels}
    return {
        f"{name}_bucket": labels | {"le"},
        f"{name}_sum": labels,
        f"{name}_count": labels,
    }


def known(metrics: Iterable[Metric] = tuple(METRICS.values())) -> dict[str, frozenset[str]]:
    """Return every name that an expression may use, with its labels."""
    found = dict(OTHERS)
    for metric in metrics:
        found |= series(metric)
    return found
