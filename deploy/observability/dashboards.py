"""The dashboards: two that answer an operator's questions, one of everything there is."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Final

from cortex_core.domain.signals import METRICS, Metric
from deploy.observability.panels import Dashboard, Panel, Query, Row
from deploy.observability.queries import (
    chosen,
    happening,
    label,
    name,
    quantile,
    quantiles,
    rate,
    value,
)

REQUESTS: Final = "http.server.request.duration"
_STATUS: Final = "http_response_status_code"
_ASKED: Final = 'http_route!~"/health.*|/metrics"'
_FAILED: Final = f'{_STATUS}=~"5.."'
_FIRING: Final = 'ALERTS{alertstate="firing", severity!="none"}'
_BRIEF: Final = 'http_route!~"/health.*|/metrics|.*/events"'


def dashboards() -> tuple[Dashboard, ...]:
    """Return all of them."""
    return (_overview(), _dependencies(), _everything())


def _overview() -> Dashboard:
    return Dashboard(
        name="cortex-overview",
        title="Cortex Core: overview",
        meaning="Whether people are served, how fast, and what runs full.",
        rows=(
            Row(title="Are people served?", panels=tuple(_served())),
            Row(title="Conversations", panels=tuple(_conversations())),
            Row(title="What runs full?", panels=tuple(_saturation())),
        ),
    )


def _served() -> Iterator[Panel]:
    count = name(REQUESTS, "_count")
    failed = f'sum(increase({count}{{job=~"$job", {_ASKED}, {_FAILED}}}[30d])) or vector(0)'
    asked = f'sum(increase({count}{{job=~"$job", {_ASKED}}}[30d]))'
    yield Panel(
        title="Error budget left",
        meaning="Of the 0.1 % of requests within 30 days that may fail.",
        queries=(Query(expression=f"1 - (({failed}) / {asked}) / 0.001"),),
        unit="percentunit",
        kind="stat",
        width=6,
    )
    yield Panel(
        title="Checks that fail",
        meaning="Servers that are not ready, by the check that says so; nothing is good.",
        queries=(
            Query(
                expression=f"count by (check) ({chosen('cortex.ready')} == 0)", legend="{{check}}"
            ),
        ),
        kind="stat",
        width=6,
    )
    yield Panel(
        title="Alerts",
        queries=(Query(expression=f"sum by (alertname, severity) ({_FIRING})"),),
        kind="table",
    )
    yield Panel(
        title="Requests",
        queries=(happening(REQUESTS, _STATUS, part="_count", where=(_ASKED,)),),
        unit="reqps",
    )
    share = f"{rate(REQUESTS, part='_count', where=(_ASKED, _FAILED))} / " + rate(
        REQUESTS, part="_count", where=(_ASKED,)
    )
    yield Panel(
        title="Requests answered 5xx",
        queries=(Query(expression=share, legend="share"),),
        unit="percentunit",
    )
    yield Panel(
        title="How long requests take",
        meaning="Without streams, which stay open.",
        queries=quantiles(REQUESTS, (_BRIEF,)),
        unit="s",
    )
    slowest = quantile(REQUESTS, 0.99, "http_request_method", "http_route", where=(_BRIEF,))
    yield Panel(
        title="The slowest routes",
        meaning="The 99th percentile of each.",
        queries=(Query(expression=f"topk(8, {slowest.expression})", legend=slowest.legend),),
        unit="s",
    )


def _conversations() -> Iterator[Panel]:
    yield Panel(title="Open streams", queries=(value("cortex.streams", "instance", of="sum"),))
    yield Panel(title="Events to streams", queries=(happening("cortex.events.delivered", "type"),))
    yield Panel(
        title="From an event to its reader", queries=quantiles("cortex.event.delay"), unit="s"
    )
    yield Panel(
        title="Attempts at answers",
        queries=(happening("cortex.turn.duration", "outcome", part="_count"),),
    )
    yield Panel(title="Turns that wait and run", queries=(value("cortex.turns", "state"),))
    yield Panel(title="The oldest of them", queries=(value("cortex.turn.age", "state"),), unit="s")


def _saturation() -> Iterator[Panel]:
    yield Panel(
        title="Lag of the event loop",
        meaning="The 99th percentile of each process.",
        queries=(quantile("cortex.loop.lag", 0.99, "instance", "worker"),),
        unit="s",
    )
    yield _pool()
    yield Panel(
        title="Lines of the log that were dropped",
        queries=(value("cortex.log.dropped", "instance", of="sum"),),
    )
    yield Panel(
        title="Processes that answer",
        queries=(value("cortex.worker.up", "instance", of="sum"),),
    )


def _pool() -> Panel:
    state = "db_client_connection_state"
    used = chosen("db.client.connection.count", "", f'{state}="used"')
    return Panel(
        title="Connections to the database",
        meaning="PostgreSQL only; SQLite has no pool.",
        queries=(
            Query(expression=f"sum by (instance) ({used})", legend="used {{instance}}"),
            Query(
                expression=f"sum by (instance) ({chosen('db.client.connection.max')})",
                legend="most {{instance}}",
            ),
            Query(
                expression=f"sum by (instance) ({chosen('db.client.connection.pending_requests')})",
                legend="waiting {{instance}}",
            ),
        ),
    )


def _dependencies() -> Dashboard:
    statements = "db.client.operation.duration"
    return Dashboard(
        name="cortex-dependencies",
        title="Cortex Core: database and identity",
        meaning="What a server needs of others: its database, and the issuers of tokens.",
        rows=(
            Row(
                title="Database",
                panels=(
                    Panel(
                        title="Statements",
                        queries=(happening(statements, "db_operation_name", part="_count"),),
                        unit="ops",
                    ),
                    Panel(
                        title="Statements that fail",
                        queries=(
                            happening(
                                statements, "error_type", part="_count", where=('error_type!=""',)
                            ),
                        ),
                        unit="ops",
                    ),
                    Panel(
                        title="How long statements take",
                        meaning="The 99th percentile of each kind.",
                        queries=(quantile(statements, 0.99, "db_operation_name"),),
                        unit="s",
                    ),
                    Panel(
                        title="How long a unit of work waits for its connection",
                        meaning="Of those that wait at all.",
                        queries=quantiles("db.client.connection.wait_time"),
                        unit="s",
                    ),
                    _pool(),
                    Panel(
                        title="Units of work that got no connection",
                        queries=(happening("db.client.connection.timeouts", "instance"),),
                        unit="ops",
                    ),
                ),
            ),
            Row(
                title="Identity",
                panels=(
                    Panel(
                        title="Credentials that were refused",
                        queries=(happening("cortex.identity.refused", "reason"),),
                        unit="ops",
                    ),
                    Panel(
                        title="Fetches of keys",
                        queries=(happening("cortex.identity.key_fetches", "issuer", "outcome"),),
                        unit="ops",
                    ),
                    Panel(
                        title="For how long keys have been due",
                        queries=(value("cortex.identity.keys.staleness", "issuer", "instance"),),
                        unit="s",
                    ),
                    Panel(
                        title="Questions at /userinfo",
                        queries=(happening("cortex.identity.userinfo", "issuer", "outcome"),),
                        unit="ops",
                    ),
                ),
            ),
        ),
    )


def _everything() -> Dashboard:
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
