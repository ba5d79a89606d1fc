"""The one reader of the metrics: each number is kept once, for whoever asks and for OTLP."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import Any, Final

from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics.export import MetricExporter, MetricsData
from prometheus_client import CollectorRegistry

_PUSH_MILLIS: Final = 5_000


class SharedReader(PrometheusMetricReader):
    """Collects for Prometheus when it asks, and pushes to an exporter every *interval* seconds.

    A second reader would double what recording a number costs.
    """

    def __init__(self, registry: CollectorRegistry, *, interval: float = 60.0) -> None:
        super().__init__(
            registry=registry, scope_info_enabled=False, resource_attribute_filter=_is_worker
        )
        self._exporter: MetricExporter | None = None
        self._interval = interval
        self._pushing = threading.local()
        self._closing = threading.Event()

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
        if self._exporter is not None and getattr(self._pushing, "now", False):
            self._exporter.export(metrics_data, timeout_millis=_PUSH_MILLIS)
        else:
            super()._receive_metrics(metrics_data, timeout_millis, **kwargs)


def _is_worker(name: str) -> bool:
    return name == "worker"
