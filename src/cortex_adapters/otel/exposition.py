"""Metrics in the text format of Prometheus, of one process or of several as one page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


def exposition(registry: CollectorRegistry) -> bytes:
    """Return what *registry* collects."""
    return generate_latest(registry)


def merged(pages: Iterable[bytes]) -> bytes:
    """Return *pages* as one, in which each metric is introduced once."""
    found: dict[str, Metric] = {}
    for page in pages:
        for family in text_string_to_metric_families(page.decode()):
            first = found.setdefault(family.name, family)
            if first is not family:
                first.samples.extend(family.samples)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Families(found.values()))
    return generate_latest(registry)


class _Families:
    """A collector of families that were collected elsewhere."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        yield from self._families
