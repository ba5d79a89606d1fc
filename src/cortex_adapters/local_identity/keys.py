"""The key pair of the development issuer, and its public half as a JWK Set."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from cortex_core.domain.errors import StorageCorruptError

ALGORITHM: Final = "RS256"
_BITS: Final = 2048
_EXPONENT: Final = 65_537

Jwks = dict[str, list[dict[str, str]]]


class SigningKey:
    """An RS256 key pair; `kid` is its thumbprint (RFC 7638)."""

    __slots__ = ("kid", "private")

    def __init__(self, private: RSAPrivateKey) -> None:
        self.private = private
        self.kid = thumbprint(_public_members(private))

    def __repr__(self) -> str:
        return f"SigningKey(kid={self.kid!r})"

    @classmethod
    def generate(cls) -> SigningKey:
        """Return a new key pair; takes a good part of a second."""
        return cls(generate_private_key(public_exponent=_EXPONENT, key_size=_BITS))

    @classmethod
    def from_pem(cls, pem: str) -> SigningKey:
        """Return the key pair that `to_pem` wrote.

        Raises:
            StorageCorruptError: There is no such key in it.
        """
        try:
            private = load_pem_private_key(pem.encode(), password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            private = None  # the parser's error might quote the key
        if not isinstance(private, RSAPrivateKey) or private.key_size < _BITS:
            raise StorageCorruptError("The key of the local issuer cannot be read.")
        return cls(private)

    def to_pem(self) -> str:
        """Return the key pair as PKCS #8, unencrypted: it signs for development only."""
        return self.private.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        ).decode()


def jwks(key: SigningKey) -> Jwks:
    """Return the public half of *key* as a JWK Set (RFC 7517 section 5)."""
    members = _public_members(key.private)
    return {"keys": [{**members, "use": "sig", "alg": ALGORITHM, "kid": key.kid}]}


def thumbprint(members: dict[str, str]) -> str:
    """Return the SHA-256 thumbprint (RFC 7638) of the required members of a JWK."""
    text = json.dumps(members, sort_keys=True, separators=(",", ":"))
    return _base64url(hashlib.sha256(text.encode()).digest())


def _public_members(private: RSAPrivateKey) -> dict[str, str]:
    numbers = private.public_key().public_numbers()
    return {"e": _base64url_uint(numbers.e), "kty": "RSA", "n": _base64url_uint(numbers.n)}


def _base64url_uint(value: int) -> str:
    """Encode as RFC 7518 section 2 says."""
    return _base64url(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
