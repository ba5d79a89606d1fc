"""Counters and histograms, added up here: the SDK's own take ten times as long for each number."""

from __future__ import annotations

import math
import time
from bisect import bisect_left
from collections.abc import Mapping
from threading import Lock
from typing import Final

from opentelemetry.sdk.metrics import export

from cortex_adapters.otel.attributes import LONGEST_LABEL, value
from cortex_core.domain.signals import Metric
from cortex_core.ports import AttributeValue

_ENDLESS: Final = math.inf
MOST: Final = 2_000
"""Series of one metric; what would make more goes into one that says so, as in the SDK."""
OVERFLOW: Final[dict[str, AttributeValue]] = {"otel.metric.overflow": True}
_TOGETHER: Final = 64


class Numbers:
    """One counter or histogram: takes numbers from any thread, with the labels of the registry."""

    def __init__(self, metric: Metric) -> None:
        self._metric = metric
        self._labels = metric.labels
        self._bounds = metric.bounds
        self._found: dict[tuple[AttributeValue | None, ...], _Series] = {}
        self._series: dict[tuple[tuple[str, AttributeValue], ...], _Series] = {}
        self._waiting: list[tuple[float, Mapping[str, AttributeValue]]] = []
        self._lock = Lock()
        self._began = time.time_ns()

    def add(self, number: float, attributes: Mapping[str, AttributeValue]) -> None:
        """Take *number*, and *attributes* that nobody changes any more; waits for nobody.

        What is no number that can be added is left out. A few are added up together, which costs
        much less than each at its own time.
        """
        waiting = self._waiting
        waiting.append((number, attributes))
        if len(waiting) >= _TOGETHER and self._lock.acquire(blocking=False):
            try:
                self._add_up()
            finally:
                self._lock.release()

    def _add_up(self) -> None:
        """Add up what waits; whoever calls this has the lock."""
        count = len(self._waiting)  # other threads append meanwhile
        taken = self._waiting[:count]
        del self._waiting[:count]
        bounds, labels, found = self._bounds, self._labels, self._found
        for number, attributes in taken:
            try:
                if not 0 <= number < _ENDLESS:
                    continue
                key = tuple(map(attributes.get, labels))
                series = found.get(key) or self._made(key)
                series.total += number
                series.buckets[bisect_left(bounds, number)] += 1
                series.least = min(series.least, number)
                series.most = max(series.most, number)
            except Exception:  # noqa: BLE001, S112 - a number less is no reason to lose the others
                continue

    def collected(self) -> export.Metric | None:
        """Return what there is so far, if there is any."""
        now = time.time_ns()
        with self._lock:
            self._add_up()
            if not self._series:
                return None
            sums = self._metric.instrument == "counter"
            data: export.Sum | export.Histogram = (
                export.Sum(
                    [each.sum(self._began, now) for each in self._series.values()],
                    export.AggregationTemporality.CUMULATIVE,
                    is_monotonic=True,
                )
                if sums
                else export.Histogram(
                    [
                        each.histogram(self._began, now, self._bounds)
                        for each in self._series.values()
                    ],
                    export.AggregationTemporality.CUMULATIVE,
                )
            )
        return export.Metric(self._metric.name, self._metric.meaning, self._metric.unit, data)

    def _made(self, key: tuple[AttributeValue | None, ...]) -> _Series:
        labels = {
            label: value(given, LONGEST_LABEL)
            for label, given in zip(self._labels, key, strict=True)
            if given is not None
        }
        if len(self._series) >= MOST and tuple(labels.items()) not in self._series:
            return self._own(OVERFLOW)
        series = self._own(labels)
        if len(self._found) < 2 * MOST:
            self._found[key] = series
        return series

    def _own(self, labels: dict[str, AttributeValue]) -> _Series:
        return self._series.setdefault(
            tuple(labels.items()), _Series(labels, len(self._bounds) + 1)
        )


class _Series:
    """The numbers with one set of labels."""

    __slots__ = ("buckets", "labels", "least", "most", "total")

    def __init__(self, labels: dict[str, AttributeValue], buckets: int) -> None:
        self.labels = labels
        self.buckets = [0] * buckets
        self.total = 0.0
        self.least = math.inf
        self.most = -math.inf

    def sum(self, began: int, now: int) -> export.NumberDataPoint:
        total = int(self.total) if self.total.is_integer() else self.total
        return export.NumberDataPoint(dict(self.labels), began, now, total)

    def histogram(
        self, began: int, now: int, bounds: tuple[float, ...]
    ) -> export.HistogramDataPoint:
        return export.HistogramDataPoint(
            attributes=dict(self.labels),
            start_time_unix_nano=began,
            time_unix_nano=now,
            count=sum(self.buckets),
            sum=self.total,
            bucket_counts=list(self.buckets),
            explicit_bounds=bounds,
            min=self.least,
            max=self.most,
        )
