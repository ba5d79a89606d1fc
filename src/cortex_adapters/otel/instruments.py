"""The metrics of the registry: counters and histograms of our own, gauges of OpenTelemetry's."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from threading import Lock
from typing import Final

from opentelemetry.metrics import CallbackOptions, Meter, Observation
from opentelemetry.sdk.metrics.export import Metric as Collected

from cortex_adapters.otel.attributes import LONGEST_LABEL, value
from cortex_adapters.otel.numbers import Numbers
from cortex_core.domain.signals import METRICS
from cortex_core.ports import AttributeValue, Reading

Labels = tuple[tuple[str, AttributeValue], ...]
Record = Callable[[float, Mapping[str, AttributeValue]], None]
_Read = Callable[[], Iterable[Reading]]


class Instruments:
    """Takes numbers for the metrics that the registry names, with the labels that it names.

    A number of any other name is dropped, and so is a label: nobody's id can become a series.
    """

    def __init__(self, meter: Meter) -> None:
        self._gauges: dict[str, _Gauge] = {}
        self._numbers: dict[str, Numbers] = {}
        self._records: dict[str, Record] = {}
        for name, metric in METRICS.items():
            if metric.instrument == "gauge":
                gauge = self._gauges[name] = _Gauge(metric.labels)
                self._records[name] = gauge.set
                meter.create_observable_gauge(name, [gauge.observe], metric.unit, metric.meaning)
            else:
                numbers = self._numbers[name] = Numbers(metric)
                self._records[name] = numbers.add

    def recorder(self, name: str) -> Record:
        """Return what adds to a counter, records in a histogram, or sets a gauge."""
        return self._records.get(name, _dropped)

    def collected(self) -> list[Collected]:
        """Return the counters and the histograms that have numbers."""
        found = [numbers.collected() for numbers in self._numbers.values()]
        return [metric for metric in found if metric is not None]

    @contextmanager
    def observing(self, name: str, read: _Read) -> Iterator[None]:
        """While inside, ask *read* for the values of a gauge."""
        gauge = self._gauges.get(name)
        if gauge is None:
            yield
            return
        with gauge.observing(read):
            yield


def _dropped(number: float, attributes: Mapping[str, AttributeValue]) -> None:
    del number, attributes


class _Gauge:
    """The last value that was set for each set of labels, and whoever is asked when it is read."""

    _MOST: Final = 200

    def __init__(self, labels: tuple[str, ...]) -> None:
        self._labels = labels
        self._values: dict[Labels, float] = {}
        self._readers: list[_Read] = []
        self._lock = Lock()

    def set(self, number: float, attributes: Mapping[str, AttributeValue]) -> None:
        key = tuple(self._own(attributes).items())
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
                    if math.isfinite(number):
                        found.append(Observation(number, self._own(attributes)))
        return found

    def _own(self, attributes: Mapping[str, AttributeValue]) -> dict[str, AttributeValue]:
        return {
            label: value(attributes[label], LONGEST_LABEL)
            for label in self._labels
            if label in attributes
        }
