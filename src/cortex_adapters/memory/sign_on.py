"""Sign-on with a provider that is no more than a few dictionaries."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

import msgspec

from cortex_adapters.memory.identity import MemoryIdentityProvider
from cortex_core.domain.errors import (
    Fault,
    InvalidInputError,
    SignOnFailedError,
    UnauthenticatedError,
)
from cortex_core.ports import (
    Attempt,
    Clock,
    Credential,
    Held,
    LogoutNotice,
    Principal,
    SignedOn,
)
from cortex_core.ports.clock import system_clock

PATIENCE: Final = timedelta(minutes=10)


class _Tokens(msgspec.Struct, frozen=True, kw_only=True):
    principal: Principal
    expires_at: datetime


class MemorySignOn:
    """Signs on whom a test approves; its tokens are believed by *identity* for *lifetime*."""

    def __init__(
        self,
        identity: MemoryIdentityProvider,
        *,
        clock: Clock = system_clock,
        lifetime: timedelta = timedelta(hours=1),
    ) -> None:
        self.identity = identity
        self.clock = clock
        self._lifetime = lifetime
        self._attempts: dict[str, tuple[str, str, datetime]] = {}
        self._codes: dict[str, Principal] = {}
        self._tokens: dict[str, _Tokens] = {}
        self._notices: dict[str, LogoutNotice] = {}
        self.refreshes = 0

    async def begin(self, *, return_to: str) -> Attempt:
        if not return_to.startswith("/") or return_to.startswith(("//", "/\\")):
            raise InvalidInputError(Fault("/return_to", "path", "must be a path on this server"))
        state, sealed = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        expires_at = self.clock() + PATIENCE
        self._attempts[sealed] = (state, return_to, expires_at)
        return Attempt(
            url=f"https://sign-on.example/authorize?state={state}",
            state=state,
            sealed=sealed,
            expires_at=expires_at,
        )

    def approve(self, state: str, principal: Principal) -> dict[str, str]:
        """Return what the browser brings back when *principal* has signed on."""
        code = secrets.token_urlsafe(32)
        self._codes[code] = principal
        return {"state": state, "code": code, "iss": principal.issuer}

    async def finish(self, parameters: Mapping[str, str], sealed: str | None) -> SignedOn:
        state, return_to, expires_at = self._attempts.get(sealed or "", ("", "", self.clock()))
        if not state or parameters.get("state") != state or self.clock() >= expires_at:
            raise SignOnFailedError("state")
        principal = self._codes.pop(parameters.get("code", ""), None)
        if principal is None or parameters.get("iss", principal.issuer) != principal.issuer:
            raise SignOnFailedError("refused")
        return SignedOn(
            issuer=principal.issuer,
            subject=principal.subject,
            session_id=principal.session_id,
            sealed=self._issue(principal),
            return_to=return_to,
        )

    def held(self, sealed: bytes) -> Held:
        tokens = self._opened(sealed)
        return Held(
            credential=Credential(scheme="Bearer", token=sealed.decode()),
            expires_at=tokens.expires_at,
            refreshable=True,
        )

    async def refresh(self, sealed: bytes) -> bytes:
        tokens = self._opened(sealed)
        del self._tokens[sealed.decode()]
        self.refreshes += 1
        return self._issue(tokens.principal)

    def forget(self) -> None:
        """Take back all that was given."""
        self._tokens.clear()

    async def farewell(self, sealed: bytes) -> str:
        self._tokens.pop(sealed.decode(), None)
        return "https://sign-on.example/logout"

    def announce(self, notice: LogoutNotice) -> str:
        """Return a logout token that says *notice*."""
        token = secrets.token_urlsafe(32)
        self._notices[token] = notice
        return token

    async def notice(self, logout_token: str) -> LogoutNotice:
        found = self._notices.get(logout_token)
        if found is None:
            raise UnauthenticatedError("unknown")
        return found

    def _issue(self, principal: Principal) -> bytes:
        token = secrets.token_urlsafe(32)
        expires_at = self.clock() + self._lifetime
        self._tokens[token] = _Tokens(principal=principal, expires_at=expires_at)
        self.identity.add(token, msgspec.structs.replace(principal, expires_at=expires_at))
        return token.encode()

    def _opened(self, sealed: bytes) -> _Tokens:
        tokens = self._tokens.get(sealed.decode())
        if tokens is None:
            raise UnauthenticatedError("session")
        return tokens
