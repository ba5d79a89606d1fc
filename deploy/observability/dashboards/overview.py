"""Whether people are served, how fast, and what runs full."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from deploy.observability.dashboards.dependencies import pool
from deploy.observability.panels import Dashboard, Panel, Query, Row
from deploy.observability.queries import (
    chosen,
    happening,
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


def overview() -> Dashboard:
    """Return the page to look at first."""
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
    yield Panel(
        title="Answered before they reached the application",
        meaning="Too slow, too large, not HTTP, too many connections, or in flight at the end.",
        queries=(happening("cortex.edge.refused", "code"),),
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
    yield Panel(title="Too old, gone", queries=(happening("cortex.retention.removed", "table"),))
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
    yield pool()
    yield Panel(
        title="Lines of the log that were dropped",
        queries=(value("cortex.log.dropped", "instance", of="sum"),),
    )
    yield Panel(
        title="Processes that answer",
        queries=(value("cortex.worker.up", "instance", of="sum"),),
    )
