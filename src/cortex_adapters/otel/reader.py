"""The one reader of the metrics: each number is kept once, for whoever asks and for OTLP."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics.export import (
    Metric,
    MetricExporter,
    MetricsData,
    ResourceMetrics,
    ScopeMetrics,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from prometheus_client import CollectorRegistry

from cortex_adapters.otel.tracing import SCOPE

_PUSH_MILLIS: Final = 5_000


class SharedReader(PrometheusMetricReader):
    """Collects for Prometheus when it asks, and pushes to an exporter every *interval* seconds.

    A second reader would double what recording a number costs.
    """

    def __init__(
        self,
        registry: CollectorRegistry,
        resource: Resource,
        *,
        interval: float = 60.0,
    ) -> None:
        super().__init__(
            registry=registry, scope_info_enabled=False, resource_attribute_filter=_is_worker
        )
        self._exporter: MetricExporter | None = None
        self._interval = interval
        self._resource = resource
        self._more: Callable[[], list[Metric]] = list
        self._pushing = threading.local()
        self._closing = threading.Event()

    def include(self, more: Callable[[], list[Metric]]) -> None:
        """Have what *more* returns read and sent, too, where the SDK itself has anything."""
        self._more = more

    def push_to(self, exporter: MetricExporter) -> None:
        """Begin to push to *exporter*."""
        self._exporter = exporter
        threading.Thread(target=self._push_on, name="cortex-metrics", daemon=True).start()

    def push(self) -> None:
        """Send what there is now; waits for the receiver, and gives up in 5 s."""
        if self._exporter is not None:
            self._pushing.now = True
            try:
                self.collect()
            finally:
                self._pushing.now = False

    def shutdown(self, timeout_millis: float = 30_000, **kwargs: Any) -> None:
        self._closing.set()
        super().shutdown(timeout_millis, **kwargs)

    def _push_on(self) -> None:
        while not self._closing.wait(self._interval):
            with suppress(Exception):  # what could not be read or sent now may be the next time
                self.push()

    def _receive_metrics(
        self, metrics_data: MetricsData, timeout_millis: float = 10_000, **kwargs: Any
    ) -> None:
        # as one: of two with the same resource or scope, the encoder of OTLP keeps the last
        scopes = [each for one in metrics_data.resource_metrics for each in one.scope_metrics]
        gauges = [metric for each in scopes if each.scope.name == SCOPE for metric in each.metrics]
        others = [each for each in scopes if each.scope.name != SCOPE]
        own = ScopeMetrics(InstrumentationScope(SCOPE), [*gauges, *self._more()], "")
        all_data = MetricsData([ResourceMetrics(self._resource, [*others, own], "")])
        if self._exporter is not None and getattr(self._pushing, "now", False):
            self._exporter.export(all_data, timeout_millis=_PUSH_MILLIS)
        else:
            super()._receive_metrics(all_data, timeout_millis, **kwargs)


def _is_worker(name: str) -> bool:
    return name == "worker"
