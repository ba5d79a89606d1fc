"""The policy for a token's header (RFC 7515 section 4.1, RFC 8725 section 3).

Keys and addresses that the header brings along (jwk, jku, x5u, x5c, x5t) are never looked
at, like every other member that is not named here.
"""

from __future__ import annotations

from typing import Final

import msgspec

from cortex_adapters.auth0.tokens.policy import ALGORITHMS, HMAC, TokenPolicy
from cortex_adapters.auth0.tokens.refusal import refused
from cortex_adapters.auth0.tokens.strict_json import JsonObject

MAX_KID: Final = 256
# No extension is known here, and JWTs must not be unencoded (RFC 7797 section 7).
_EXTENSIONS: Final = ("crit", "b64", "zip")


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What of a header is used; *type* is in lower case and without `application/`."""

    algorithm: str
    key_id: str | None
    type: str


def read_header(header: JsonObject) -> Header:
    """Return the members of *header* that are used.

    Raises:
        UnauthenticatedError: Nobody's policy allows it.
    """
    require_plain(header)
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or (algorithm != HMAC and algorithm not in ALGORITHMS):
        raise refused("algorithm")
    key_id = header.get("kid")
    if "kid" in header and not (isinstance(key_id, str) and 1 <= len(key_id) <= MAX_KID):
        raise refused("key-id")
    return Header(
        algorithm=algorithm,
        key_id=key_id if isinstance(key_id, str) else None,
        type=type_of(header),
    )


def require_plain(header: JsonObject) -> None:
    """Raise UnauthenticatedError if *header* asks for an extension."""
    if not header.keys().isdisjoint(_EXTENSIONS):
        raise refused("critical-header")


def type_of(header: JsonObject) -> str:
    """Return `typ` in lower case and without `application/`.

    Media types are equal in any case, and with or without this prefix (section 4.1.9).
    """
    named = header.get("typ", "")
    if not isinstance(named, str):
        raise refused("type")
    return named.lower().removeprefix("application/")


def check_header(header: Header, policy: TokenPolicy) -> None:
    """Raise UnauthenticatedError unless *policy* allows *header*."""
    if header.algorithm not in policy.algorithms:
        raise refused("algorithm")
    if header.key_id is None and policy.names_keys:
        raise refused("key-id")
    if header.type not in policy.types:
        raise refused("type")
