"""From verified claims in Auth0's dialect to a principal.

A claim that is there but malformed refuses the token: it must not read as "no permissions",
nor as "not bound".
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

from cortex_adapters.auth0.tokens.claims import check_subject, optional_text, short_text
from cortex_adapters.auth0.tokens.policy import AT_JWT, TokenPolicy
from cortex_adapters.auth0.tokens.refusal import refused
from cortex_adapters.auth0.tokens.strict_json import JsonObject
from cortex_core.domain.text import IDENTITY_LENGTH, USER_NAME_LENGTH, text_faults
from cortex_core.ports.identity import Principal

_OTHER_PURPOSES: Final = ("nonce", "at_hash", "c_hash", "s_hash", "events", "logout")
_MACHINE: Final = "client-credentials"


def check_purpose(claims: JsonObject, type_: str) -> None:
    """Raise UnauthenticatedError unless this is an access token, usable as Bearer.

    RFC 9068 section 2.2 for tokens of type at+jwt; RFC 7800 for `cnf`.
    """
    if not claims.keys().isdisjoint(_OTHER_PURPOSES):
        raise refused("purpose")
    if "cnf" in claims:
        raise refused("binding")
    if type_ == AT_JWT and not (claims.get("client_id") and claims.get("jti")):
        raise refused("claim-missing")


def read_principal(claims: JsonObject, policy: TokenPolicy, expires_at: datetime) -> Principal:
    """Return the principal that *claims* describe.

    Raises:
        UnauthenticatedError: A claim is malformed.
    """
    subject = check_subject(claims)
    party, client = short_text(claims, "azp"), short_text(claims, "client_id")
    client_id = party or client
    kind = _kind(claims, subject, client_id)
    verified = claims.get(f"{policy.namespace}email_verified", False)
    if not isinstance(verified, bool):
        raise refused("claim-type")
    email = _profile(claims, f"{policy.namespace}email", IDENTITY_LENGTH)
    return Principal(
        kind=kind,
        issuer=policy.issuer,
        subject=subject,
        permissions=_permissions(claims, scope_grants=policy.scope_grants or kind == "machine"),
        name=_profile(claims, f"{policy.namespace}name", USER_NAME_LENGTH) or "",
        email=email,
        email_verified=verified and email is not None,
        client_id=client_id,
        token_id=short_text(claims, "jti"),
        expires_at=expires_at,
    )


def _kind(claims: JsonObject, subject: str, client_id: str | None) -> Literal["user", "machine"]:
    granted = optional_text(claims, "gty")
    named = client_id is not None and subject == f"{client_id}@clients"
    return "machine" if granted == _MACHINE or named else "user"


def _permissions(claims: JsonObject, *, scope_grants: bool) -> frozenset[str]:
    """Return `permissions` if it is there, an empty list meaning none; else what scope grants."""
    scope = optional_text(claims, "scope") or ""
    if "permissions" not in claims:
        return frozenset(filter(None, scope.split(" "))) if scope_grants else frozenset()
    listed = claims["permissions"]
    if not isinstance(listed, list):
        raise refused("claim-type")
    found = frozenset(item for item in listed if isinstance(item, str))
    if not all(isinstance(item, str) for item in listed):
        raise refused("claim-type")
    return found


def _profile(claims: JsonObject, name: str, most: int) -> str | None:
    """Return a text about the person, or None if it could not be stored: nothing hangs on it."""
    value = optional_text(claims, name)
    if value is None or any(text_faults("", value, least=1, most=most)):
        return None
    return value
