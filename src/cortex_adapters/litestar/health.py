"""Whether this process can do its work."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Final

from cortex_core.domain.errors import CortexError, DeadlineError, UnavailableError
from cortex_core.ports import Ports, Reading
from cortex_core.services.operation import operation

Check = Callable[[], Awaitable[str | None]]
"""Raises what is wrong; may return a word for what is not as it should be, and does no harm yet."""

DEADLINE: Final = 2.0
FRESH: Final = 1.0
EVERY: Final = 5.0
OK: Final = "ok"
DEGRADED: Final = "degraded"
FINE: Final = frozenset({OK, DEGRADED})
_WELL: Final = {OK: 1.0, DEGRADED: 0.5}


class Health:
    """Runs the checks together, each with a *deadline*, and keeps the result while it is *fresh*.

    Both are in seconds, of the monotonic *clock*.
    """

    def __init__(
        self,
        checks: Mapping[str, Check],
        ports: Ports,
        *,
        deadline: float = DEADLINE,
        fresh: float = FRESH,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._checks = checks
        self._ports = ports
        self._deadline = deadline
        self._fresh = fresh
        self._clock = clock
        self._found: dict[str, str] = {}
        self._wrong: dict[str, CortexError] = {}
        self._looked = float("-inf")
        self._turn = asyncio.Lock()
        self.leaving = False

    async def look(self) -> Mapping[str, str]:
        """Return for each check `ok`, its own word, or the code of what is wrong."""
        async with self._turn:
            if self._clock() - self._looked > self._fresh:
                self._wrong = {}
                found = await asyncio.gather(*(self._run(name) for name in self._checks))
                self._found = dict(zip(self._checks, found, strict=True))
                self._looked = self._clock()
        return {**self._found, "leaving": UnavailableError.code} if self.leaving else self._found

    async def require_ready(self) -> None:
        """Raise UnavailableError, naming the checks that fail, if any does."""
        failing = [name for name, found in (await self.look()).items() if found not in FINE]
        if failing:
            first = next((self._wrong[name] for name in failing if name in self._wrong), None)
            raise UnavailableError(f"Not ready: {', '.join(failing)}.") from first

    @asynccontextmanager
    async def watched(self, *, every: float = EVERY) -> AsyncIterator[None]:
        """Run the checks each *every* seconds while inside, and tell how each is."""

        async def watch() -> None:
            while True:
                await self.look()
                await asyncio.sleep(every)

        task = asyncio.create_task(watch(), name="cortex-health")
        try:
            with self._ports.telemetry.observe("cortex.ready", self._readings):
                yield
        finally:
            task.cancel()
            await asyncio.wait([task])

    def _readings(self) -> list[Reading]:
        return [(_WELL.get(word, 0.0), {"check": name}) for name, word in self._found.items()]

    async def _run(self, name: str) -> str:
        try:
            async with asyncio.timeout(self._deadline):
                with operation(self._ports, "health.check", check=name):
                    return await self._checks[name]() or OK
        except CortexError as error:
            self._wrong[name] = error
            return error.code
        except TimeoutError:
            return DeadlineError.code
