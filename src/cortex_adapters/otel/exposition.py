"""Metrics in the text format of Prometheus, of one process or of several as one page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.parser import text_string_to_metric_families

from cortex_core.domain.signals import METRICS

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


def exposition(registry: CollectorRegistry) -> bytes:
    """Return what *registry* collects."""
    return generate_latest(registry)


def who_is_up(workers: Mapping[int, bool]) -> bytes:
    """Return a page that says of each worker whether it answers."""
    up = METRICS["cortex.worker.up"]
    family = GaugeMetricFamily(up.name.replace(".", "_"), up.meaning, labels=up.labels)
    for worker, answers in workers.items():
        family.add_metric([str(worker)], int(answers))
    return _page([family])


def is_readable(page: bytes) -> bool:
    """Say whether *page* is whole, and in the format."""
    try:
        return page.endswith(b"\n") and any(text_string_to_metric_families(page.decode()))
    except (ValueError, UnicodeDecodeError, KeyError, IndexError):
        return False


def merged(pages: Iterable[bytes]) -> bytes:
    """Return *pages* as one, in which each metric is introduced once."""
    found: dict[str, Metric] = {}
    for page in pages:
        for family in text_string_to_metric_families(page.decode()):
            first = found.setdefault(family.name, family)
            if first is not family:
                first.samples.extend(family.samples)
    return _page(found.values())


def _page(families: Iterable[Metric]) -> bytes:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Families(families))
    return generate_latest(registry)


class _Families:
    """A collector of families that were collected elsewhere."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        yield from self._families
