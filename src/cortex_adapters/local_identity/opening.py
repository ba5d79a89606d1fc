"""The development issuer on one store, put together."""

from __future__ import annotations

from cortex_adapters.local_identity.issuer import ISSUER, LocalIssuer
from cortex_adapters.local_identity.keys import Jwks, jwks
from cortex_adapters.local_identity.shared_key import KeyPairSource
from cortex_core.ports.clock import Clock, system_clock


class LocalIdentity:
    """The development issuer with a key that is asked for when it is first needed, not before.

    Both methods raise IdentityUnavailableError while the key cannot be had.
    """

    def __init__(
        self,
        key: KeyPairSource,
        *,
        audience: str,
        clock: Clock = system_clock,
        issuer: str = ISSUER,
    ) -> None:
        self.name = issuer
        self.audience = audience
        self._key = key
        self._clock = clock

    async def issuer(self) -> LocalIssuer:
        """Return what signs tokens."""
        return LocalIssuer(
            await self._key(), clock=self._clock, audience=self.audience, issuer=self.name
        )

    async def jwks(self) -> Jwks:
        """Return the public key that its tokens are verified with, as a JWK Set."""
        return jwks(await self._key())
