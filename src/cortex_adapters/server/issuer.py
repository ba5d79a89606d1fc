"""The local issuer, as the development routes need it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cortex_adapters.litestar.issuer import Token
from cortex_adapters.local_identity.opening import LocalIdentity


class Issuer:
    """Gives tokens that the identity provider beside it accepts."""

    def __init__(self, local: LocalIdentity) -> None:
        self._local = local

    async def token(self, *, email: str, name: str, permissions: Sequence[str] | None) -> Token:
        issuer = await self._local.issuer()
        token = issuer.mint(email, name=name, permissions=permissions)
        return Token(
            access_token=token.access_token,
            token_type=token.token_type,
            expires_in=token.expires_in,
        )

    async def jwks(self) -> Mapping[str, object]:
        return await self._local.jwks()
