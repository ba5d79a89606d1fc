"""What verification asks of the keys of one issuer, and the sources that need no network."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol

from cortex_adapters.auth0.tokens.key_set import KeySet, VerificationKey


class KeySource(Protocol):
    """The keys of one issuer."""

    async def find(self, key_id: str, algorithm: str) -> VerificationKey | None:
        """Return the one key with this `kid` for *algorithm*, or None if there is none.

        Raises:
            IdentityUnavailableError: Nobody can say right now.
        """
        ...


class PublishedKeys:
    """A JWK Set that does not change; *jwks* is asked for it when a key is first needed."""

    def __init__(self, jwks: Callable[[], Awaitable[object]], algorithms: Iterable[str]) -> None:
        self._jwks = jwks
        self._algorithms = frozenset(algorithms)
        self._keys: KeySet | None = None

    async def find(self, key_id: str, algorithm: str) -> VerificationKey | None:
        if self._keys is None:
            self._keys = KeySet(await self._jwks(), self._algorithms)
        return self._keys.find(key_id, algorithm)
