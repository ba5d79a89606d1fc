"""What streams cost: memory for each idle one, and the delay from a post to its event."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from statistics import quantiles

from bench.http_process import resident_kib

__all__ = ["delivery_ms", "fanned_ms", "idle_kib"]

Place = tuple[int, str]
"""The port of a server, and the path of a conversation."""


async def idle_kib(pid: int, port: int, path: str, token: str, *, streams: int = 2_000) -> float:
    """Return the resident KiB that the server *pid* needs for each of *streams* idle streams."""
    first = await _open_stream(port, path, token)
    before = resident_kib(pid)
    opened = [first]
    for _ in range(streams // 50):
        opened += await asyncio.gather(*(_open_stream(port, path, token) for _ in range(50)))
    await asyncio.sleep(3)
    grown = resident_kib(pid) - before
    for _, writer in opened:
        writer.close()
    return grown / streams


async def delivery_ms(
    port: int,
    paths: Sequence[str],
    token: str,
    *,
    stream_port: int | None = None,
    posts: int = 20,
    pause: float = 0.25,
) -> dict[str, float]:
    """Return p50 and p99 of the milliseconds from sending a post to reading its event.

    One writer and one reader for each of *paths* (conversations); each writer sends *posts*,
    with *pause* seconds between them. Streams are read from *stream_port* if it is another.
    """
    writers = [(port, path) for path in paths]
    readers = [(stream_port or port, path) for path in paths]
    return await fanned_ms(writers, readers, token, posts=posts, pause=pause)


async def fanned_ms(
    writers: Sequence[Place],
    readers: Sequence[Place],
    token: str,
    *,
    posts: int,
    pause: float,
) -> dict[str, float]:
    """Return the same for any *writers* and *readers*, each at a port and in a conversation."""
    delays: list[float] = []
    reading = [
        asyncio.create_task(_read(port, path, token, posts, delays)) for port, path in readers
    ]
    await asyncio.sleep(1)
    await asyncio.gather(
        *(
            _write(port, path, token, posts, pause, number / len(writers) * pause)
            for number, (port, path) in enumerate(writers)
        )
    )
    await asyncio.wait_for(asyncio.gather(*reading), 30)
    cuts = quantiles(delays, n=100)
    return {"p50": cuts[49], "p99": cuts[98], "events": float(len(delays))}


async def _open_stream(
    port: int, path: str, token: str
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        f"GET {path}/events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        f"Accept: text/event-stream\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    )
    head = await reader.readuntil(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(f"the stream was not opened: {head!r}")
    return reader, writer


async def _read(port: int, path: str, token: str, posts: int, delays: list[float]) -> None:
    reader, writer = await _open_stream(port, path, token)
    seen = 0
    while seen < posts:
        line = await reader.readline()
        if line.startswith(b"data: "):
            event = json.loads(line[6:])
            content = event["data"].get("message", {}).get("content", "")
            if content.startswith("sent "):
                delays.append((time.perf_counter() - float(content[5:])) * 1000)
                seen += 1
    writer.close()


async def _write(port: int, path: str, token: str, posts: int, pause: float, delay: float) -> None:
    await asyncio.sleep(delay)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(posts):
        body = json.dumps({"content": f"sent {time.perf_counter()}"})
        writer.write(
            f"POST {path}/messages HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
            f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
        )
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 201"):
            raise RuntimeError(f"the post was not accepted: {head!r}")
        length = next(
            int(line.split(b":")[1])
            for line in head.lower().split(b"\r\n")
            if line.startswith(b"content-length:")
        )
        await reader.readexactly(length)
        await asyncio.sleep(pause)
    writer.close()
