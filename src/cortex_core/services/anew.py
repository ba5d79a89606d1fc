"""A use case that begins anew when others undid it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from cortex_core.ports import Ports

P = ParamSpec("P")
T = TypeVar("T")


class _Ported(Protocol):
    @property
    def _ports(self) -> Ports: ...


S = TypeVar("S", bound=_Ported)


def anew(
    method: Callable[Concatenate[S, P], Awaitable[T]],
) -> Callable[Concatenate[S, P], Coroutine[Any, Any, T]]:
    """Have `ports.retry` call *method*: as a whole, so that each attempt reads afresh.

    What *method* does to the world outside the store comes after its commit, so that an attempt
    that was undone has done nothing. Each attempt is an operation of its own in traces and
    metrics; those that were undone end in `collision`.
    """

    @wraps(method)
    async def attempts(self: S, /, *arguments: P.args, **named: P.kwargs) -> T:
        return await self._ports.retry(lambda: method(self, *arguments, **named))

    return attempts
