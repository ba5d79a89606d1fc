"""The ASGI lifespan of an application, as a context manager that raises what it raised."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Literal

from cortex_adapters.uvicorn.fallback import Application

__all__ = ["LifespanError", "lifespan"]

Phase = Literal["startup", "shutdown"]
Message = Mapping[str, str]


class LifespanError(Exception):
    """The application said that it could not start, or not stop, and raised nothing."""


@asynccontextmanager
async def lifespan(app: Application) -> AsyncIterator[dict[str, object]]:
    """Start *app*, yield its state, and stop it.

    Raises:
        LifespanError: It failed without an exception.
        BaseException: What it raised; one alone comes out of the groups that task groups put it in.
    """
    state: dict[str, object] = {}
    told: asyncio.Queue[Message] = asyncio.Queue()
    said: asyncio.Queue[Message] = asyncio.Queue()
    scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": state}
    task = asyncio.ensure_future(app(scope, told.get, said.put))
    task.add_done_callback(lambda _task: said.put_nowait({"type": "lifespan.ended"}))
    try:
        await _tell("startup", task, told, said)
        yield state
        await _tell("shutdown", task, told, said)
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _tell(
    phase: Phase,
    task: asyncio.Future[None],
    told: asyncio.Queue[Message],
    said: asyncio.Queue[Message],
) -> None:
    await told.put({"type": f"lifespan.{phase}"})
    answer = await said.get()
    if answer["type"] == f"lifespan.{phase}.complete":
        return
    await asyncio.wait([task], timeout=1)
    if task.done() and (error := task.exception()):
        raise _inmost(error)
    unsaid = f"The application ended before its {phase} was complete."
    raise LifespanError(answer.get("message") or unsaid)


def _inmost(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error
