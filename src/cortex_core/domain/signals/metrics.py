"""The metrics that are not the duration of a span."""

from __future__ import annotations

from typing import Final

from cortex_core.domain.signals.kinds import SECONDS, Metric

METRICS: Final = (
    Metric(
        name="cortex.build.info",
        instrument="gauge",
        unit="1",
        meaning="Always 1: which release runs, on which Python.",
        labels=("version", "python", "environment"),
    ),
    Metric(
        name="cortex.loop.lag",
        instrument="histogram",
        unit="s",
        meaning="How late the event loop comes back to what is due; measured each 0.1 s.",
        bounds=SECONDS,
    ),
    Metric(
        name="cortex.log.dropped",
        instrument="gauge",
        unit="{line}",
        meaning="Lines of the log that were dropped since the start.",
    ),
    Metric(
        name="cortex.ready",
        instrument="gauge",
        unit="{check}",
        meaning=(
            "1 for a check of readiness that is fine, 0.5 for one that is degraded and does no "
            "harm yet, else 0; looked at each 5 s."
        ),
        labels=("check",),
    ),
    Metric(
        name="cortex.streams",
        instrument="gauge",
        unit="{stream}",
        meaning="Streams of events that are open.",
    ),
    Metric(
        name="cortex.worker.up",
        instrument="gauge",
        unit="{process}",
        meaning="1 for a process of this server that answers the one that was scraped, else 0.",
        labels=("worker",),
    ),
    Metric(
        name="cortex.edge.refused",
        instrument="counter",
        unit="{request}",
        meaning=(
            "Requests that were answered before they reached the application: too slow, too large, "
            "not HTTP, too many connections, or in flight at the end."
        ),
        labels=("status", "code"),
    ),
    Metric(
        name="cortex.identity.refused",
        instrument="counter",
        unit="{credential}",
        meaning="Credentials that were refused, by the reason that the log tells too.",
        labels=("reason", "issuer"),
    ),
    Metric(
        name="cortex.identity.userinfo",
        instrument="counter",
        unit="{request}",
        meaning="Times that an issuer was asked for somebody's name and address, by outcome.",
        labels=("issuer", "outcome"),
    ),
    Metric(
        name="cortex.identity.key_fetches",
        instrument="counter",
        unit="{request}",
        meaning="Attempts to fetch an issuer's keys, by outcome.",
        labels=("issuer", "outcome"),
    ),
    Metric(
        name="cortex.identity.keys.staleness",
        instrument="gauge",
        unit="s",
        meaning="For how long an issuer's keys have been due, or missing; 0 while fresh.",
        labels=("issuer",),
    ),
    Metric(
        name="db.client.connection.count",
        instrument="gauge",
        unit="{connection}",
        meaning="Connections of the pool to the database, by state: idle, used.",
        labels=("db.client.connection.state",),
    ),
    Metric(
        name="db.client.connection.max",
        instrument="gauge",
        unit="{connection}",
        meaning="How many connections the pool may have.",
    ),
    Metric(
        name="db.client.connection.pending_requests",
        instrument="gauge",
        unit="{request}",
        meaning="Units of work that wait for a connection.",
    ),
    Metric(
        name="db.client.connection.wait_time",
        instrument="histogram",
        unit="s",
        meaning="How long a unit of work waited for its connection.",
        bounds=SECONDS,
    ),
    Metric(
        name="db.client.connection.timeouts",
        instrument="counter",
        unit="{timeout}",
        meaning="Units of work that got no connection in time, or found too many waiting.",
    ),
    Metric(
        name="cortex.events.delivered",
        instrument="counter",
        unit="{event}",
        meaning="Events that were handed to streams.",
        labels=("type",),
    ),
    Metric(
        name="cortex.event.delay",
        instrument="histogram",
        unit="s",
        meaning="From the time of an event to when a live stream has it.",
        bounds=SECONDS,
    ),
    Metric(
        name="cortex.retention.removed",
        instrument="counter",
        unit="{row}",
        meaning="Messages and other events that were older than is kept, by table.",
        labels=("table",),
    ),
    Metric(
        name="cortex.turns",
        instrument="gauge",
        unit="{turn}",
        meaning="Turns that are not at their end yet, by state; the same in every process.",
        labels=("state",),
    ),
    Metric(
        name="cortex.turn.age",
        instrument="gauge",
        unit="s",
        meaning="Age of the oldest turn that is not at its end yet, by state.",
        labels=("state",),
    ),
)
