"""What is told of the pool and of each statement, in the names of the semantic conventions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import lru_cache
from typing import Final

from cortex_core.ports import AttributeValue, Reading, Span, Telemetry

__all__ = ["observing", "statement"]

_STATE: Final = "db.client.connection.state"
_VERB: Final = re.compile(r"\b(INSERT|UPDATE|DELETE)\b")


def statement(telemetry: Telemetry, sql: str) -> AbstractContextManager[Span]:
    """Trace and measure one statement; its values are told to nobody."""
    return telemetry.span("db.client.operation", **_described(sql))


@contextmanager
def observing(
    telemetry: Telemetry,
    *,
    size: int,
    idle: Callable[[], int],
    used: Callable[[], int],
    waiting: Callable[[], int],
) -> Iterator[None]:
    """Have the gauges of a pool read while inside."""

    def connections() -> Iterable[Reading]:
        return [(idle(), {_STATE: "idle"}), (used(), {_STATE: "used"})]

    with ExitStack() as stack:
        enter = stack.enter_context
        enter(telemetry.observe("db.client.connection.count", connections))
        enter(telemetry.observe("db.client.connection.max", lambda: [(size, {})]))
        enter(telemetry.observe("db.client.connection.pending_requests", lambda: [(waiting(), {})]))
        yield


@lru_cache(maxsize=1_000)
def _described(sql: str) -> Mapping[str, AttributeValue]:
    text = " ".join(sql.split())
    verb = text.partition(" ")[0]
    if verb == "WITH":
        found = _VERB.search(text)
        verb = found[0] if found else "SELECT"
    return {"db.system.name": "postgresql", "db.operation.name": verb, "db.query.text": text}
