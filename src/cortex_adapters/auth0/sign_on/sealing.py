"""What browsers and databases keep for us, encrypted: Fernet, with keys that rotate."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import timedelta
from typing import Final, TypeVar

import msgspec
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

T = TypeVar("T", bound=msgspec.Struct)

_KEY_BYTES: Final = 32


class Sealer:
    """Seals for one *purpose*, and opens what was sealed for it with any of *secrets*.

    The first of *secrets* seals. To rotate, put a new one before it, and take the old one away
    when nothing that it sealed is alive any more.
    """

    def __init__(self, secrets: Sequence[str], purpose: str) -> None:
        self._fernet = MultiFernet([Fernet(_key(secret, purpose)) for secret in secrets])

    def seal(self, value: msgspec.Struct) -> bytes:
        """Return *value* encrypted and authenticated, in base64url."""
        return self._fernet.encrypt(msgspec.json.encode(value))

    def open(self, sealed: bytes, type_: type[T], *, within: timedelta | None = None) -> T | None:
        """Return the value, None if it was not sealed here, or not *within* that time."""
        try:
            text = self._fernet.decrypt(
                sealed, ttl=None if within is None else int(within.total_seconds())
            )
            return msgspec.json.decode(text, type=type_)
        except (InvalidToken, msgspec.MsgspecError):
            return None


def _key(secret: str, purpose: str) -> bytes:
    """Derive a key of its own for each purpose (RFC 5869)."""
    derived = HKDF(
        algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=f"cortex {purpose}".encode()
    ).derive(secret.encode())
    return base64.urlsafe_b64encode(derived)
