"""A small application on our server, as a process of its own: `target JSON [--fd N]`."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import msgspec
from litestar import Litestar, Request, get, post, route
from litestar.datastructures import State
from litestar.response import Stream

from cortex_adapters.uvicorn.limits import Limits
from cortex_adapters.uvicorn.server import run, serve

DOCS = "https://docs.example"


class Plan(msgspec.Struct, kw_only=True):
    """How the process is to behave."""

    port: int = 0
    limits: Limits = Limits()
    drain_seconds: float = 8.0
    notice_seconds: float = 0.0
    start_seconds: float = 0.0
    broken_start: bool = False
    dies_at_once: bool = False
    shows_causes: bool = False


def say(word: str) -> None:
    sys.stdout.write(f"{word}\n")  # in one piece: other processes write here too
    sys.stdout.flush()


def application(plan: Plan, drained: asyncio.Event) -> Litestar:
    @asynccontextmanager
    async def lifetime(_app: Litestar) -> AsyncIterator[None]:
        say("starting")
        await asyncio.sleep(plan.start_seconds)
        if plan.broken_start:
            raise LookupError("no database here")
        yield
        say("stopped")

    async def words(stubborn: bool) -> AsyncIterator[bytes]:
        try:
            yield b"retry: 2000\n\n"
            while stubborn or not drained.is_set():
                with suppress(TimeoutError):
                    await asyncio.wait_for(drained.wait(), 0.2)
                if stubborn:
                    await asyncio.sleep(0.2)
                yield b":\n\n"
            yield b"event: goodbye\ndata: {}\n\n"
        finally:
            say("stream over")

    async def flood() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"data: " + b"x" * 4096 + b"\n\n"
                await asyncio.sleep(0)
        finally:
            say("flood over")

    @get("/bare", sync_to_thread=False)
    def bare(request: Request[object, object, State]) -> dict[str, str | int]:
        host = request.client.host if request.client else ""
        return {"pid": os.getpid(), "client": host}

    @get("/slow")
    async def slow(seconds: float) -> str:
        await asyncio.sleep(seconds)
        return "slow"

    @get("/stuck")
    async def stuck() -> None:
        time.sleep(60)  # noqa: ASYNC251 - a loop that hangs is the point

    @post("/body")
    async def body(request: Request[object, object, State]) -> dict[str, int | str]:
        content = await request.body()
        return {"bytes": len(content), "late": request.headers.get("x-late", "")}

    @get("/stream")
    async def stream(stubborn: bool = False) -> Stream:
        return Stream(words(stubborn), media_type="text/event-stream")

    @get("/flood")
    async def flooded() -> Stream:
        return Stream(flood(), media_type="text/event-stream")

    @route("/*", http_method="OPTIONS", status_code=204)
    async def whole() -> None:
        pass

    routes = [whole, bare, slow, stuck, body, stream, flooded]
    return Litestar(routes, lifespan=[lifetime], openapi_config=None, logging_config=None)


def main() -> None:
    plan = msgspec.json.decode(sys.argv[1], type=Plan)
    fd = int(sys.argv[3]) if len(sys.argv) > 2 else None
    if plan.dies_at_once:
        sys.exit(3)
    drained = asyncio.Event()
    app = application(plan, drained)

    async def outer(scope, receive, send) -> None:
        if scope.get("path") == "/broken":
            raise ZeroDivisionError
        await app(scope, receive, send)

    def drain() -> None:
        say("draining")
        drained.set()

    serving = serve(
        outer,
        port=plan.port,
        fd=fd,
        drain=drain,
        drain_seconds=plan.drain_seconds,
        notice_seconds=plan.notice_seconds,
        docs_url=DOCS,
        limits=plan.limits,
        started=lambda _host, port: say(f"port {port}"),
        refused=lambda status, code, _word: say(f"refused {status} {code}"),
        cause=lambda error: repr(error.__cause__) if plan.shows_causes else "",
    )
    try:
        run(serving)
    except LookupError as error:
        say(f"failed: {error}")
        sys.exit(1)
    say("returned")


if __name__ == "__main__":
    main()
