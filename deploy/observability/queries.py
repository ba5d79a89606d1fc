"""Expressions of PromQL over the metrics of the registry."""

from __future__ import annotations

from typing import Final

from cortex_core.domain.signals import METRICS
from deploy.observability.names import printed
from deploy.observability.panels import Query

HERE: Final = 'job=~"$job", instance=~"$instance"'
_RATE: Final = "$__rate_interval"


def name(metric: str, part: str = "") -> str:
    """Return the name of *metric*, which must be in the registry; *part* is of a histogram."""
    return printed(METRICS[metric]) + part


def chosen(metric: str, part: str = "", *matchers: str) -> str:
    """Return the series of *metric* of the servers that were chosen."""
    return f"{name(metric, part)}{{{', '.join([HERE, *matchers])}}}"


def rate(metric: str, *labels: str, part: str = "", where: tuple[str, ...] = ()) -> str:
    """Return how often something happens each second, by *labels*."""
    return f"sum{_by(labels)} (rate({chosen(metric, part, *where)}[{_RATE}]))"


def happening(metric: str, *labels: str, part: str = "", where: tuple[str, ...] = ()) -> Query:
    """Ask how often something happens each second, by *labels*."""
    return Query(expression=rate(metric, *labels, part=part, where=where), legend=_legend(labels))


def value(metric: str, *labels: str, of: str = "max") -> Query:
    """Ask for the value of a gauge, by *labels*."""
    return Query(expression=f"{of}{_by(labels)} ({chosen(metric)})", legend=_legend(labels))


def quantile(metric: str, part: float, *labels: str, where: tuple[str, ...] = ()) -> Query:
    """Ask for the time that a *part* of all stays below, by *labels*."""
    buckets = f"rate({chosen(metric, '_bucket', *where)}[{_RATE}])"
    return Query(
        expression=f"histogram_quantile({part}, sum{_by(('le', *labels))} ({buckets}))",
        legend=_legend(labels) or f"p{part * 100:g}",
    )


def quantiles(metric: str, where: tuple[str, ...] = ()) -> tuple[Query, ...]:
    """Ask for the middle, and what one in twenty and one in a hundred exceeds."""
    return tuple(quantile(metric, part, where=where) for part in (0.5, 0.95, 0.99))


def label(attribute: str) -> str:
    """Return the label that *attribute* becomes."""
    return attribute.replace(".", "_")


def _by(labels: tuple[str, ...]) -> str:
    return f" by ({', '.join(labels)})" if labels else ""


def _legend(labels: tuple[str, ...]) -> str:
    return " ".join(f"{{{{{each}}}}}" for each in labels)
