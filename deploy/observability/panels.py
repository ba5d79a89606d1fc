"""Panels and dashboards in the JSON that Grafana imports."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, Literal

import msgspec

Json = dict[str, Any]
Kind = Literal["timeseries", "stat", "table"]

_SCHEMA: Final = 39
_WIDE: Final = 24
_TAG: Final = "cortex-core"
_SOURCE: Final[Json] = {"type": "prometheus", "uid": "${source}"}


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of Prometheus, and what its series are called."""

    expression: str
    legend: str = ""


class Panel(msgspec.Struct, frozen=True, kw_only=True):
    """A picture of some queries; *unit* is one of Grafana's, *width* of 24."""

    title: str
    queries: tuple[Query, ...]
    meaning: str = ""
    unit: str = "short"
    kind: Kind = "timeseries"
    width: int = 12
    height: int = 8


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """Panels below one heading."""

    title: str
    panels: tuple[Panel, ...]


class Dashboard(msgspec.Struct, frozen=True, kw_only=True):
    """A page of Grafana; *name* is its uid, and the name of its file."""

    name: str
    title: str
    meaning: str
    rows: tuple[Row, ...]

    def grafana(self) -> Json:
        """Return what Grafana imports."""
        return {
            "uid": self.name,
            "title": self.title,
            "description": self.meaning,
            "tags": [_TAG],
            "editable": False,
            "graphTooltip": 1,
            "refresh": "30s",
            "schemaVersion": _SCHEMA,
            "time": {"from": "now-3h", "to": "now"},
            "timezone": "utc",
            "templating": {"list": _variables()},
            "links": [
                {
                    "type": "dashboards",
                    "tags": [_TAG],
                    "title": "Cortex Core",
                    "asDropdown": True,
                }
            ],
            "panels": list(_laid_out(self.rows)),
        }


def _variables() -> list[Json]:
    return [
        {"name": "source", "type": "datasource", "query": "prometheus", "label": "Prometheus"},
        _variable("job", 'label_values(up{job=~"cortex.*"}, job)', multi=False),
        _variable("instance", 'label_values(up{job="$job"}, instance)', multi=True),
    ]


def _variable(name: str, query: str, *, multi: bool) -> Json:
    return {
        "name": name,
        "type": "query",
        "datasource": _SOURCE,
        "definition": query,
        "query": {"query": query, "refId": name},
        "refresh": 2,
        "sort": 1,
        "multi": multi,
        "includeAll": multi,
        "allValue": ".*" if multi else None,
    }


def _laid_out(rows: Iterable[Row]) -> Iterable[Json]:
    """Yield each row's heading and panels, from left to right and from top to bottom."""
    number = top = 0
    for row in rows:
        number += 1
        yield {
            "id": number,
            "type": "row",
            "title": row.title,
            "collapsed": False,
            "gridPos": {"x": 0, "y": top, "w": _WIDE, "h": 1},
            "panels": [],
        }
        top += 1
        left = tallest = 0
        for panel in row.panels:
            number += 1
            if left + panel.width > _WIDE:
                top, left, tallest = top + tallest, 0, 0
            yield _panel(panel, number, left, top)
            left, tallest = left + panel.width, max(tallest, panel.height)
        top += tallest


def _panel(panel: Panel, number: int, left: int, top: int) -> Json:
    instant = panel.kind == "table"
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.meaning,
        "datasource": _SOURCE,
        "gridPos": {"x": left, "y": top, "w": panel.width, "h": panel.height},
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "options": _OPTIONS[panel.kind],
        "targets": _targets(panel.queries, instant=instant),
    }


def _targets(queries: Sequence[Query], *, instant: bool) -> list[Json]:
    return [
        {
            "refId": chr(ord("A") + place),
            "datasource": _SOURCE,
            "expr": query.expression,
            "legendFormat": query.legend or "__auto",
            "instant": instant,
            "range": not instant,
            "format": "table" if instant else "time_series",
        }
        for place, query in enumerate(queries)
    ]


_OPTIONS: Final[dict[Kind, Json]] = {
    "timeseries": {
        "legend": {"displayMode": "table", "placement": "bottom", "calcs": ["lastNotNull", "max"]},
        "tooltip": {"mode": "multi", "sort": "desc"},
    },
    "stat": {"reduceOptions": {"calcs": ["lastNotNull"]}, "graphMode": "area"},
    "table": {"showHeader": True},
}
