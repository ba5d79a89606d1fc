"""What the core says about itself while it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Literal, Protocol

AttributeValue = str | bool | int | float
Level = Literal["debug", "info", "warning", "error"]
Carrier = Mapping[str, str]
"""What carries a trace from one process to another: headers of W3C Trace Context."""
Reading = tuple[float, Mapping[str, AttributeValue]]
"""A value of a gauge, and the attributes it has there."""


class Span(Protocol):
    """A stretch of work being traced."""

    def set(self, **attributes: AttributeValue) -> None:
        """Say more about this stretch of work."""
        ...


class Telemetry(Protocol):
    """Traces, counts, measurements and log lines; never raises into its caller.

    Names, and what they mean, are in the registry: `cortex_core.domain.signals`.
    """

    def span(
        self,
        name: str,
        parent: Carrier | None = None,
        links: Sequence[Carrier] = (),
        /,
        **attributes: AttributeValue,
    ) -> AbstractContextManager[Span]:
        """Trace the work inside the context, and measure how long it takes.

        It is a part of what is being traced already; or of what *parent* carries, if that is given.
        *links* carry what led to it without being a part of it.
        """
        ...

    def carrier(self) -> Carrier:
        """Return what carries the current trace on, to be a parent or a link; nothing if none."""
        ...

    def count(self, name: str, value: int = 1, /, **attributes: AttributeValue) -> None:
        """Add *value* to a counter."""
        ...

    def measure(self, name: str, value: float, /, **attributes: AttributeValue) -> None:
        """Record one measurement; the unit belongs to the name."""
        ...

    def observe(
        self, name: str, read: Callable[[], Iterable[Reading]], /
    ) -> AbstractContextManager[None]:
        """While inside, *read* a gauge whenever its value is asked for, from any thread."""
        ...

    def log(self, event: str, /, *, level: Level = "info", **attributes: AttributeValue) -> None:
        """Write one log line named *event*."""
        ...
