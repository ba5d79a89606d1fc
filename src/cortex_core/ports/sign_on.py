"""Where people sign on with a browser, and what is held for them afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

import msgspec

from cortex_core.ports.identity import Credential


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """A sign-on that was begun.

    The browser goes to *url*, and comes back with *state*; *sealed* is what it keeps meanwhile,
    unreadable, up to *expires_at*.
    """

    url: str
    state: str
    sealed: str
    expires_at: datetime

    def __repr__(self) -> str:
        return f"Attempt(expires_at={self.expires_at!r})"


class SignedOn(msgspec.Struct, frozen=True, kw_only=True):
    """A person who has signed on: who, in which session of the provider, and their tokens.

    *sealed* holds the tokens, encrypted. *return_to* is the path where the browser wanted to go.
    """

    issuer: str
    subject: str
    session_id: str | None
    sealed: bytes
    return_to: str

    def __repr__(self) -> str:
        return f"SignedOn(issuer={self.issuer!r})"


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """What a session's tokens give: a credential until *expires_at*, and maybe fresh ones."""

    credential: Credential
    expires_at: datetime
    refreshable: bool


class LogoutNotice(msgspec.Struct, frozen=True, kw_only=True):
    """A provider's word that sessions have ended: one, or with *session_id* None all of a subject.

    *token_id* is to be taken once; the notice cannot be replayed after *until*.
    """

    issuer: str
    subject: str | None
    session_id: str | None
    token_id: str
    until: datetime


class SignOn(Protocol):
    """Signs people on: OAuth 2.0 authorization code with PKCE, and OpenID Connect.

    RFC 6749, 7636, 9207 and 9700; OpenID Connect Core, RP-Initiated and Back-Channel Logout.
    Any method that asks the provider raises IdentityUnavailableError where it cannot be asked.
    """

    async def begin(self, *, return_to: str) -> Attempt:
        """Begin a sign-on that ends at the path *return_to*.

        Raises:
            InvalidInputError: *return_to* is no path of ours.
        """
        ...

    async def finish(self, parameters: Mapping[str, str], sealed: str | None) -> SignedOn:
        """Finish the attempt that is *sealed* with what the browser brought back.

        Raises:
            SignOnFailedError: The two do not belong together, or the provider refused.
        """
        ...

    def held(self, sealed: bytes) -> Held:
        """Return what the tokens in *sealed* give.

        Raises:
            UnauthenticatedError: They cannot be read any more.
        """
        ...

    async def refresh(self, sealed: bytes) -> bytes:
        """Return fresh tokens for those in *sealed*, which are void from then on.

        Raises:
            UnauthenticatedError: The provider gives no more.
        """
        ...

    async def farewell(self, sealed: bytes) -> str:
        """Return where the browser goes to sign off with the provider, too."""
        ...

    async def notice(self, logout_token: str) -> LogoutNotice:
        """Return what a logout token says (OpenID Connect Back-Channel Logout 1.0 section 2.6).

        Raises:
            UnauthenticatedError: It is not a valid one; its reason is for the log.
        """
        ...
