"""The pages of docs/reference that are made from the registry and from the rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from cortex_core.domain.signals import ATTRIBUTES, LOG_EVENTS, METRICS, SPANS, SpanKind
from deploy.observability.alerts import Alert, alerts
from deploy.observability.names import printed

_TELEMETRY: Final = """\
# Telemetry

<!-- Made from the code by `make docs-tables`; change the registry, not this page. -->

Everything that a server tells of itself. The registry is `cortex_core.domain.signals`; what is not
in it is not told. Where OpenTelemetry's semantic conventions have a name, it is used.

- [Lines of the log](#lines-of-the-log): JSON on standard error, one object a line.
- [Metrics](#metrics): for Prometheus, and over OTLP.
- [Spans](#spans): over OTLP.
- [Attributes](#attributes): what their attributes, labels and fields mean.

Look for the `correlation_id` of an answer: lines and spans have it, and the lines have the
`trace_id` that leads to the trace.
"""

_LINES: Final = """
## Lines of the log

Each line has `time` (UTC), `level` and `event`; `service`, `version` and `environment`; inside a
request, and inside a turn that it asked for, its `correlation_id`; with OpenTelemetry `trace_id`
and `span_id`; and a `traceback` where something broke. With `CORTEX_LOG_FORMAT=text` the same is
there for people.
"""

_METRICS: Final = """
## Metrics

Prometheus adds `job` and `instance`, and each series has the `worker` that it comes from. In labels
`_` stands for `.`. A histogram `x` has the series `x_bucket` (with `le`), `x_sum` and `x_count`.
"""

_SPANS: Final = """
## Spans

A span that has a duration is measured, too, whether its trace is sampled or not. Of an error a span
has the code, never the words.
"""

_ATTRIBUTES: Final = """
## Attributes

What spans, metrics and lines have in common has one name and one meaning.
"""

_ALERTS: Final = """\
# Alerts

<!-- Made from the rules by `make docs-tables`; change the rules, not this page. -->

What Prometheus tells with `deploy/observability/prometheus/cortex.rules.yml`, by what it is about.
**critical** wakes somebody: people are not served, or will soon not be. **warning** is for the
working day. Each name leads to what it means and what to do.
"""

_GROUPS: Final = {
    "requests": "Requests",
    "process": "Servers and their processes",
    "database": "Database",
    "identity": "Identity",
    "events": "Events and answers",
    "surroundings": "Surroundings",
    "watchdog": "The watch itself",
}


def telemetry() -> str:
    """Return the page on everything that is told."""
    parts = [_TELEMETRY, _LINES, *_lines(), _METRICS, *_metrics(), _SPANS, *_spans()]
    return "\n".join([*parts, _ATTRIBUTES, *_attributes(), ""])


def alerting() -> str:
    """Return the page on all alerts."""
    found = alerts()
    parts = [_ALERTS]
    for group, title in _GROUPS.items():
        parts += [f"## {title}\n", *_table(found, group), ""]
    return "\n".join(parts)


def _lines() -> Iterator[str]:
    yield from _head("event", "level", "fields", "meaning")
    for event in sorted(LOG_EVENTS.values(), key=lambda event: event.name):
        yield _row(f"`{event.name}`", ", ".join(event.levels), _names(event.fields), event.meaning)


def _metrics() -> Iterator[str]:
    yield from _head("metric", "in Prometheus", "kind", "unit", "labels", "meaning")
    for metric in sorted(METRICS.values(), key=lambda metric: metric.name):
        labels = _names(each.replace(".", "_") for each in metric.labels)
        kind, unit = metric.instrument, f"`{metric.unit}`"
        yield _row(f"`{metric.name}`", f"`{printed(metric)}`", kind, unit, labels, metric.meaning)


def _spans() -> Iterator[str]:
    yield from _head("span", "title in a trace", "kind", "attributes", "duration", "meaning")
    for span in SPANS.values():
        duration = f"`{span.duration.name}`" if span.duration else ""
        yield _row(
            *(f"`{span.name}`", _title(span), span.role, _names(span.attributes), duration),
            span.meaning,
        )


def _attributes() -> Iterator[str]:
    yield from _head("name", "meaning")
    for name, meaning in sorted(ATTRIBUTES.items()):
        yield _row(f"`{name}`", meaning)


def _table(found: Iterable[Alert], group: str) -> Iterator[str]:
    yield from _head("alert", "severity", "after", "meaning")
    for alert in found:
        if alert.group == group:
            link = f"[{alert.name}](../runbooks/{alert.name}.md)"
            yield _row(link, alert.severity, alert.lasting or "at once", alert.summary)


def _title(span: SpanKind) -> str:
    return " ".join(f"*{part}*" for part in span.title) or f"`{span.name}`"


def _names(names: Iterable[str]) -> str:
    return " ".join(f"`{name}`" for name in names)


def _head(*titles: str) -> Iterator[str]:
    yield _row(*titles)
    yield "|---" * len(titles) + "|"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
