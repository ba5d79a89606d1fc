"""What a token is for: an access token, for whoever bears it, or holds the key it names."""

from __future__ import annotations

import re
from typing import Final

from cortex_adapters.auth0.tokens.policy import AT_JWT
from cortex_adapters.auth0.tokens.refusal import refused
from cortex_adapters.auth0.tokens.strict_json import JsonObject

_OTHER_PURPOSES: Final = ("nonce", "at_hash", "c_hash", "s_hash", "events", "logout")
# 32 bytes in base64url; of the last character two bits are not used.
_SHA256: Final = re.compile(r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]")


def check_purpose(claims: JsonObject, type_: str) -> None:
    """Raise UnauthenticatedError unless this is an access token (RFC 9068 section 2.2)."""
    if not claims.keys().isdisjoint(_OTHER_PURPOSES):
        raise refused("purpose")
    if type_ == AT_JWT and not (claims.get("client_id") and claims.get("jti")):
        raise refused("claim-missing")


def read_binding(claims: JsonObject) -> str | None:
    """Return the thumbprint of the key that the token is bound to (RFC 9449 section 6.1).

    Raises:
        UnauthenticatedError: It is bound (RFC 7800) in a way that nothing here could check.
    """
    if "cnf" not in claims:
        return None
    confirmation = claims["cnf"]
    thumbprint = confirmation.get("jkt") if isinstance(confirmation, dict) else None
    if (
        not isinstance(confirmation, dict)
        or len(confirmation) > 1
        or not isinstance(thumbprint, str)
        or not _SHA256.fullmatch(thumbprint)
    ):
        raise refused("binding")
    return thumbprint
