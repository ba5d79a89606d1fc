"""Nonces for proofs (RFC 9449 section 9) that all processes give alike, and none of them keeps."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from cortex_core.ports import Clock

WINDOW: Final = timedelta(minutes=5)
_PURPOSE: Final = b"cortex dpop nonce"
_BYTES: Final = 18


class Nonces:
    """One nonce for each five minutes, made from the time and the first of *secrets*.

    It is taken in the five minutes after as well, and so is one that another of *secrets* made.
    """

    def __init__(self, secrets: Sequence[str], *, clock: Clock) -> None:
        self._keys = [hmac.digest(secret.encode(), _PURPOSE, hashlib.sha256) for secret in secrets]
        self._clock = clock

    def current(self) -> str:
        """Return the nonce to give now."""
        return _made(self._keys[0], _window(self._clock()))

    def takes(self, nonce: object) -> bool:
        """Say whether *nonce* was given lately."""
        if not isinstance(nonce, str) or not nonce.isascii():
            return False
        now = _window(self._clock())
        # The clock of another process may have reached the next one already.
        known = [_made(key, now + turn) for key in self._keys for turn in (0, -1, 1)]
        return any(hmac.compare_digest(nonce, each) for each in known)


def _window(now: datetime) -> int:
    return int(now.timestamp() // WINDOW.total_seconds())


def _made(key: bytes, window: int) -> str:
    mac = hmac.digest(key, window.to_bytes(8, "big"), hashlib.sha256)
    return base64.urlsafe_b64encode(mac[:_BYTES]).decode()
