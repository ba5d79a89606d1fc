"""A circuit breaker: nobody waits for a provider that has not answered for a while."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from cortex_adapters.auth0.keys.pace import Pace
from cortex_core.domain.errors import IdentityUnavailableError

TRIES: Final = 3
"""Failures in a row after which it opens."""
LONGEST: Final = 30.0
"""Seconds, about: the longest time between two tries while it is open."""


class Breaker:
    """Lets everybody through until `TRIES` failures in a row; then one at a time, ever more rarely.

    The first success lets everybody through again. An answer that refuses is a success: whoever can
    make the provider refuse them must not be able to close the way for others.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._clock = clock
        self._pace = Pace(jitter)
        self._is_tried = False

    @contextmanager
    def trying(self) -> Iterator[None]:
        """Make one try inside.

        Raises:
            IdentityUnavailableError: Not now; or what the try itself raises, which is a failure.
        """
        probing = self._pace.failures >= TRIES
        if probing:
            wait = self._pace.due(LONGEST) - self._clock()
            if wait > 0 or self._is_tried:
                raise IdentityUnavailableError(retry_after=wait)
            self._is_tried = True
        try:
            yield
        except IdentityUnavailableError:
            self._pace.failed(self._clock(), asked=0)
            raise
        else:
            self._pace.succeeded()
        finally:
            if probing:
                self._is_tried = False
