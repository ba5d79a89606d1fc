"""Whether this process can do its work."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from cortex_core.domain.errors import CortexError, DeadlineError, UnavailableError

Check = Callable[[], Awaitable[None]]

DEADLINE: Final = 2.0
FRESH: Final = 1.0
OK: Final = "ok"


class Health:
    """Runs the checks together, each with a deadline, and keeps the result for a second."""

    def __init__(self, checks: Mapping[str, Check]) -> None:
        self._checks = checks
        self._found: dict[str, str] = {}
        self._looked = float("-inf")
        self._turn = asyncio.Lock()
        self.leaving = False

    async def look(self) -> Mapping[str, str]:
        """Return for each check `ok`, or the code of what is wrong."""
        async with self._turn:
            if time.monotonic() - self._looked > FRESH:
                found = await asyncio.gather(*(_run(check) for check in self._checks.values()))
                self._found = dict(zip(self._checks, found, strict=True))
                self._looked = time.monotonic()
        return {**self._found, "leaving": UnavailableError.code} if self.leaving else self._found

    async def require_ready(self) -> None:
        """Raise UnavailableError, naming the checks that fail, if any does."""
        failing = [name for name, found in (await self.look()).items() if found != OK]
        if failing:
            raise UnavailableError(f"Not ready: {', '.join(failing)}.")


async def _run(check: Check) -> str:
    try:
        async with asyncio.timeout(DEADLINE):
            await check()
    except CortexError as error:
        return error.code
    except TimeoutError:
        return DeadlineError.code
    return OK
