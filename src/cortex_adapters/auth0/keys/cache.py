"""The keys of one issuer on the network, kept for a while and fetched by one task for all.

| event | what happens |
|---|---|
| younger than the soft age | served from here |
| older | served from here, and fetched anew in the background |
| fetching fails | the old keys go on until the hard age; tried again after 1, 2, 4 .. 60 s |
| older than the hard age, or none yet | fetched while callers wait; IdentityUnavailableError if \
that fails, tried again after 1 to 2 s |
| unknown `kid` | fetched anew, unless there was an attempt within the last 30 s |
| unknown after that | remembered as unknown for 60 s, among at most 1024 others |

Whatever the reason, one attempt runs at a time and all who need it wait for it together. It is
nobody's own: a caller who leaves takes nothing from the others. What a server asks us to wait
(`Retry-After`) is waited, up to an hour.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from contextvars import Context
from dataclasses import dataclass
from typing import Final

from cortex_adapters.auth0.keys.discovery import discover, fetch_keys
from cortex_adapters.auth0.keys.documents import TOTAL, Document, Documents, FetchError
from cortex_adapters.auth0.keys.pace import COLD, STALE, Pace
from cortex_adapters.auth0.tokens.key_set import Key, KeySet
from cortex_core.domain.errors import IdentityUnavailableError
from cortex_core.ports import Telemetry

SOFT: Final = (60.0, 600.0)
HARD: Final = 3600.0
COOLDOWN: Final = 30.0
UNKNOWN_FOR: Final = 60.0
MOST_UNKNOWN: Final = 1024
DEGRADED: Final = "degraded"


@dataclass(frozen=True, slots=True)
class _Held:
    """What was fetched, when it is to be fetched anew, and when it is void."""

    keys: KeySet
    metadata: Document
    discovered: float
    soft: float
    hard: float


class KeyCache:
    """The keys of *issuer* that can verify *algorithms*.

    hard: the hard age, in seconds; at most a day.
    patience: how many seconds one attempt may take.
    clock: counts seconds, never back.
    """

    def __init__(
        self,
        issuer: str,
        algorithms: Iterable[str],
        documents: Documents,
        *,
        telemetry: Telemetry,
        hard: float = HARD,
        patience: float = TOTAL,
        clock: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.issuer = issuer
        self._algorithms = frozenset(algorithms)
        self._documents = documents
        self._telemetry = telemetry
        self._hard = hard
        self._patience = patience
        self._clock = clock
        self._pace = Pace(jitter)
        self._held: _Held | None = None
        self._made = clock()
        self._flight: asyncio.Task[_Held] | None = None
        self._attempted = float("-inf")
        self._unknown: OrderedDict[tuple[str, str], float] = OrderedDict()

    async def find(self, key_id: str | None, algorithm: str) -> Key | None:
        """Return the one key with this `kid` for *algorithm*, or None if there is none.

        Raises:
            IdentityUnavailableError: Nobody can say right now.
        """
        if key_id is None:
            return None
        held = await self._usable()
        return held.keys.find(key_id, algorithm) or await self._look_again((key_id, algorithm))

    def holds(self, key_id: str | None, algorithm: str, key: Key) -> bool:
        """Say whether `find` would return *key* at once, or one that is equal."""
        held = self._fresh()
        return held is not None and key_id is not None and held.keys.find(key_id, algorithm) == key

    async def metadata(self) -> Mapping[str, object]:
        """Return what the issuer says about itself (OpenID Connect Discovery 1.0 section 3).

        Raises:
            IdentityUnavailableError: It cannot be asked.
        """
        return (await self._usable()).metadata.members

    async def check(self) -> str | None:
        """Return `degraded` while old keys are served because new ones cannot be had.

        Raises:
            IdentityUnavailableError: There are no keys that may be served.
        """
        held = await self._usable()
        return DEGRADED if self._pace.failures and self._clock() >= held.soft else None

    def purge(self) -> None:
        """Forget all keys at once, those on their way too: the next caller has them fetched anew.

        For an emergency: a key that the issuer has withdrawn proves nothing from here on.
        """
        self._held = None
        self._unknown.clear()
        if self._flight is not None:
            self._flight.cancel()

    async def aclose(self) -> None:
        """Give up an attempt that is under way."""
        if self._flight is not None:
            self._flight.cancel()
            await asyncio.wait([self._flight])

    def _fresh(self) -> _Held | None:
        """Return what is held, if it may be served; begin to fetch it anew when it is due."""
        now, held = self._clock(), self._held
        if held is None or now >= held.hard:
            return None
        if now >= held.soft and now >= self._pace.due(STALE):
            self._depart()
        return held

    async def _usable(self) -> _Held:
        held = self._fresh()
        if held is not None:
            return held
        now, before = self._clock(), self._held
        if self._flight is None and now < self._pace.due(COLD):
            raise self._unavailable(now)
        await self._joined()
        if self._held is None or self._held is before:
            raise self._unavailable(self._clock())
        return self._held

    async def _look_again(self, place: tuple[str, str]) -> Key | None:
        now = self._clock()
        if self._unknown.get(place, now) > now:
            self._unknown.move_to_end(place)
            return None
        if self._flight is None and now < max(self._attempted + COOLDOWN, self._pace.asked_until):
            return None
        before = self._held
        await self._joined()
        if self._held is None or self._held is before:
            return None
        key = self._held.keys.find(*place)
        if key is None:
            self._unknown[place] = self._clock() + UNKNOWN_FOR
            while len(self._unknown) > MOST_UNKNOWN:
                self._unknown.popitem(last=False)
        return key

    async def _joined(self) -> None:
        """Wait for the attempt that is under way, or for one that begins now."""
        self._depart()
        if self._flight is not None:
            # Unlike the task itself, this wait is the caller's to cancel.
            await asyncio.wait([self._flight])

    def _depart(self) -> None:
        if self._flight is None:
            self._attempted = self._clock()
            # Without the context of whoever came first: the attempt belongs to all.
            self._flight = asyncio.create_task(self._fetch(), context=Context())
            self._flight.add_done_callback(self._landed)

    async def _fetch(self) -> _Held:
        held, now = self._held, self._clock()
        async with asyncio.timeout(self._patience):
            if held is None or self._pace.failures or now >= held.discovered + self._hard:
                metadata, discovered = await discover(self._documents, self.issuer), now
            else:
                metadata, discovered = held.metadata, held.discovered
            keys, found = await fetch_keys(self._documents, metadata, self.issuer, self._algorithms)
        now = self._clock()
        least, most = SOFT
        soft = most if found.max_age is None else min(max(found.max_age, least), most)
        return _Held(
            keys=keys,
            metadata=metadata,
            discovered=discovered,
            soft=now + min(soft, self._hard),
            hard=now + self._hard,
        )

    def _landed(self, flight: asyncio.Task[_Held]) -> None:
        self._flight = None
        if flight.cancelled():
            return
        error = flight.exception()
        if error is None:
            self._loaded(flight.result())
        else:
            self._failed(error)

    def _loaded(self, held: _Held) -> None:
        self._held = held
        self._pace.succeeded()
        self._telemetry.count("cortex.identity.key_fetches", issuer=self.issuer, outcome="ok")
        self._telemetry.measure("cortex.identity.keys.staleness", 0, issuer=self.issuer)

    def _failed(self, error: BaseException) -> None:
        now, held = self._clock(), self._held
        if isinstance(error, TimeoutError):
            error = FetchError("timeout")
        reason = error.reason if isinstance(error, FetchError) else type(error).__name__
        asked = error.retry_after if isinstance(error, FetchError) else 0.0
        usable = held is not None and now < held.hard
        self._pace.failed(now, asked=asked)
        stale = max(0.0, now - (self._made if held is None else held.soft))
        self._telemetry.count("cortex.identity.key_fetches", issuer=self.issuer, outcome=reason)
        self._telemetry.measure("cortex.identity.keys.staleness", stale, issuer=self.issuer)
        self._telemetry.log(
            "identity.keys_not_fetched",
            level="warning" if usable else "error",
            issuer=self.issuer,
            reason=reason,
            failures=self._pace.failures,
            stale_seconds=round(stale),
        )

    def _unavailable(self, now: float) -> IdentityUnavailableError:
        return IdentityUnavailableError(retry_after=self._pace.due(COLD) - now)
