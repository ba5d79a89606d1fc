"""The metrics of the registry as OpenTelemetry's instruments."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from threading import Lock
from typing import Final

from opentelemetry.metrics import CallbackOptions, Meter, Observation

from cortex_adapters.otel.attributes import LONGEST_LABEL, value
from cortex_core.domain.signals import METRICS, Metric
from cortex_core.ports import AttributeValue, Reading

Labels = tuple[tuple[str, AttributeValue], ...]
_Read = Callable[[], Iterable[Reading]]


class Instruments:
    """Takes numbers for the metrics that the registry names, with the labels that it names.

    A number of any other name is dropped, and so is a label: nobody's id can become a series.
    """

    def __init__(self, meter: Meter) -> None:
        self._record: dict[str, Callable[[float, dict[str, AttributeValue]], None]] = {}
        self._labels = {name: metric.labels for name, metric in METRICS.items()}
        self._gauges: dict[str, _Gauge] = {}
        for metric in METRICS.values():
            self._record[metric.name] = self._made(meter, metric)

    def record(self, name: str, number: float, attributes: Mapping[str, AttributeValue]) -> None:
        """Add to a counter, record in a histogram, or set a gauge."""
        record = self._record.get(name)
        if record is None:
            return
        labels = {
            label: value(attributes[label], LONGEST_LABEL)
            for label in self._labels[name]
            if label in attributes
        }
        record(number, labels)

    @contextmanager
    def observing(self, name: str, read: _Read) -> Iterator[None]:
        """While inside, ask *read* for the values of a gauge."""
        gauge = self._gauges.get(name)
        if gauge is None:
            yield
            return
        with gauge.observing(read):
            yield

    def _made(
        self, meter: Meter, metric: Metric
    ) -> Callable[[float, dict[str, AttributeValue]], None]:
        name, unit, meaning = metric.name, metric.unit, metric.meaning
        match metric.instrument:
            case "counter":
                counter = meter.create_counter(name, unit, meaning)
                return lambda number, labels: counter.add(number, labels) if number > 0 else None
            case "histogram":
                histogram = meter.create_histogram(
                    name, unit, meaning, explicit_bucket_boundaries_advisory=metric.bounds
                )
                return lambda number, labels: (
                    histogram.record(number, labels) if 0 <= number < math.inf else None
                )
            case "gauge":
                gauge = self._gauges[name] = _Gauge(metric.labels)
                meter.create_observable_gauge(name, [gauge.observe], unit, meaning)
                return gauge.set


class _Gauge:
    """The last value that was set for each set of labels, and whoever is asked when it is read."""

    _MOST: Final = 200

    def __init__(self, labels: tuple[str, ...]) -> None:
        self._labels = labels
        self._values: dict[Labels, float] = {}
        self._readers: list[_Read] = []
        self._lock = Lock()

    def set(self, number: float, labels: dict[str, AttributeValue]) -> None:
        key = tuple(labels.items())
        with self._lock:
            if key in self._values or len(self._values) < self._MOST:
                self._values[key] = number

    @contextmanager
    def observing(self, read: _Read) -> Iterator[None]:
        with self._lock:
            self._readers.append(read)
        try:
            yield
        finally:
            with self._lock:
                self._readers.remove(read)

    def observe(self, _options: CallbackOptions) -> list[Observation]:
        with self._lock:
            found = [Observation(number, dict(labels)) for labels, number in self._values.items()]
            readers = list(self._readers)
        for read in readers:
            with suppress(Exception):  # whose gauge cannot be read has none for now
                for number, attributes in read():
                    labels = {
                        label: value(attributes[label], LONGEST_LABEL)
                        for label in self._labels
                        if label in attributes
                    }
                    if math.isfinite(number):
                        found.append(Observation(number, labels))
        return found
