"""The metrics of all processes that share a port: whoever is asked asks the others.

Each listens at a socket in a folder that the supervisor made for them alone, and says there what it
counts. Every series has the label `worker`, so nothing has to be added up here.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import msgspec

Page = Callable[[], bytes]
Metrics = Callable[[], Awaitable[bytes]]
_PATIENCE: Final = 1.0
_MOST: Final = 16 * 1024 * 1024


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Which of how many processes this is, and the *folder* of their sockets if there are more."""

    worker: int = 0
    workers: int = 1
    folder: Path | None = None

    def socket(self, worker: int) -> str:
        """Return where *worker* says what it counts."""
        return str((self.folder or Path()) / f"{worker}.sock")


@asynccontextmanager
async def open_metrics(page: Page, place: Place) -> AsyncIterator[Metrics]:
    """Say *page* to the others while inside; give what returns the page of all."""
    if place.folder is None:
        yield lambda: asyncio.to_thread(_alone, page, place)
        return

    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            writer.write(await asyncio.to_thread(page))
            await writer.drain()
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    path = place.socket(place.worker)
    with suppress(FileNotFoundError):
        os.unlink(path)  # noqa: PTH108 - of one that was here before, and was killed
    async with await asyncio.start_unix_server(answer, path):
        yield lambda: _all(page, place)


def _alone(page: Page, place: Place) -> bytes:
    from cortex_adapters.otel.exposition import who_is_up  # noqa: PLC0415 - may be missing

    return who_is_up({place.worker: True}) + page()


async def _all(page: Page, place: Place) -> bytes:
    others = [worker for worker in range(place.workers) if worker != place.worker]
    found = await asyncio.gather(*(_ask(place.socket(worker)) for worker in others))
    said = {place.worker: await asyncio.to_thread(page), **dict(zip(others, found, strict=True))}
    return await asyncio.to_thread(_merged, said)


def _merged(said: Mapping[int, bytes | None]) -> bytes:
    from cortex_adapters.otel.exposition import merged, who_is_up  # noqa: PLC0415 - may be missing

    up = who_is_up({worker: page is not None for worker, page in sorted(said.items())})
    return merged([up, *(page for page in said.values() if page)])


async def _ask(path: str) -> bytes | None:
    """Return what the process at *path* says, None if it says nothing in time, or nonsense."""
    from cortex_adapters.otel.exposition import is_readable  # noqa: PLC0415 - may be missing

    try:
        async with asyncio.timeout(_PATIENCE):
            reader, writer = await asyncio.open_unix_connection(path, limit=_MOST)
            try:
                said = await reader.read(_MOST)
                while piece := await reader.read(_MOST):
                    said += piece
                    if len(said) > _MOST:
                        return None
            finally:
                writer.close()
                with suppress(OSError):
                    await writer.wait_closed()
    except (OSError, TimeoutError):
        return None
    return said if await asyncio.to_thread(is_readable, said) else None
