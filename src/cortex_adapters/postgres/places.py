"""A fixed number of places, and a bounded queue before them."""

from __future__ import annotations

import asyncio

from cortex_core.domain.errors import OverloadedError

__all__ = ["Places"]


class Places:
    """Whoever comes first is let in first."""

    def __init__(self, size: int, *, max_waiting: int) -> None:
        self.size = size
        self._free = size
        self._max_waiting = max_waiting
        self._queue: dict[asyncio.Future[None], None] = {}  # in order, and quick to leave

    @property
    def used(self) -> int:
        """How many places are taken."""
        return self.size - self._free

    @property
    def waiting(self) -> int:
        """How many wait for one."""
        return len(self._queue)

    async def enter(self, *, timeout: float) -> None:
        """Take a place, after *timeout* seconds at most.

        Raises:
            OverloadedError: None became free in time, or the queue is full.
        """
        if self._free:
            self._free -= 1
            return
        if len(self._queue) >= self._max_waiting:
            raise OverloadedError
        loop = asyncio.get_running_loop()
        turn = loop.create_future()
        self._queue[turn] = None
        # `asyncio.timeout` would do; each request that waits pays for it, and this costs a third.
        patience = loop.call_later(timeout, _give_up, turn)
        try:
            await turn
        except BaseException:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self.leave()  # it came while we were going
            else:
                self._queue.pop(turn, None)
            raise
        finally:
            patience.cancel()

    def leave(self) -> None:
        """Give a place back: to the next in the queue, if there is one."""
        while self._queue:
            turn = next(iter(self._queue))
            del self._queue[turn]
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1


def _give_up(turn: asyncio.Future[None]) -> None:
    if not turn.done():
        turn.set_exception(OverloadedError())
