"""Who may use which connection when: one writer, and readers beside it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from functools import partial
from typing import TypeVar

from cortex_adapters.sqlite.connections import Lane, Work
from cortex_core.domain.errors import BusyError, OverloadedError

T = TypeVar("T")


class Writer:
    """The one lane that writes: one unit of work at a time, in the order of asking."""

    def __init__(self, lane: Lane, *, patience: float) -> None:
        self.patience = patience
        self._lane = lane
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[Lane]:
        """Give the lane to the caller alone.

        Raises:
            BusyError: Others kept it for longer than *patience* seconds.
        """
        try:
            async with asyncio.timeout(self.patience):
                await self._turn.acquire()
        except TimeoutError as error:
            raise BusyError from error
        try:
            yield self._lane
        finally:
            self._turn.release()


class Readers:
    """Lanes that read, each for one piece of work at a time."""

    def __init__(self, lanes: Iterable[Lane], *, patience: float) -> None:
        self._patience = patience
        self._free: asyncio.LifoQueue[Lane] = asyncio.LifoQueue()
        for lane in lanes:
            self._free.put_nowait(lane)

    async def run(self, work: Work[T]) -> T:
        """Run *work* on a lane that is free.

        Raises:
            OverloadedError: None was free for *patience* seconds.
            UnavailableError: The files are no longer where they were found.
        """
        try:
            async with asyncio.timeout(self._patience):
                lane = await self._free.get()
        except TimeoutError as error:
            raise OverloadedError from error
        try:
            return await lane.run(partial(_in_place, lane, work))
        finally:
            self._free.put_nowait(lane)


def _in_place(lane: Lane, work: Work[T], connection: sqlite3.Connection) -> T:
    lane.files.require_in_place()
    return work(connection)
