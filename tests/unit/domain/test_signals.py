"""The registry of telemetry, and the code that speaks its names."""

import ast
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

import pytest

from cortex_core.domain.signals import ATTRIBUTES, LOG_EVENTS, METRICS, SPANS

SRC: Final = Path(__file__).parents[3] / "src"
NAMES: Final[dict[str, Collection[str]]] = {
    "span": SPANS,
    "count": METRICS,
    "measure": METRICS,
    "observe": METRICS,
    "log": LOG_EVENTS,
}
# What is counted inside the adapters, where no port is in the way.
DERIVED: Final = {kind.duration.name for kind in SPANS.values() if kind.duration}


def _calls() -> Iterator[tuple[str, str, ast.Call]]:
    """Yield where, by which method, and how the code speaks to telemetry."""
    for path in SRC.rglob("*.py"):
        where = path.relative_to(SRC)
        if where.parts[1] == "contract":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in NAMES
                and "telemetry" in ast.unparse(node.func.value)
            ):
                yield str(where), node.func.attr, node


CALLS: Final = list(_calls())


def test_the_code_was_found():
    assert {method for _, method, _ in CALLS} == NAMES.keys()


@pytest.mark.parametrize(
    ("where", "method", "call"), CALLS, ids=[f"{w}:{c.lineno}" for w, _, c in CALLS]
)
def test_each_name_is_in_the_registry(where: str, method: str, call: ast.Call):
    name = call.args[0]
    assert isinstance(name, ast.Constant), f"{where}:{call.lineno} names no constant"
    assert str(name.value) in NAMES[method]


@pytest.mark.parametrize(
    ("where", "call"),
    [(where, call) for where, method, call in CALLS if method == "log"],
    ids=[f"{w}:{c.lineno}" for w, m, c in CALLS if m == "log"],
)
def test_lines_have_the_fields_and_levels_of_the_registry(where: str, call: ast.Call):
    assert isinstance(call.args[0], ast.Constant)
    event = LOG_EVENTS[str(call.args[0].value)]
    given = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    level = given.pop("level", ast.Constant("info"))
    said = {each.value for each in ast.walk(level) if isinstance(each, ast.Constant)}
    assert said & {"debug", "info", "warning", "error"} <= {*event.levels}
    assert given.keys() <= {*event.fields}


def test_every_name_in_the_registry_is_spoken():
    text = "".join(path.read_text() for path in SRC.rglob("*.py") if "signals" not in path.parts)
    silent = [name for name in (*SPANS, *METRICS, *LOG_EVENTS) if f'"{name}"' not in text]
    assert sorted({*silent} - DERIVED) == []


def test_attributes_have_one_meaning_each():
    used = [
        *(name for kind in SPANS.values() for name in kind.attributes),
        *(name for metric in METRICS.values() for name in metric.labels),
        *(name for event in LOG_EVENTS.values() for name in event.fields),
    ]
    assert {*used} == {*ATTRIBUTES}


def test_names_are_given_once():
    names = [*SPANS, *METRICS, *LOG_EVENTS]
    assert len(names) == len({*names})


@pytest.mark.parametrize("kind", SPANS.values(), ids=SPANS)
def test_durations_have_labels_of_their_span(kind):
    assert {*kind.title} <= {*kind.attributes}
    if kind.duration is not None:
        assert {*kind.duration.labels} <= {*kind.attributes}
        assert (kind.duration.instrument, kind.duration.unit) == ("histogram", "s")


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)
def test_histograms_have_bounds(metric):
    assert (metric.instrument == "histogram") == bool(metric.bounds)
    assert list(metric.bounds) == sorted({*metric.bounds})
