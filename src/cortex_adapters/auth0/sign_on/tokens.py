"""The tokens of a session, and what a token endpoint answers (RFC 6749 section 5.1)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import msgspec

_LONGEST: Final = 30 * 24 * 3600


class TokenAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A successful answer of the token endpoint; members that are not named here are ignored."""

    access_token: str
    token_type: str
    expires_in: int | float | None = None
    refresh_token: str | None = None
    id_token: str | None = None

    def __repr__(self) -> str:
        return "TokenAnswer()"


class TokenSet(msgspec.Struct, frozen=True, kw_only=True):
    """What a session holds: sealed in the store, never shown."""

    access_token: str
    expires_at: datetime
    id_token: str
    refresh_token: str | None = None

    def __repr__(self) -> str:
        return f"TokenSet(expires_at={self.expires_at!r})"


def token_set(answer: TokenAnswer, now: datetime, *, before: TokenSet | None = None) -> TokenSet:
    """Return the tokens of *answer*; what it does not say again stays as *before*."""
    seconds = answer.expires_in if answer.expires_in is not None else 0
    return TokenSet(
        access_token=answer.access_token,
        expires_at=now + timedelta(seconds=min(max(seconds, 0), _LONGEST)),
        id_token=answer.id_token or (before.id_token if before else ""),
        refresh_token=answer.refresh_token or (before.refresh_token if before else None),
    )
