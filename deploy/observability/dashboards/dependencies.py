"""What a server needs of others: its database, and the issuers of tokens."""

from __future__ import annotations

from deploy.observability.panels import Dashboard, Panel, Query, Row
from deploy.observability.queries import (
    chosen,
    happening,
    quantile,
    quantiles,
    value,
)


def dependencies() -> Dashboard:
    """Return the page on the database and on identity."""
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
                    pool(),
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


def pool() -> Panel:
    """Return who uses the connections to the database."""
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
