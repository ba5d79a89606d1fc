"""From verified claims in Auth0's dialect to a principal.

A claim that is there but malformed refuses the token: it must not read as "no permissions",
nor as "not bound".
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final, Literal

from cortex_adapters.auth0.tokens.claims import check_subject, date, optional_text, short_text
from cortex_adapters.auth0.tokens.policy import TokenPolicy
from cortex_adapters.auth0.tokens.refusal import refused
from cortex_adapters.auth0.tokens.strict_json import JsonObject
from cortex_core.domain.text import IDENTITY_LENGTH, USER_NAME_LENGTH, text_faults
from cortex_core.ports.identity import Principal

_MACHINE: Final = "client-credentials"
_MOST_ACTORS: Final = 8


def read_principal(
    claims: JsonObject,
    policy: TokenPolicy,
    subject: str,
    *,
    expires_at: datetime,
    binding: str | None,
) -> Principal:
    """Return the principal that *claims* describe.

    Raises:
        UnauthenticatedError: A claim is malformed.
    """
    party, client = short_text(claims, "azp"), short_text(claims, "client_id")
    client_id = party or client
    kind = _kind(claims, subject, client_id)
    name, email, verified = _profile(claims, policy.namespace)
    return Principal(
        kind=kind,
        issuer=policy.known_as or policy.issuer,
        subject=subject,
        permissions=_permissions(claims, policy, kind),
        scopes=_scopes(claims),
        roles=_texts(claims, policy.roles_claim) if policy.roles_claim else frozenset(),
        name=name,
        email=email,
        email_verified=verified and email is not None,
        client_id=client_id,
        org_id=short_text(claims, "org_id"),
        session_id=short_text(claims, "sid"),
        actors=tuple(_actors(claims.get("act"))) if "act" in claims else (),
        token_id=short_text(claims, "jti"),
        auth_time=_moment(claims, "auth_time"),
        issued_at=_moment(claims, "iat"),
        expires_at=expires_at,
        binding=binding,
    )


def check_policy(claims: JsonObject, policy: TokenPolicy) -> None:
    """Raise UnauthenticatedError unless the application and the organization may come in."""
    if policy.client_ids is not None:
        parties = {claims[name] for name in ("azp", "client_id") if claims.get(name)}
        if not parties or not parties <= policy.client_ids:
            raise refused("client")
    if policy.organization is not None and claims.get("org_id") != policy.organization:
        raise refused("organization")


def _kind(claims: JsonObject, subject: str, client_id: str | None) -> Literal["user", "machine"]:
    granted = optional_text(claims, "gty")
    named = client_id is not None and subject == f"{client_id}@clients"
    return "machine" if granted == _MACHINE or named else "user"


def _permissions(claims: JsonObject, policy: TokenPolicy, kind: str) -> frozenset[str]:
    """Return `permissions` if it is there, an empty list meaning none; else what scope grants."""
    if "permissions" in claims:
        return _texts(claims, "permissions")
    if "scope" in claims:
        return _scopes(claims) if policy.scope_grants or kind == "machine" else frozenset()
    return policy.granted


def _scopes(claims: JsonObject) -> frozenset[str]:
    return frozenset(filter(None, (optional_text(claims, "scope") or "").split(" ")))


def _texts(claims: JsonObject, name: str) -> frozenset[str]:
    """Return a claim that is a list of texts if it is there at all."""
    listed = claims.get(name, [])
    if not isinstance(listed, list) or not all(isinstance(item, str) for item in listed):
        raise refused("claim-type")
    return frozenset(listed)


def _actors(act: object) -> Iterator[str]:
    """Yield who acts for the subject, the nearest first (RFC 8693 section 4.1)."""
    for _ in range(_MOST_ACTORS):
        if not isinstance(act, dict):
            raise refused("claim-type")
        yield check_subject(act)
        if "act" not in act:
            return
        act = act["act"]
    raise refused("claim-type")


def _moment(claims: JsonObject, name: str) -> datetime | None:
    seconds = date(claims, name)
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _profile(claims: JsonObject, namespace: str | None) -> tuple[str, str | None, bool]:
    """Return name, e-mail address, and whether the latter is verified."""
    if namespace is None:
        return "", None, False
    verified = claims.get(f"{namespace}email_verified", False)
    if not isinstance(verified, bool):
        raise refused("claim-type")
    email = _storable(claims, f"{namespace}email", IDENTITY_LENGTH)
    return _storable(claims, f"{namespace}name", USER_NAME_LENGTH) or "", email, verified


def _storable(claims: JsonObject, name: str, most: int) -> str | None:
    """Return a text about the person, or None if it could not be stored: nothing hangs on it."""
    value = optional_text(claims, name)
    if value is None or any(text_faults("", value, least=1, most=most)):
        return None
    return value
