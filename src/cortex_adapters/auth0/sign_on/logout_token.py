"""The claims of a logout token (OpenID Connect Back-Channel Logout 1.0 section 2.4)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from cortex_adapters.auth0.sign_on.id_token import LEEWAY, check_party, check_window
from cortex_adapters.auth0.tokens.claims import date, short_text
from cortex_adapters.auth0.tokens.strict_json import JsonObject
from cortex_core.domain.errors import UnauthenticatedError
from cortex_core.ports import LogoutNotice

EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
TYPES: Final = frozenset({"logout+jwt", ""})
MAX_ID: Final = 128
LONGEST: Final = timedelta(hours=24)


def read_notice(claims: JsonObject, *, issuer: str, client_id: str, now: datetime) -> LogoutNotice:
    """Return what verified *claims* say.

    Raises:
        UnauthenticatedError: They are no notice for us.
    """
    check_party(claims, client_id)
    check_window(claims, now)
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(EVENT), dict):
        raise UnauthenticatedError("purpose")
    if "nonce" in claims:
        raise UnauthenticatedError("purpose")
    token_id = short_text(claims, "jti")
    if not token_id or len(token_id) > MAX_ID:
        raise UnauthenticatedError("claim-missing")
    session_id, subject = short_text(claims, "sid"), short_text(claims, "sub")
    if session_id is None and subject is None:
        raise UnauthenticatedError("claim-missing")
    expires = datetime.fromtimestamp(date(claims, "exp") or 0, UTC)
    # Each notice is remembered while it could come again; two minutes are recommended.
    if expires - now > LONGEST:
        raise UnauthenticatedError("lifetime")
    return LogoutNotice(
        issuer=issuer,
        subject=subject,
        session_id=session_id,
        token_id=token_id,
        until=expires + LEEWAY,
    )
