"""What the core says about itself while it runs."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Literal, Protocol

AttributeValue = str | bool | int | float
Level = Literal["debug", "info", "warning", "error"]


class Span(Protocol):
    """A stretch of work being traced."""

    def set(self, **attributes: AttributeValue) -> None:
        """Say more about this stretch of work."""
        ...


class Telemetry(Protocol):
    """Traces, counts, measurements and log lines; never raises into its caller."""

    def span(self, name: str, /, **attributes: AttributeValue) -> AbstractContextManager[Span]:
        """Trace the work inside the context."""
        ...

    def count(self, name: str, value: int = 1, /, **attributes: AttributeValue) -> None:
        """Add *value* to a counter."""
        ...

    def measure(self, name: str, value: float, /, **attributes: AttributeValue) -> None:
        """Record one measurement; the unit belongs to the name."""
        ...

    def log(self, event: str, /, *, level: Level = "info", **attributes: AttributeValue) -> None:
        """Write one log line named *event*."""
        ...
