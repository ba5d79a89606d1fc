"""How to authenticate, as an answer says it: `WWW-Authenticate` (RFC 9110 section 11.6.1).

RFC 6750 section 3, RFC 9728 section 5.1, and RFC 9449 section 7.1 for who comes with a proof.
"""

from __future__ import annotations

from typing import Final

import msgspec

from cortex_core.domain import errors
from cortex_core.domain.errors import CortexError

REALM: Final = 'realm="cortex"'
_INVALID: Final = (
    'error="invalid_token", error_description="The access token is invalid or expired"'
)


class Challenges(msgspec.Struct, frozen=True, kw_only=True):
    """What this server asks for; *algorithms* are those of proofs, none where there are none."""

    resource_metadata: str
    algorithms: tuple[str, ...] = ()

    def to(self, error: CortexError, *, proving: bool = False) -> str | None:
        """Return what *error* calls for, to a caller who is *proving* that a key is its own."""
        match error:
            case errors.ProofNonceError():
                return self._proof('error="use_dpop_nonce"')
            case errors.ProofRejectedError():
                return self._proof('error="invalid_dpop_proof"')
            case errors.UnauthenticatedError(missing=True):
                return self._either(f"Bearer {REALM}, {self._metadata}")
            case errors.UnauthenticatedError():
                if proving and self.algorithms:
                    return self._proof(f"{_INVALID}, {self._metadata}")
                return self._either(f"Bearer {REALM}, {_INVALID}, {self._metadata}")
            case errors.PermissionDeniedError(permission=str(permission)) if permission:
                lacking = f'error="insufficient_scope", scope="{permission}"'
                if proving and self.algorithms:
                    return self._proof(lacking)
                return f"Bearer {REALM}, {lacking}"
            case errors.MalformedCredentialError():
                return f'Bearer {REALM}, error="invalid_request"'
            case _:
                return None

    @property
    def _metadata(self) -> str:
        return f'resource_metadata="{self.resource_metadata}"'

    def _proof(self, said: str) -> str:
        return f'DPoP {said}, algs="{" ".join(self.algorithms)}"'

    def _either(self, bearer: str) -> str:
        if not self.algorithms:
            return bearer
        return f'{bearer}, DPoP algs="{" ".join(self.algorithms)}"'
