"""Waiting for what comes a moment later."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
_EVERY = 0.05


async def eventually(look: Callable[[], T], seconds: float = 15.0) -> T:
    """Return the first true answer of *look*, the last one if there is none in time."""
    for _ in range(int(seconds / _EVERY)):
        if found := look():
            return found
        await asyncio.sleep(_EVERY)
    return look()
