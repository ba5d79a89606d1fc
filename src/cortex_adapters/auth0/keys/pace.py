"""When to try again after a failure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

STALE: Final = 60.0
COLD: Final = 1.5
"""The longest waits, in seconds: with old keys that are good still, and with none."""
ASKED: Final = 3600.0
"""The longest wait that a server may ask for."""

_MOST_DOUBLINGS: Final = 10


class Pace:
    """Waits of 1, 2, 4 .. seconds, spread by up to a quarter so that servers do not march in step.

    *jitter* gives a part of that quarter, from 0 to 1.
    """

    def __init__(self, jitter: Callable[[], float]) -> None:
        self._jitter = jitter
        self._failed_at = float("-inf")
        self._spread = 1.0
        self.failures = 0
        self.asked_until = float("-inf")

    def succeeded(self) -> None:
        self.failures = 0

    def failed(self, now: float, *, asked: float) -> None:
        """Note a failure; the server *asked* for so many seconds."""
        self.failures += 1
        self._failed_at = now
        self._spread = 1 + self._jitter() / 4
        self.asked_until = now + min(asked, ASKED)

    def due(self, most: float) -> float:
        """Return when to try again, if nobody who is asked wants more than *most* seconds."""
        if not self.failures:
            return float("-inf")
        wait = min(2.0 ** min(self.failures - 1, _MOST_DOUBLINGS), most) * self._spread
        return max(self._failed_at + wait, self.asked_until)
