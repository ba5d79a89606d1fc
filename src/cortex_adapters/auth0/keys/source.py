"""What verification asks of the keys of one issuer, and the sources that need no network."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol

from cortex_adapters.auth0.tokens.key_set import Key, KeySet, SecretKey
from cortex_adapters.auth0.tokens.policy import HMAC


class KeySource(Protocol):
    """The keys of one issuer."""

    async def find(self, key_id: str | None, algorithm: str) -> Key | None:
        """Return the one key for *algorithm* with this `kid`, or None if there is none.

        Raises:
            IdentityUnavailableError: Nobody can say right now.
        """
        ...

    def holds(self, key_id: str | None, algorithm: str, key: Key) -> bool:
        """Say whether `find` would return *key* at once, or one that is equal."""
        ...


class PublishedKeys:
    """A JWK Set that does not change; *jwks* is asked for it when a key is first needed."""

    def __init__(self, jwks: Callable[[], Awaitable[object]], algorithms: Iterable[str]) -> None:
        self._jwks = jwks
        self._algorithms = frozenset(algorithms)
        self._keys: KeySet | None = None

    async def find(self, key_id: str | None, algorithm: str) -> Key | None:
        if self._keys is None:
            self._keys = KeySet(await self._jwks(), self._algorithms)
        return self._keys.find(key_id, algorithm) if key_id else None

    def holds(self, key_id: str | None, algorithm: str, key: Key) -> bool:  # noqa: ARG002
        return True


class PinnedSecret:
    """The one secret of an issuer that signs with HS256; a `kid` says nothing here."""

    def __init__(self, secret: bytes) -> None:
        self._key = SecretKey(secret)

    async def find(self, key_id: str | None, algorithm: str) -> Key | None:  # noqa: ARG002
        return self._key if algorithm == HMAC else None

    def holds(self, key_id: str | None, algorithm: str, key: Key) -> bool:  # noqa: ARG002
        return True
