"""The kinds of signals, and how an entry of the registry describes one."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

Instrument = Literal["counter", "gauge", "histogram"]
Role = Literal["internal", "server", "client", "producer", "consumer"]
LogLevel = Literal["debug", "info", "warning", "error"]

SECONDS: Final = (
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
    10.0,
)
"""Bounds for what takes from milliseconds to seconds, as for HTTP in the conventions."""

MINUTES: Final = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)
"""Bounds for what takes from a moment to minutes."""


class Metric(msgspec.Struct, frozen=True, kw_only=True):
    """A number over time; *unit* is of UCUM, as the conventions of OpenTelemetry write it.

    Only the *labels* that are named here tell its series apart, and each has few values.
    """

    name: str
    instrument: Instrument
    unit: str
    meaning: str
    labels: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()


class SpanKind(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of work in a trace; *duration* is the metric that says how long each takes.

    Its title in a trace are the values of the attributes *title*, or its name without any.
    """

    name: str
    meaning: str
    role: Role = "internal"
    title: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    duration: Metric | None = None


class LogEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A line in the log: its name, its *levels*, and what it adds to what each line has."""

    name: str
    meaning: str
    levels: tuple[LogLevel, ...] = ("info",)
    fields: tuple[str, ...] = ()
