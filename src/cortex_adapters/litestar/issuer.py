"""What the development routes need of an issuer of tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from cortex_core.ports import Proof


class Token(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An access token (RFC 6749 section 5.1); `expires_in` is in seconds."""

    access_token: str
    token_type: str
    expires_in: int


class DevelopmentIssuer(Protocol):
    """Gives tokens to whoever asks; exists in development only."""

    async def token(
        self,
        *,
        email: str,
        name: str,
        permissions: Sequence[str] | None,
        proof: Proof | None = None,
    ) -> Token:
        """Return a token for the user with that e-mail address; all permissions for None.

        With a *proof* it is bound to the proof's key.

        Raises:
            InvalidInputError: The address or a permission is none.
            ProofRejectedError: The proof is none.
        """
        ...

    async def approve(self, asked: Mapping[str, str], *, email: str, name: str) -> str:
        """Return where a browser goes on that *asked* to sign on as that user.

        Raises:
            InvalidInputError: What it asked, the address or the name is none.
        """
        ...

    async def jwks(self) -> Mapping[str, object]:
        """Return the public keys (RFC 7517 section 5)."""
        ...
