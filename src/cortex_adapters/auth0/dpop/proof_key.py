"""The public key that a proof brings along (RFC 9449 section 4.2), and its thumbprint."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from typing import Final

import msgspec
from jwt import PyJWTError

from cortex_adapters.auth0.tokens.key_set import VerificationKey
from cortex_adapters.auth0.tokens.refusal import proof_refused
from cortex_core.domain.errors import UnauthenticatedError

ALGORITHMS: Final = ("ES256", "EdDSA")
"""The signature algorithms that a proof can have."""

# What a key consists of (RFC 7518 section 6.2.1, RFC 8037 section 2), and its one curve here.
_MEMBERS: Final = {
    "ES256": ({"kty": "EC", "crv": "P-256"}, ("x", "y")),
    "EdDSA": ({"kty": "OKP", "crv": "Ed25519"}, ("x",)),
}
_PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_MOST_MEMBERS: Final = 16
_COORDINATE: Final = 32


class ProofKey(msgspec.Struct, frozen=True, kw_only=True):
    """A public key that nobody vouches for yet: its thumbprint is what a token may name."""

    algorithm: str
    members: dict[str, str]

    @property
    def thumbprint(self) -> str:
        """Return the SHA-256 thumbprint (RFC 7638 section 3)."""
        text = json.dumps(self.members, sort_keys=True, separators=(",", ":"))
        return digest(text)

    def check(self, signing_input: bytes, signature: bytes) -> None:
        """Raise ProofRejectedError unless *signature* is this key's over *signing_input*.

        A point that is not on the curve is no key.
        """
        try:
            key = VerificationKey(self.members, self.algorithm)
        except (PyJWTError, ValueError):
            raise proof_refused("proof-key") from None
        try:
            key.check(signing_input, signature)
        except UnauthenticatedError:
            raise proof_refused("proof-signature") from None


def read_key(jwk: object, algorithm: str) -> ProofKey:
    """Return the key that *jwk* is, for *algorithm*; whatever else it says is not looked at.

    Raises:
        ProofRejectedError: It is none, of another kind, or not public only.
    """
    if not isinstance(jwk, dict) or len(jwk) > _MOST_MEMBERS or not _PRIVATE.isdisjoint(jwk):
        raise proof_refused("proof-key")
    fixed, coordinates = _MEMBERS[algorithm]
    members = dict(fixed)
    for name in coordinates:
        value = jwk.get(name)
        if not isinstance(value, str) or not _is_coordinate(value):
            raise proof_refused("proof-key")
        members[name] = value
    if any(jwk.get(name) != value for name, value in fixed.items()):
        raise proof_refused("proof-key")
    return ProofKey(algorithm=algorithm, members=members)


def digest(text: str) -> str:
    """Return the SHA-256 of *text* in base64url."""
    return _base64url(hashlib.sha256(text.encode()).digest())


def _is_coordinate(text: str) -> bool:
    """Say whether *text* is 32 bytes in their one spelling: a thumbprint is of the text."""
    try:
        raw = base64.urlsafe_b64decode(f"{text}=")
    except (binascii.Error, ValueError):
        return False
    return len(raw) == _COORDINATE and _base64url(raw) == text


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
