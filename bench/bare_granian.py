"""Serve the bare application with granian inside our own process, and leave when told to."""

from __future__ import annotations

import asyncio
import signal
import sys
from importlib import import_module

import uvloop

from bench import bare


async def main(port: int) -> None:
    app = bare.create()
    embed = import_module("granian.server.embed")  # not among our dependencies
    interface = import_module("granian.constants").Interfaces.ASGI
    server = embed.Server(
        app, port=port, interface=interface, websockets=False, backlog=8192, log_enabled=False
    )

    def leave() -> None:
        bare.leave(app)
        server.stop()

    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, leave)
    await server.serve()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(int(sys.argv[1])))
