"""Requests a second on one address of this machine: by `wrk` when it is installed, else by us."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import time
from typing import cast

import uvloop

__all__ = ["throughput", "tool"]


def tool() -> str:
    """Return the name of the load generator in use."""
    return "wrk" if shutil.which("wrk") else "own client"


def throughput(port: int, path: str, *, connections: int = 32, seconds: int = 5) -> float:
    """Return the requests answered 200 a second on loopback, over kept-alive connections."""
    if shutil.which("wrk") is None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_drive(port, path, connections, seconds))
    url = f"http://127.0.0.1:{port}{path}"
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", url]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(r"Requests/sec:\s+([\d.]+)", said)
    if found is None or "Non-2xx" in said:
        raise RuntimeError(f"wrk was not answered 200 throughout:\n{said}")
    return float(found[1])


async def _drive(port: int, path: str, connections: int, seconds: int) -> float:
    loop = asyncio.get_running_loop()
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
    opened = [
        await loop.create_connection(lambda: _Client(request), "127.0.0.1", port)
        for _ in range(connections)
    ]
    clients = [client for _, client in opened]
    began = time.perf_counter()
    await asyncio.sleep(seconds)
    answered = sum(client.answered for client in clients)
    took = time.perf_counter() - began
    for client in clients:
        client.close()
    return answered / took


class _Client(asyncio.Protocol):
    """One connection: the next request leaves when the answer to the last is whole."""

    def __init__(self, request: bytes) -> None:
        self.answered = 0
        self._request = request
        self._held = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._held += data
        head, complete, body = self._held.partition(b"\r\n\r\n")
        if not complete:
            return
        length = re.search(rb"(?i)content-length: (\d+)", head)
        if not head.startswith(b"HTTP/1.1 200") or length is None:
            raise RuntimeError(f"not answered 200 with a length: {head!r}")
        if len(body) < int(length[1]):
            return
        self._held = b""
        self.answered += 1
        if self._transport is not None:
            self._transport.write(self._request)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()
