"""The bare application that HTTP servers are compared on: a bare route, a busy one, a stream."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

from litestar import Litestar, get
from litestar.response import Stream

__all__ = ["WORK_SECONDS", "create", "leave"]

WORK_SECONDS = 0.0003
"""What a use case with one database statement spends in Python, roughly."""


def create() -> Litestar:
    """Return the application; its streams say one word, then wait for the server to leave.

    The lifespan's end is where stock servers tell an application that they are leaving.
    """
    leaving = asyncio.Event()

    async def idle() -> AsyncIterator[bytes]:
        yield b"retry: 2000\n\n"
        await leaving.wait()
        yield b"event: goodbye\ndata: {}\n\n"

    @get("/bare", sync_to_thread=False)
    def bare() -> dict[str, str]:
        return {"hello": "world"}

    @get("/work", sync_to_thread=False)
    def work() -> dict[str, str]:
        until = time.thread_time() + WORK_SECONDS
        while time.thread_time() < until:
            pass
        return {"hello": "world"}

    @get("/stream", media_type="text/event-stream")
    async def stream() -> Stream:
        return Stream(idle(), media_type="text/event-stream")

    app = Litestar([bare, work, stream], on_shutdown=[leaving.set], openapi_config=None)
    app.state.leaving = leaving
    return app


def leave(app: Litestar) -> None:
    """End the streams of *app*."""
    leaving: asyncio.Event = app.state.leaving
    leaving.set()
