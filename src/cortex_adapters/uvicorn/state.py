"""What the connections of one process share."""

from __future__ import annotations

import asyncio
import time
from email.utils import formatdate

from uvicorn.server import ServerState

from cortex_adapters.uvicorn.fallback import Refused, WordOf, fresh, overloaded
from cortex_adapters.uvicorn.limits import Limits

__all__ = ["ServingState"]


class ServingState(ServerState):
    """The limits, the `Date` of this second, and whether the process is leaving."""

    def __init__(
        self,
        limits: Limits,
        docs_url: str,
        refused: Refused = lambda _status, _code, _word: None,
        word_of: WordOf = fresh,
    ) -> None:
        super().__init__()
        self.refused = refused
        self.limits = limits
        self.docs_url = docs_url
        self.word_of = word_of
        self.overloaded = overloaded(docs_url, refused, word_of)
        self.leaving = False
        self.tell_time()

    def tell_time(self) -> None:
        """Put the time into the headers that every answer begins with (RFC 9110 section 6.6.1)."""
        self.default_headers = [(b"date", formatdate(time.time(), usegmt=True).encode())]

    @property
    def busy(self) -> bool:
        """Say whether a connection is open or a request is running."""
        return bool(self.connections or self.tasks)

    async def quiet(self, until: float) -> None:
        """Wait until nothing is busy, or the loop's clock shows *until*."""
        loop = asyncio.get_running_loop()
        while self.busy and loop.time() < until:  # noqa: ASYNC110 - uvicorn's are plain sets
            await asyncio.sleep(0.02)
