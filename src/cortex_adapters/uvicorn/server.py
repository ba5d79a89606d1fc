"""One server process: it serves until it is told to leave, then sees everybody out."""

from __future__ import annotations

import asyncio
import faulthandler
import os
import signal
import socket
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from importlib.util import find_spec
from types import FrameType
from typing import Final

from uvicorn.config import Config

from cortex_adapters.uvicorn.fallback import Application, Cause, Refused, WordOf, fresh, guarded
from cortex_adapters.uvicorn.lifespan import lifespan
from cortex_adapters.uvicorn.limits import Limits, raise_open_files
from cortex_adapters.uvicorn.protocol import GuardedProtocol
from cortex_adapters.uvicorn.sockets import bind
from cortex_adapters.uvicorn.state import ServingState

__all__ = ["run", "serve"]

_LEAVE_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)
_SETTLE_SECONDS: Final = 0.05
_FORCE_SECONDS: Final = 0.3
_SPARE_SECONDS: Final = 1.7
"""After the drain: to force what is left, to end the lifespan, to exit."""


async def serve(
    app: Application,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    fd: int | None = None,
    drain: Callable[[], None],
    drain_seconds: float = 8.0,
    notice_seconds: float = 0.0,
    docs_url: str = "",
    limits: Limits | None = None,
    started: Callable[[str, int], None] = lambda _host, _port: None,
    refused: Refused = lambda _status, _code, _word: None,
    cause: Cause = lambda _error: "",
    word_of: WordOf = fresh,
) -> None:
    """Serve *app* in the main thread until SIGTERM or SIGINT, then see everybody out and return.

    On the first signal *drain* is called at once: the application fails its readiness and ends its
    streams. The socket closes *notice_seconds* later, for balancers that look at readiness.
    Requests and streams have *drain_seconds* from the signal to finish, the notice included; what
    is left is closed, and the application's lifespan ends. A second signal exits at once with code
    1, and so does a process that is still there 1.7 s after *drain_seconds*, with the stacks of
    its threads on stderr.

    *fd* is a bound socket to use in place of *host* and *port*; the process that handed it over is
    then followed: when it is gone, that is the first signal. *started* is told the address, and
    *refused* status, code and correlation id of what is answered before it reaches the
    application. *cause* gives the line that says what a problem goes back to, where anybody may
    read that; *word_of* the correlation id that the application gives to a request.

    Raises:
        OSError: The address cannot be had.
        LifespanError: The application did not start, or not stop; what it raised comes as it is.
    """
    loop = asyncio.get_running_loop()
    leaving = asyncio.Event()
    own_limits = raise_open_files(limits or Limits())
    state = ServingState(own_limits, docs_url, refused, word_of)
    parent = os.getppid() if fd is not None else None
    starting = asyncio.current_task()

    def leave() -> None:
        leaving.set()
        if starting is not None:
            starting.cancel()

    with (
        bind(host, port) if fd is None else socket.socket(fileno=fd) as sock,
        _signals(leave, drain_seconds + _SPARE_SECONDS),
    ):
        try:
            async with lifespan(app) as app_state:
                config = _config(guarded(app, docs_url, refused, cause, word_of), own_limits)
                server = await loop.create_server(
                    lambda: GuardedProtocol(config, state, app_state, loop),
                    sock=sock,
                    backlog=own_limits.backlog,
                )
                starting = None
                address = sock.getsockname()
                started(str(address[0]), int(address[1]))
                clock = loop.create_task(_tick(state, parent))
                await leaving.wait()
                until = loop.time() + drain_seconds
                state.leaving = True
                try:
                    drain()
                finally:
                    await asyncio.sleep(notice_seconds)
                    await _see_out(server, state, until)
                    clock.cancel()
        except asyncio.CancelledError:
            if starting is None or not leaving.is_set():
                raise


def run(serving: Coroutine[None, None, None]) -> None:
    """Run *serving*, which is `serve` with its arguments, on uvloop where there is one."""
    factory = None
    if find_spec("uvloop"):
        factory = import_module("uvloop").new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(serving)


async def _tick(state: ServingState, parent: int | None) -> None:
    """Each second: tell the time, and look whether the parent process is still there."""
    while True:
        await asyncio.sleep(1)
        state.tell_time()
        if parent not in (None, os.getppid()):
            signal.raise_signal(signal.SIGTERM)


async def _see_out(server: asyncio.Server, state: ServingState, until: float) -> None:
    """Take nobody new, let all finish until the loop's clock shows *until*, close the rest."""
    loop = asyncio.get_running_loop()
    server.close()
    await asyncio.sleep(_SETTLE_SECONDS)  # requests that the kernel already holds are in flight too
    for connection in list(state.connections):
        connection.shutdown()
    await state.quiet(until)
    for connection in list(state.connections):
        if isinstance(connection, GuardedProtocol):
            connection.abandon()
    await state.quiet(loop.time() + _FORCE_SECONDS)
    for task in list(state.tasks):
        task.cancel()
    await state.quiet(loop.time() + _FORCE_SECONDS)


@contextmanager
def _signals(leave: Callable[[], None], seconds: float) -> Iterator[None]:
    """Call *leave* on the first signal and exit on the second, or *seconds* after the first."""
    loop = asyncio.get_running_loop()
    told = False

    def receive(_number: int, _frame: FrameType | None) -> None:
        nonlocal told
        if told:
            for stream in (sys.stdout, sys.stderr):
                with suppress(OSError, RuntimeError, ValueError):
                    stream.flush()
            os._exit(1)
        told = True
        # a thread of C: it keeps the promise even when the loop, or all of Python, is stuck
        faulthandler.dump_traceback_later(seconds, exit=True, file=2)
        loop.call_soon_threadsafe(leave)

    before = {number: signal.signal(number, receive) for number in _LEAVE_SIGNALS}
    try:
        yield
    finally:
        if not told:
            for number, handler in before.items():
                signal.signal(number, handler)


def _config(app: Application, limits: Limits) -> Config:
    config = Config(
        app,
        interface="asgi3",
        http=GuardedProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="error",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=limits.idle_seconds,
    )
    config.load()
    return config
