"""Tokens that prove what they were made to prove."""

from __future__ import annotations

from collections.abc import Mapping

from cortex_core.domain.errors import UnauthenticatedError
from cortex_core.ports import Clock, Credential, Principal
from cortex_core.ports.clock import system_clock


class MemoryIdentityProvider:
    """Knows the principal behind each Bearer token, until it expires."""

    def __init__(
        self, principals: Mapping[str, Principal] | None = None, *, clock: Clock = system_clock
    ) -> None:
        self._principals = dict(principals or {})
        self._clock = clock

    def add(self, token: str, principal: Principal) -> None:
        """Let *token* prove *principal*."""
        self._principals[token] = principal

    async def authenticate(self, credential: Credential) -> Principal:
        principal = self._principals.get(credential.token)
        if principal is None or credential.scheme != "Bearer":
            raise UnauthenticatedError("unknown")
        if principal.binding is not None:
            raise UnauthenticatedError("binding")
        if principal.expires_at is not None and principal.expires_at <= self._clock():
            raise UnauthenticatedError("expired")
        return principal
