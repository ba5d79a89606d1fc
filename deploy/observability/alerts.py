"""The alerts, read from the rules that Prometheus takes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

FOLDER: Final = Path(__file__).parent
RULES: Final = FOLDER / "prometheus" / "cortex.rules.yml"


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """An alert, in the group that says what it is about."""

    group: str
    name: str
    expression: str
    severity: str
    summary: str
    description: str
    runbook_url: str
    lasting: str = ""


class _Rule(msgspec.Struct, frozen=True, kw_only=True):
    expr: str
    alert: str = ""
    record: str = ""
    lasting: str = msgspec.field(default="", name="for")
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}


class _Group(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    rules: tuple[_Rule, ...]


class _Rules(msgspec.Struct, frozen=True, kw_only=True):
    groups: tuple[_Group, ...]


def alerts() -> list[Alert]:
    """Return the alerts in the order of the rules."""
    return [
        Alert(
            group=group,
            name=rule.alert,
            expression=rule.expr.strip(),
            lasting=rule.lasting,
            severity=rule.labels["severity"],
            **rule.annotations,
        )
        for group, rule in _rules()
        if rule.alert
    ]


def recorded() -> dict[str, str]:
    """Return the expression of each series that the rules record, by its name."""
    return {rule.record: rule.expr for _, rule in _rules() if rule.record}


def _rules() -> Iterator[tuple[str, _Rule]]:
    found = msgspec.yaml.decode(RULES.read_bytes(), type=_Rules)
    for group in found.groups:
        for rule in group.rules:
            yield group.name.removeprefix("cortex-"), rule
