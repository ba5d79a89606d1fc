"""The development issuer and its provider on one store, put together."""

from __future__ import annotations

from cortex_adapters.local_identity.issuer import ISSUER, LocalIssuer
from cortex_adapters.local_identity.provider import LocalIdentityProvider
from cortex_adapters.local_identity.shared_key import SharedKey
from cortex_core.ports.clock import Clock, system_clock
from cortex_core.ports.identity import Credential, Principal
from cortex_core.ports.persistence import Store


class LocalIdentity:
    """An identity provider that can also issue; touches *store* when first needed, not before.

    Both raise IdentityUnavailableError while the key cannot be had.
    """

    def __init__(
        self,
        store: Store,
        *,
        audience: str,
        clock: Clock = system_clock,
        issuer: str = ISSUER,
    ) -> None:
        self._key = SharedKey(store)
        self._clock = clock
        self._audience = audience
        self._issuer = issuer
        self._provider = LocalIdentityProvider(
            self._key, clock=clock, audience=audience, issuer=issuer
        )

    async def authenticate(self, credential: Credential) -> Principal:
        """Return the principal that *credential* proves, as `LocalIdentityProvider` does."""
        return await self._provider.authenticate(credential)

    async def issuer(self) -> LocalIssuer:
        """Return the issuer whose tokens `authenticate` accepts."""
        return LocalIssuer(
            await self._key(), clock=self._clock, audience=self._audience, issuer=self._issuer
        )
