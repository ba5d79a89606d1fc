"""What an HTTP server does to clients: to idle streams, when it leaves, and when they misbehave."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import time

import msgspec

from bench.http_process import resident_kib

__all__ = ["Leaving", "answer", "half_head", "kib_per_stream", "leaving"]

_HALF = b"GET /bare HTTP/1.1\r\nHost: x\r\nX-Half: "
_STREAM = b"GET /stream HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n"
_PATIENCE = 15.0


class Leaving(msgspec.Struct, frozen=True):
    """Seconds from SIGTERM to the exit and its code (None: not in time), and streams ended well."""

    seconds: float | None
    code: int | None
    ended: str


async def _open(port: int, count: int) -> list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    opened: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
    for _ in range(count):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(_STREAM)
        opened.append((reader, writer))
    for reader, _ in opened:
        await reader.readuntil(b"retry: 2000\n\n")
    return opened


async def kib_per_stream(pid: int, port: int, streams: int) -> float:
    """Return what one idle stream costs in resident memory."""
    before = resident_kib(pid)
    opened = await _open(port, streams)
    await asyncio.sleep(1)
    each = (resident_kib(pid) - before) / streams
    for _, writer in opened:
        writer.close()
    return each


async def leaving(process: subprocess.Popen[bytes], port: int, streams: int = 50) -> Leaving:
    """Send SIGTERM with *streams* open, and wait for the exit."""
    opened = await _open(port, streams)
    began = time.perf_counter()
    process.send_signal(signal.SIGTERM)

    async def ends_well(reader: asyncio.StreamReader) -> bool:
        try:
            async with asyncio.timeout(_PATIENCE):
                return (await reader.read()).endswith(b"0\r\n\r\n")
        except OSError:  # TimeoutError is one too
            return False

    async with asyncio.TaskGroup() as group:
        ends = [group.create_task(ends_well(reader)) for reader, _ in opened]
    well = f"{sum(end.result() for end in ends)} of {streams}"
    try:
        left = max(_PATIENCE - (time.perf_counter() - began), 0.1)
        code = await asyncio.to_thread(process.wait, left)
    except subprocess.TimeoutExpired:
        return Leaving(None, None, well)
    return Leaving(time.perf_counter() - began, code, well)


async def half_head(port: int, patience: float = 12.0) -> float | None:
    """Return after how many seconds a head that never ends is closed, None when not in time."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(_HALF)
    began = time.perf_counter()
    try:
        async with asyncio.timeout(patience):
            await reader.read()
            return time.perf_counter() - began
    except TimeoutError:
        return None
    finally:
        writer.close()


async def answer(port: int, request: bytes) -> str:
    """Return the status, media type and `Server` of the answer to *request*."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    try:
        async with asyncio.timeout(3):
            head = await reader.readuntil(b"\r\n\r\n")
    except TimeoutError:
        return "no answer"
    except (OSError, EOFError):
        return "closed"
    finally:
        writer.close()
    first, *lines = head.decode("latin-1").split("\r\n")
    fields = dict(line.lower().split(": ", 1) for line in lines if ": " in line)
    media = fields.get("content-type", "empty").split(";")[0]
    return " ".join([first.split(" ")[1], media, fields.get("server", "")]).strip()
