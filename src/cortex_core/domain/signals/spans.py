"""The spans: what a trace is made of, outermost first."""

from __future__ import annotations

from typing import Final

from cortex_core.domain.signals.kinds import MINUTES, SECONDS, Metric, SpanKind

SPANS: Final = (
    SpanKind(
        name="http.server.request",
        meaning="One request, from its head to the last byte of its answer.",
        role="server",
        title=("http.request.method", "http.route"),
        attributes=(
            "http.request.method",
            "http.route",
            "http.response.status_code",
            "url.scheme",
            "error.type",
            "correlation_id",
        ),
        duration=Metric(
            name="http.server.request.duration",
            instrument="histogram",
            unit="s",
            meaning="How long requests take; of an event stream, how long it is open.",
            labels=(
                "http.request.method",
                "http.route",
                "http.response.status_code",
                "url.scheme",
                "error.type",
            ),
            bounds=SECONDS,
        ),
    ),
    SpanKind(
        name="cortex.operation",
        meaning="One use case, from the check of rights to what is published.",
        title=("operation",),
        attributes=("operation", "outcome"),
        duration=Metric(
            name="cortex.operation.duration",
            instrument="histogram",
            unit="s",
            meaning="How long use cases take, by `ok`, `cancelled`, or the code of their error.",
            labels=("operation", "outcome"),
            bounds=SECONDS,
        ),
    ),
    SpanKind(
        name="cortex.unit_of_work",
        meaning="One unit of work in the store, from its begin to its commit or rollback.",
        attributes=("read_only", "single"),
    ),
    SpanKind(
        name="db.client.operation",
        meaning="One statement, without its values.",
        role="client",
        title=("db.operation.name",),
        attributes=("db.system.name", "db.operation.name", "db.query.text", "error.type"),
        duration=Metric(
            name="db.client.operation.duration",
            instrument="histogram",
            unit="s",
            meaning="How long statements take.",
            labels=("db.system.name", "db.operation.name", "error.type"),
            bounds=SECONDS,
        ),
    ),
    SpanKind(
        name="http.client.request",
        meaning="One request to the identity provider.",
        role="client",
        title=("http.request.method",),
        attributes=(
            "http.request.method",
            "server.address",
            "server.port",
            "http.response.status_code",
            "error.type",
        ),
        duration=Metric(
            name="http.client.request.duration",
            instrument="histogram",
            unit="s",
            meaning="How long requests to the identity provider take.",
            labels=(
                "http.request.method",
                "server.address",
                "http.response.status_code",
                "error.type",
            ),
            bounds=SECONDS,
        ),
    ),
    SpanKind(
        name="cortex.event.publish",
        meaning="Listeners are told that a conversation's log has grown.",
        role="producer",
        attributes=("signals",),
    ),
    SpanKind(
        name="cortex.event.deliver",
        meaning="Events go to one stream; linked to where they were published.",
        role="consumer",
        attributes=("events",),
    ),
    SpanKind(
        name="cortex.turn",
        meaning="One attempt at an answer; linked to the request that asked for it.",
        role="consumer",
        attributes=("turn_id", "attempt", "outcome"),
        duration=Metric(
            name="cortex.turn.duration",
            instrument="histogram",
            unit="s",
            meaning="How long attempts at an answer take, by how they end.",
            labels=("outcome",),
            bounds=MINUTES,
        ),
    ),
    SpanKind(
        name="cortex.assistant.reply",
        meaning="The assistant is asked, and heard out.",
        role="client",
        attributes=("pieces",),
    ),
)
