"""Rules, dashboards, runbooks and pages agree with the registry, and with each other."""

import re
from pathlib import Path

import msgspec
import pytest

from cortex_adapters.otel.opening import open_telemetry
from cortex_core.domain.signals import LOG_EVENTS, METRICS
from cortex_core.ports import NoTelemetry
from deploy.observability.__main__ import pages, pictures
from deploy.observability.alerts import FOLDER, alerts, recorded
from deploy.observability.names import known, series
from tests.promql import RUNBOOKS, expressions, runbook_queries, uses

EXPRESSIONS = {**dict(expressions()), **dict(runbook_queries())}
MADE = {**dict(pictures()), **dict(pages())}
CONFIGURATIONS = [*FOLDER.rglob("*.yml"), *FOLDER.rglob("*.yaml")]


@pytest.mark.parametrize("path", MADE, ids=lambda path: path.name)
def test_what_is_made_is_what_is_there(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == MADE[path], "run make observability docs-tables"


def test_nothing_else_is_there() -> None:
    assert {*(FOLDER / "grafana").glob("*.json")} <= MADE.keys()


def test_names_are_those_that_prometheus_is_told() -> None:
    with open_telemetry(NoTelemetry(), resource={"worker": "0"}, ratio=0.0, environ={}) as opened:
        for metric in METRICS.values():
            labels = dict.fromkeys(metric.labels, "x")
            opened.telemetry.measure(metric.name, 1, **labels)
        page = opened.page().decode()
    told = {
        name: frozenset(re.findall(r"(\w+)=\"", labels)) | {"job", "instance"}
        for name, labels in re.findall(r"^(\w+)\{(.*)\} ", page, re.MULTILINE)
        if name != "target_info"
    }
    assert told == {
        name: labels for each in METRICS.values() for name, labels in series(each).items()
    }


@pytest.mark.parametrize("expression", EXPRESSIONS.values(), ids=EXPRESSIONS)
def test_expressions_speak_of_what_there_is(expression: str) -> None:
    names = known() | dict.fromkeys(recorded(), frozenset({"job"}))
    for name, labels in uses(expression):
        assert name in names
        assert labels <= names[name], name


def test_a_name_that_is_not_there_is_found() -> None:
    assert uses('sum by (a) (rate(x_total{b="1"}[5m])) / y') == [
        ("x_total", frozenset({"a", "b"})),
        ("y", frozenset()),
    ]


def test_every_metric_has_its_picture() -> None:
    pictured = [expression for _, expression in expressions()]
    seen = {name for expression in pictured for name, _ in uses(expression)}
    assert [each.name for each in METRICS.values() if not seen & series(each).keys()] == []


def test_every_alert_has_its_runbook_and_the_reverse() -> None:
    pages = {path.stem for path in RUNBOOKS.glob("*.md")} - {"README"}
    assert pages == {alert.name for alert in alerts()}


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: alert.name)
def test_alerts_say_what_they_are_about(alert) -> None:
    assert alert.severity in {"critical", "warning", "none"}
    assert alert.runbook_url == f"{{{{ $externalLabels.runbooks }}}}/{alert.name}.md"
    assert alert.summary.endswith(".")
    assert alert.description.endswith(".")


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: alert.name)
def test_runbooks_have_their_parts_and_name_events_that_there_are(alert) -> None:
    page = (RUNBOOKS / f"{alert.name}.md").read_text(encoding="utf-8")
    assert page.startswith(f"# {alert.name}\n")
    parts = re.findall(r"^## (.*)$", page, re.MULTILINE)
    assert parts == ["Meaning", "Impact", "Look", "Mend", "Escalate"]
    for event in re.findall(r"`event=([\w.]+)`", page):
        assert event in LOG_EVENTS


@pytest.mark.parametrize("path", CONFIGURATIONS, ids=lambda path: path.name)
def test_configurations_are_yaml(path: Path) -> None:
    assert msgspec.yaml.decode(path.read_bytes())
