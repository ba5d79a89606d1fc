"""The policy for a token's header (RFC 7515 section 4.1, RFC 8725 section 3).

Keys and addresses that the header brings along (jwk, jku, x5u, x5c, x5t) are never looked
at, like every other member that is not named here.
"""

from __future__ import annotations

from typing import Final

import msgspec

from cortex_adapters.auth0.tokens.policy import TokenPolicy
from cortex_adapters.auth0.tokens.refusal import refused
from cortex_adapters.auth0.tokens.strict_json import JsonObject

MAX_KID: Final = 256


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What of a header is used; *type* is in lower case and without `application/`."""

    algorithm: str
    key_id: str
    type: str


def check_header(header: JsonObject, policy: TokenPolicy) -> Header:
    """Return the members of *header* that are used.

    Raises:
        UnauthenticatedError: The policy does not allow it.
    """
    # No extension is known here, and JWTs must not be unencoded (RFC 7797 section 7).
    if not header.keys().isdisjoint(("crit", "b64", "zip")):
        raise refused("critical-header")
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in policy.algorithms:
        raise refused("algorithm")
    key_id = header.get("kid")
    if not isinstance(key_id, str) or not 1 <= len(key_id) <= MAX_KID:
        raise refused("key-id")
    named = header.get("typ", "")
    if not isinstance(named, str):
        raise refused("type")
    # Media types are equal in any case, and with or without this prefix (section 4.1.9).
    type_ = named.lower().removeprefix("application/")
    if type_ not in policy.types:
        raise refused("type")
    return Header(algorithm=algorithm, key_id=key_id, type=type_)
