"""Keys to verify tokens with: public ones out of a JWK Set (RFC 7517), or a shared secret."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Iterator
from typing import Final, Protocol

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt import PyJWK, PyJWTError

from cortex_adapters.auth0.tokens.policy import ALGORITHMS
from cortex_adapters.auth0.tokens.refusal import refused
from cortex_core.domain.errors import SettingsError

MAX_RSA_BITS: Final = 8192
MIN_SECRET: Final = 32
_PUBLIC: Final = {"RSA": ("kty", "n", "e"), "EC": ("kty", "crv", "x", "y")}
_CURVE: Final = "P-256"


class Key(Protocol):
    """What one signature can be checked with."""

    def check(self, signing_input: bytes, signature: bytes) -> None:
        """Raise UnauthenticatedError unless *signature* is this key's over *signing_input*."""
        ...


class SecretKey:
    """A secret of at least 32 bytes (RFC 7518 section 3.2), for HS256 alone."""

    __slots__ = ("_secret",)

    def __init__(self, secret: bytes) -> None:
        if len(secret) < MIN_SECRET:
            raise SettingsError([f"A secret must have at least {MIN_SECRET} bytes."])
        self._secret = secret

    def check(self, signing_input: bytes, signature: bytes) -> None:
        ours = hmac.digest(self._secret, signing_input, hashlib.sha256)
        if not hmac.compare_digest(ours, signature):
            raise refused("signature")


class VerificationKey:
    """A public key bound to one algorithm.

    PyJWT checks the signature alone. Its parser would read the token a second time, and
    leniently; its check of the key's length, a mere warning by default, is made here.
    """

    __slots__ = ("_key", "_members", "algorithm")

    def __init__(self, members: dict[str, str], algorithm: str) -> None:
        self.algorithm = algorithm
        self._members = members
        self._key = PyJWK(members, algorithm)
        key = self._key.key
        # RSA keys: PyJWT's least length is 2048 bits; cryptography takes odd exponents from 3 up.
        if self._key.Algorithm.check_key_length(key):
            raise ValueError("too short")
        if isinstance(key, RSAPublicKey) and key.key_size > MAX_RSA_BITS:
            raise ValueError("too long")

    def __eq__(self, other: object) -> bool:
        return self is other or (
            isinstance(other, VerificationKey)
            and (self.algorithm, self._members) == (other.algorithm, other._members)
        )

    def __hash__(self) -> int:
        return hash((self.algorithm, *self._members.values()))

    def check(self, signing_input: bytes, signature: bytes) -> None:
        if not self._key.Algorithm.verify(signing_input, self._key.key, signature):
            raise refused("signature")


class KeySet:
    """The usable keys of a JWK Set; *skipped* counts the members that are not."""

    def __init__(self, jwks: object, algorithms: Iterable[str]) -> None:
        self._keys: dict[tuple[str, str], VerificationKey | None] = {}
        self.skipped = 0
        allowed = sorted(algorithms)
        members = jwks.get("keys") if isinstance(jwks, dict) else None
        for jwk in members if isinstance(members, list) else ():
            before = len(self._keys)
            for kid, key in _usable(jwk, allowed):
                place = (kid, key.algorithm)
                # Of two keys that claim one place neither is tried.
                self._keys[place] = None if place in self._keys else key
            self.skipped += len(self._keys) == before

    def __len__(self) -> int:
        return len(self._keys)

    def find(self, key_id: str, algorithm: str) -> VerificationKey | None:
        """Return the one key with this `kid` for *algorithm*, or None."""
        return self._keys.get((key_id, algorithm))


def _usable(jwk: object, algorithms: Iterable[str]) -> Iterator[tuple[str, VerificationKey]]:
    """Yield `kid` and key for each of *algorithms* that *jwk* may verify."""
    if not isinstance(jwk, dict):
        return
    kid, kty, named = jwk.get("kid"), jwk.get("kty"), jwk.get("alg")
    if not isinstance(kid, str) or not isinstance(kty, str) or not _may_verify(jwk):
        return
    members = {
        name: value for name in _PUBLIC.get(kty, ()) if isinstance(value := jwk.get(name), str)
    }
    if len(members) != len(_PUBLIC.get(kty, ())) or members.get("crv", _CURVE) != _CURVE:
        return
    for algorithm in algorithms:
        if ALGORITHMS[algorithm] == kty and named in (None, algorithm):
            try:
                yield kid, VerificationKey(members, algorithm)
            except (PyJWTError, ValueError):
                return


def _may_verify(jwk: dict[str, object]) -> bool:
    """Apply `use` and `key_ops` (RFC 7517 sections 4.2 and 4.3)."""
    operations = jwk.get("key_ops", ["verify"])
    return jwk.get("use", "sig") == "sig" and (
        isinstance(operations, list) and "verify" in operations
    )
