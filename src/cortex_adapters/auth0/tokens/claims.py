"""The registered claims, strictly typed (RFC 7519 section 4.1, RFC 9068 section 2.2)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from cortex_adapters.auth0.tokens.policy import TokenPolicy
from cortex_adapters.auth0.tokens.refusal import refused
from cortex_adapters.auth0.tokens.strict_json import JsonObject
from cortex_core.domain.text import IDENTITY_LENGTH, text_faults

_YEAR_10000: Final = 253_402_300_800
_FIRST_PRINTABLE: Final = " "


def check_issuer(claims: JsonObject, issuer: str) -> None:
    """Raise UnauthenticatedError unless `iss` is exactly *issuer*."""
    if claims.get("iss") != issuer:
        raise refused("issuer")


def check_audience(claims: JsonObject, audience: str) -> None:
    """Raise UnauthenticatedError unless `aud` is *audience*, or a list of texts with it."""
    named = claims.get("aud")
    found = [named] if isinstance(named, str) else named
    if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
        raise refused("audience")
    if audience not in found:
        raise refused("audience")


def check_times(claims: JsonObject, policy: TokenPolicy, now: datetime) -> datetime:
    """Return when the token expires, or before that its issuer ends.

    Whatever passes at *now* passes at any later time before that.

    Raises:
        UnauthenticatedError: It is not valid at *now*, or for longer than is allowed.
    """
    expires, issued, begins = (date(claims, name) for name in ("exp", "iat", "nbf"))
    if expires is None or issued is None:
        raise refused("date")
    today, leeway = now.timestamp(), policy.leeway.total_seconds()
    if expires <= today - leeway:
        raise refused("expired")
    if issued > today + leeway:
        raise refused("issued-in-future")
    if begins is not None and begins > today + leeway:
        raise refused("not-yet-valid")
    if not 0 < expires - issued <= policy.max_lifetime.total_seconds():
        raise refused("lifetime")
    expires_at = datetime.fromtimestamp(expires, UTC)
    return expires_at if policy.until is None else min(expires_at, policy.until)


def date(claims: JsonObject, name: str) -> float | None:
    """Return a claim that is a date (RFC 7519 section 2) if it is there at all."""
    if name not in claims:
        return None
    value = claims[name]
    # A bool is an int in Python.
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise refused("date")
    if not 0 < value < _YEAR_10000:
        raise refused("date")
    return value


def check_subject(claims: JsonObject) -> str:
    """Return `sub`: 1 to 255 characters, no control characters, not blank."""
    subject = claims.get("sub")
    if (
        not isinstance(subject, str)
        or any(text_faults("/sub", subject, least=1, most=IDENTITY_LENGTH))
        or min(subject) < _FIRST_PRINTABLE
    ):
        raise refused("subject")
    return subject


def optional_text(claims: JsonObject, name: str) -> str | None:
    """Return a claim that is a text if it is there at all."""
    value = claims.get(name, "")
    if not isinstance(value, str):
        raise refused("claim-type")
    return value or None


def short_text(claims: JsonObject, name: str) -> str | None:
    """Return a claim that is a text of up to 255 characters if it is there at all."""
    value = optional_text(claims, name)
    if value and any(text_faults(name, value, least=0, most=IDENTITY_LENGTH)):
        raise refused("claim-type")
    return value
