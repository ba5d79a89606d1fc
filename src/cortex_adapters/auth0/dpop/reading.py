"""A proof, read strictly; nothing in it is true yet (RFC 9449 section 4.2)."""

from __future__ import annotations

from typing import Final

import msgspec

from cortex_adapters.auth0.dpop.proof_key import ProofKey, read_key
from cortex_adapters.auth0.tokens.claims import date
from cortex_adapters.auth0.tokens.compact import Compact, split
from cortex_adapters.auth0.tokens.header import require_plain, type_of
from cortex_adapters.auth0.tokens.refusal import proof_refused
from cortex_adapters.auth0.tokens.strict_json import JsonObject, read_object
from cortex_core.domain.errors import UnauthenticatedError

MAX_SIZE: Final = 4 * 1024
"""The longest proof, in characters."""
_LONGEST_ID: Final = 128
_TYPE: Final = "dpop+jwt"


class UnverifiedProof(msgspec.Struct, frozen=True, kw_only=True):
    """What a proof says; *issued* is in seconds, *id_* of 1 to 128 characters."""

    parts: Compact
    key: ProofKey
    claims: JsonObject
    issued: float
    id_: str

    def __repr__(self) -> str:
        return f"UnverifiedProof({self.parts!r})"


def read_proof(text: str, algorithms: frozenset[str]) -> UnverifiedProof:
    """Take *text* apart and read it strictly.

    Raises:
        ProofRejectedError: It cannot be read in one way only, or is no proof by one of
            *algorithms*.
    """
    try:
        parts = split(text, max_size=MAX_SIZE)
        header, claims = read_object(parts.header), read_object(parts.payload)
    except UnauthenticatedError:
        raise proof_refused("proof-form") from None
    algorithm = _algorithm(header, algorithms)
    key = read_key(header.get("jwk"), algorithm)
    id_ = claims.get("jti")
    if not isinstance(id_, str) or not 1 <= len(id_) <= _LONGEST_ID:
        raise proof_refused("proof-id")
    return UnverifiedProof(parts=parts, key=key, claims=claims, issued=_issued(claims), id_=id_)


def _algorithm(header: JsonObject, algorithms: frozenset[str]) -> str:
    try:
        require_plain(header)
        type_ = type_of(header)
    except UnauthenticatedError:
        raise proof_refused("proof-type") from None
    algorithm = header.get("alg")
    if type_ != _TYPE or not isinstance(algorithm, str) or algorithm not in algorithms:
        raise proof_refused("proof-type")
    return algorithm


def _issued(claims: JsonObject) -> float:
    try:
        issued = date(claims, "iat")
    except UnauthenticatedError:
        issued = None
    if issued is None:
        raise proof_refused("proof-date")
    return issued
