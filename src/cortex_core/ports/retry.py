"""Doing again what others undid."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

T = TypeVar("T")


class Retry(Protocol):
    """Calls what others may undo, and calls it anew when they did."""

    async def __call__(self, attempt: Callable[[], Awaitable[T]], /) -> T:
        """Return what *attempt* returns; where it raises CollisionError, call it again in a while.

        Nothing else is tried again: what was not undone as a whole may have been done.

        Raises:
            CollisionError: It was undone time and again.
        """
        ...


async def once(attempt: Callable[[], Awaitable[T]], /) -> T:
    """Never call *attempt* again."""
    return await attempt()
