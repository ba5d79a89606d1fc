"""Remembers whom a token proved, so that it is verified once and not with each request.

This is as safe as verifying again. Only `put` after a complete verification adds an entry. A
token is found by a keyed BLAKE2b digest of its exact text, so another spelling, or a changed
signature, finds nothing; the key is random and the process's own, and no token stays in
memory. An answer holds only from the moment of verification until `exp`, without leeway, by
the clock of the caller: within that time every check of a token that has not changed gives
the same result (`check_times`). It holds only while the key that proved it is its issuer's
still. What else can change, such as a user being disabled or a revocation, is no part of the
answer and is asked elsewhere, each time.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from typing import Final

from cortex_core.ports.identity import Principal

MAX_ENTRIES: Final = 4096
_KEY_BYTES: Final = 32


Holds = Callable[[], bool]
_Entry = tuple[datetime, Principal, Holds]


class VerifiedTokens:
    """At most *size* answers; the one that was used least recently makes room."""

    def __init__(self, size: int = MAX_ENTRIES) -> None:
        self._size = size
        self._key = secrets.token_bytes(_KEY_BYTES)
        self._found: OrderedDict[bytes, _Entry] = OrderedDict()

    def __len__(self) -> int:
        return len(self._found)

    def get(self, token: str, now: datetime) -> Principal | None:
        """Return whom *token* proves at *now*, if that is known."""
        digest = self._digest(token)
        entry = self._found.get(digest)
        if entry is None:
            return None
        since, principal, holds = entry
        lasting = principal.expires_at is not None and since <= now < principal.expires_at
        if not lasting or not holds():
            del self._found[digest]
            return None
        self._found.move_to_end(digest)
        return principal

    def put(self, token: str, now: datetime, principal: Principal, holds: Holds) -> None:
        """Remember that *token* was verified at *now* and proves *principal*, while *holds*."""
        if principal.expires_at is None or now >= principal.expires_at:
            return
        self._found[self._digest(token)] = now, principal, holds
        while len(self._found) > self._size:
            self._found.popitem(last=False)

    def _digest(self, token: str) -> bytes:
        # Lone surrogates are possible here: a token is looked up before it is looked at.
        text = token.encode("utf-8", "surrogatepass")
        return hashlib.blake2b(text, key=self._key, digest_size=_KEY_BYTES).digest()
