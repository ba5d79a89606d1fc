"""Telemetry that tells nobody anything, and costs next to nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType
from typing import Final

from cortex_core.ports.telemetry import AttributeValue, Carrier, Level, Reading, Span


class _Untraced:
    """A span that nobody records."""

    __slots__ = ()

    def __enter__(self) -> _Untraced:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None

    def set(self, /, **attributes: AttributeValue) -> None:
        pass


_UNTRACED: Final = _Untraced()


class NoTelemetry:
    """Drops all; a base for adapters that keep some of it."""

    def span(
        self,
        name: str,  # noqa: ARG002
        parent: Carrier | None = None,  # noqa: ARG002
        links: Sequence[Carrier] = (),  # noqa: ARG002
        /,
        **attributes: AttributeValue,  # noqa: ARG002
    ) -> AbstractContextManager[Span]:
        return _UNTRACED

    def carrier(self) -> Carrier:
        return {}

    def count(self, name: str, value: int = 1, /, **attributes: AttributeValue) -> None:
        pass

    def measure(self, name: str, value: float, /, **attributes: AttributeValue) -> None:
        pass

    def observe(
        self,
        name: str,  # noqa: ARG002
        read: Callable[[], Iterable[Reading]],  # noqa: ARG002
        /,
    ) -> AbstractContextManager[None]:
        return nullcontext()

    def log(self, event: str, /, *, level: Level = "info", **attributes: AttributeValue) -> None:
        pass
