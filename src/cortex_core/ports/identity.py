"""Who is calling."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Protocol

import msgspec

from cortex_core.domain.ids import UserId
from cortex_core.domain.models import Actor, ActorKind

Scheme = Literal["Bearer", "DPoP"]


class Credential(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller presents: an authentication scheme (RFC 9110 section 11.1) and a token."""

    scheme: Scheme
    token: str

    def __repr__(self) -> str:
        return f"Credential(scheme={self.scheme!r}, token=<{len(self.token)} characters>)"


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """A proven caller. (issuer, subject) is the identity key, never the e-mail address.

    *session_id* names the session at the identity provider that the credential belongs to,
    *session* the digest of the session here that a browser holds.
    """

    kind: Literal["user", "machine"]
    issuer: str
    subject: str
    permissions: frozenset[str] = frozenset()
    name: str = ""
    email: str | None = None
    email_verified: bool = False
    client_id: str | None = None
    token_id: str | None = None
    session_id: str | None = None
    session: str | None = None
    issued_at: datetime | None = None
    expires_at: datetime | None = None

    def actor(self, user_id: UserId) -> Actor:
        """Return this caller as the author of what it does."""
        return Actor(kind=ActorKind(self.kind), id=user_id)


class IdentityProvider(Protocol):
    """Proves who is calling."""

    async def authenticate(self, credential: Credential) -> Principal:
        """Return the principal that *credential* proves.

        Raises:
            UnauthenticatedError: It proves nobody.
            IdentityUnavailableError: Nobody can say right now.
        """
        ...
