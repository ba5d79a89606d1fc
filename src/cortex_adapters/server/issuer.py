"""The local issuer, as the development routes need it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from cortex_adapters.auth0.dpop.checker import ProofChecker
from cortex_adapters.litestar.issuer import Token
from cortex_adapters.local_identity.open_id import LocalOpenId, Question
from cortex_adapters.local_identity.opening import LocalIdentity
from cortex_core.domain.errors import Fault, InvalidInputError
from cortex_core.ports import Proof


class Issuer:
    """Gives tokens that the identity provider beside it accepts."""

    def __init__(
        self, local: LocalIdentity, open_id: LocalOpenId, proofs: ProofChecker | None
    ) -> None:
        self._local = local
        self._open_id = open_id
        self._proofs = proofs

    async def token(
        self,
        *,
        email: str,
        name: str,
        permissions: Sequence[str] | None,
        proof: Proof | None = None,
    ) -> Token:
        issuer = await self._local.issuer()
        binding = None
        if proof is not None and self._proofs is not None:
            binding = await self._proofs.thumbprint(proof)
        token = issuer.mint(email, name=name, permissions=permissions, binding=binding)
        return Token(
            access_token=token.access_token,
            token_type=token.token_type,
            expires_in=token.expires_in,
        )

    async def approve(self, asked: Mapping[str, str], *, email: str, name: str) -> str:
        try:
            question = msgspec.convert(asked, Question)
        except msgspec.ValidationError as error:
            fault = Fault("", "required", "the sign-on must begin at /auth/login")
            raise InvalidInputError(fault) from error
        return await self._open_id.approve(question, email=email, name=name)

    async def jwks(self) -> Mapping[str, object]:
        return await self._local.jwks()
