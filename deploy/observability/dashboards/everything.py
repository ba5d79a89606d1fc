"""A picture of each metric of the registry."""

from __future__ import annotations

from itertools import groupby

from cortex_core.domain.signals import METRICS, Metric
from deploy.observability.panels import Dashboard, Panel, Query, Row
from deploy.observability.queries import (
    happening,
    label,
    quantiles,
    value,
)


def everything() -> Dashboard:
    """Return a picture of each metric, in the order of their names."""
    metrics = sorted(METRICS.values(), key=lambda metric: metric.name)
    rooms = groupby(metrics, key=lambda metric: ".".join(metric.name.split(".")[:2]))
    return Dashboard(
        name="cortex-everything",
        title="Cortex Core: everything",
        meaning="Each metric of the registry, by name.",
        rows=tuple(
            Row(title=room, panels=tuple(_plain(metric) for metric in inside))
            for room, inside in rooms
        ),
    )


def _plain(metric: Metric) -> Panel:
    labels = tuple(label(each) for each in metric.labels)
    queries: tuple[Query, ...]
    unit = "s" if metric.unit == "s" else "short"
    match metric.instrument:
        case "counter":
            queries, unit = (happening(metric.name, *labels),), "ops"
        case "gauge":
            queries = (value(metric.name, *(labels or ("instance", "worker"))),)
        case "histogram":
            queries = quantiles(metric.name)
    return Panel(title=metric.name, meaning=metric.meaning, queries=queries, unit=unit)
