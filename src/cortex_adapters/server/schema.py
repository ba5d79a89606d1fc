"""Whether the schema is still the one that this release needs."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Final

from cortex_adapters.migrations import SchemaStatus, require_current
from cortex_core.domain.errors import OverloadedError

FRESH: Final = 60.0


class SchemaCheck:
    """Looks at the ledger of the schema, and relies on what it found for *fresh* seconds.

    Another release may upgrade the database, or somebody restore an older one, while we serve.
    To look takes a connection more. A database that has none left says nothing about its schema,
    and with all servers out of service at once nobody would be helped.
    """

    def __init__(
        self,
        status: Callable[[], Coroutine[None, None, SchemaStatus]],
        *,
        fresh: float = FRESH,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._status = status
        self._fresh = fresh
        self._clock = clock
        self._until = float("-inf")

    async def __call__(self) -> None:
        """Return if the schema is right.

        Raises:
            SchemaError: It is not.
            UnavailableError: The database cannot be asked.
        """
        if self._clock() < self._until:
            return
        with suppress(OverloadedError):
            require_current(await self._status())
            self._until = self._clock() + self._fresh
