"""Where the key pair comes from: the store, so that all processes on one database share it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from cortex_adapters.local_identity.keys import SigningKey
from cortex_core.domain.errors import CortexError, IdentityUnavailableError, OutcomeUnknownError
from cortex_core.ports.persistence import Store

_NAME: Final = "local-issuer-key"

KeyPairSource = Callable[[], Awaitable[SigningKey]]


def fixed_key(key: SigningKey) -> KeyPairSource:
    """Return a source of a key that is at hand already."""

    async def source() -> SigningKey:
        return key

    return source


async def shared_key(store: Store) -> SigningKey:
    """Return the key pair of everybody on *store*; whoever comes first makes it.

    Raises:
        StorageCorruptError: What is stored is no such key.
        CortexError: Whatever *store* raises.
    """
    async with store.begin(read_only=True, single=True) as work:
        pem = await work.registry.get(_NAME)
    if pem is None:
        fresh = await asyncio.to_thread(SigningKey.generate)
        async with store.begin(single=True) as work:
            pem = await work.registry.ensure(_NAME, fresh.to_pem())
    return SigningKey.from_pem(pem)


class SharedKey:
    """The key pair of everybody on a store, fetched at the first call that succeeds.

    Callers who come together make one attempt together: while the store is away nobody queues
    up for a failure of its own, and an attempt whose caller leaves is begun anew by the next.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._key: SigningKey | None = None
        self._failures = 0
        self._one_at_a_time = asyncio.Lock()

    async def __call__(self) -> SigningKey:
        """Return the key.

        Raises:
            IdentityUnavailableError: The store is away at the moment.
            StorageCorruptError: What is stored is no such key.
        """
        if self._key is not None:
            return self._key
        failures = self._failures
        async with self._one_at_a_time:
            if self._failures != failures:
                raise IdentityUnavailableError
            if self._key is None:
                self._key = await self._fetch()
            return self._key

    async def _fetch(self) -> SigningKey:
        try:
            return await shared_key(self._store)
        except CortexError as error:
            self._failures += 1
            # to keep a key twice is to keep it once
            if not (error.retryable or isinstance(error, OutcomeUnknownError)):
                raise
            raise IdentityUnavailableError from error
