"""What a token is for: an access token, for whoever bears it."""

from __future__ import annotations

from typing import Final

from cortex_adapters.auth0.tokens.policy import AT_JWT
from cortex_adapters.auth0.tokens.refusal import refused
from cortex_adapters.auth0.tokens.strict_json import JsonObject

_OTHER_PURPOSES: Final = ("nonce", "at_hash", "c_hash", "s_hash", "events", "logout")


def check_purpose(claims: JsonObject, type_: str) -> None:
    """Raise UnauthenticatedError unless this is an access token (RFC 9068 section 2.2)."""
    if not claims.keys().isdisjoint(_OTHER_PURPOSES):
        raise refused("purpose")
    if type_ == AT_JWT and not (claims.get("client_id") and claims.get("jti")):
        raise refused("claim-missing")


def check_binding(claims: JsonObject) -> None:
    """Raise UnauthenticatedError if this token asks for a proof of possession (RFC 7800)."""
    if "cnf" in claims:
        raise refused("binding")
