"""The expressions of rules and dashboards, and the names that they use."""

import re
from collections.abc import Iterator
from typing import Final

import promql_parser as promql

from deploy.observability.alerts import FOLDER, alerts, recorded
from deploy.observability.dashboards import dashboards

RUNBOOKS: Final = FOLDER.parents[1] / "docs" / "runbooks"
Use = tuple[str, frozenset[str]]
# What Grafana puts in for its variables.
FILLED = {"$__rate_interval": "1m", "$instance": ".*", "$job": "cortex"}


def expressions() -> Iterator[tuple[str, str]]:
    """Yield each expression, after the name of its alert, its series, or its panel."""
    yield from recorded().items()
    for alert in alerts():
        yield alert.name, alert.expression
    for dashboard in dashboards():
        for row in dashboard.rows:
            for panel in row.panels:
                for place, query in enumerate(panel.queries, start=1):
                    yield f"{dashboard.name}/{panel.title}/{place}", filled(query.expression)


def runbook_queries() -> Iterator[tuple[str, str]]:
    """Yield each query that a runbook has one look at, after the name of its alert."""
    for page in sorted(RUNBOOKS.glob("*.md")):
        for block in re.findall(r"```promql\n(.*?)```", page.read_text("utf-8"), re.DOTALL):
            for place, query in enumerate(block.splitlines(), start=1):
                yield f"{page.stem}.md/{place}", query


def filled(expression: str) -> str:
    """Return *expression* as Grafana sends it."""
    for variable, text in FILLED.items():
        expression = expression.replace(variable, text)
    return expression


def uses(expression: str) -> list[Use]:
    """Return each series that *expression* reads, with the labels that it speaks of.

    Raises:
        ValueError: It is no PromQL.
    """
    return [
        (selector.name or "", grouped | {matcher.name for matcher in selector.matchers.matchers})
        for selector, grouped in _walk(promql.parse(expression), frozenset())
    ]


def selectors(expression: str) -> list[str]:
    """Return each series that *expression* reads, as an expression without its range."""
    found = _walk(promql.parse(expression), frozenset())
    return [_now(selector) for selector, _ in found]


def _now(selector: promql.VectorSelector) -> str:
    """Return *selector* with its matchers, of now."""
    return f"{selector.name}{selector.matchers}"


def _walk(
    node: promql.Expr, grouped: frozenset[str]
) -> Iterator[tuple[promql.VectorSelector, frozenset[str]]]:
    match node:
        case promql.AggregateExpr():
            modifier = node.modifier
            grouped |= frozenset(modifier.labels if modifier else ())
            yield from _walk(node.expr, grouped)
        case promql.BinaryExpr():
            yield from _walk(node.lhs, grouped)
            yield from _walk(node.rhs, grouped)
        case promql.Call():
            for argument in node.args:
                yield from _walk(argument, grouped)
        case promql.MatrixSelector():
            yield from _walk(node.vector_selector, grouped)
        case promql.ParenExpr() | promql.SubqueryExpr() | promql.UnaryExpr():
            yield from _walk(node.expr, grouped)
        case promql.VectorSelector():
            yield node, grouped
        case _:
            pass
