"""tenacity: a few more attempts, each after a pause of random length."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, stop_before_delay
from tenacity.wait import wait_random_exponential

from cortex_core.domain.errors import CollisionError

__all__ = ["JitteredRetry"]

T = TypeVar("T")

_SHORTEST: Final = 0.01
_LONGEST: Final = 0.2


class JitteredRetry:
    """Tries up to *attempts* times, and begins none later than *seconds* after the first.

    The pauses are random between 10 ms and a limit that doubles up to 200 ms ("full jitter"), so
    that those who undid each other do not meet again.
    """

    def __init__(self, *, attempts: int = 5, seconds: float = 2.0) -> None:
        self._again = AsyncRetrying(
            retry=retry_if_exception_type(CollisionError),
            wait=wait_random_exponential(multiplier=0.05, max=_LONGEST, min=_SHORTEST),
            stop=stop_after_attempt(attempts) | stop_before_delay(seconds),
            reraise=True,
        )

    async def __call__(self, attempt: Callable[[], Awaitable[T]], /) -> T:
        try:
            return await attempt()  # tenacity costs 20 µs, which nearly all calls can do without
        except CollisionError as error:
            first: CollisionError | None = error

        async def next_one() -> T:
            nonlocal first
            if first is not None:
                undone, first = first, None
                raise undone
            return await attempt()

        # A copy: those who share one in a thread share its state.
        return await self._again.copy()(next_one)
