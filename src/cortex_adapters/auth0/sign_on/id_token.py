"""The claims of an ID token (OpenID Connect Core 1.0 sections 3.1.3.7 and 12.2)."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Final

import msgspec

from cortex_adapters.auth0.tokens.claims import check_subject, date, short_text
from cortex_adapters.auth0.tokens.strict_json import JsonObject

LEEWAY: Final = timedelta(seconds=60)


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Who signed on, and in which session of the provider."""

    subject: str
    session_id: str | None


def read_identity(
    claims: JsonObject, *, client_id: str, nonce: str | None, access_token: str, now: datetime
) -> Identity:
    """Return whom verified *claims* name.

    With a *nonce* the token must carry it; an answer to a refresh has none to carry.

    Raises:
        UnauthenticatedError, ValueError: They are not meant for us, now, and for this sign-on.
    """
    check_party(claims, client_id)
    check_window(claims, now)
    if nonce is not None and not _equal(claims.get("nonce"), nonce):
        raise ValueError("nonce")
    at_hash = claims.get("at_hash")
    if at_hash is not None and not _equal(at_hash, _half_hash(access_token)):
        raise ValueError("at_hash")
    return Identity(subject=check_subject(claims), session_id=short_text(claims, "sid"))


def check_party(claims: JsonObject, client_id: str) -> None:
    """Raise ValueError unless `aud` is *client_id*, or a list with it whose `azp` it is."""
    audience, party = claims.get("aud"), claims.get("azp")
    listed = [audience] if isinstance(audience, str) else audience
    if not isinstance(listed, list) or client_id not in listed:
        raise ValueError("audience")
    if party is None and len(listed) > 1:
        raise ValueError("party")
    if party is not None and party != client_id:
        raise ValueError("party")


def check_window(claims: JsonObject, now: datetime) -> None:
    """Raise ValueError unless *now* lies between `iat` and `exp`, give or take a minute."""
    expires, issued = date(claims, "exp"), date(claims, "iat")
    if expires is None or issued is None:
        raise ValueError("date")
    today, leeway = now.timestamp(), LEEWAY.total_seconds()
    if expires <= today - leeway or issued > today + leeway or expires <= issued:
        raise ValueError("date")


def _half_hash(access_token: str) -> str:
    """Return what `at_hash` is with an algorithm that ends in 256 (section 3.1.3.6)."""
    digest = hashlib.sha256(access_token.encode()).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()


def _equal(value: object, expected: str) -> bool:
    return isinstance(value, str) and compare_digest(value.encode(), expected.encode())
