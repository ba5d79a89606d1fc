"""A token becomes a principal, in an order in which no step trusts what a later one checks.

The steps are those of RFC 8725: size and shape, strict JSON, header, issuer, key, signature,
claims. A caller whose keys are far away reads and admits first, and fetches a key only then.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from cortex_adapters.auth0.tokens.claims import (
    check_audience,
    check_issuer,
    check_times,
)
from cortex_adapters.auth0.tokens.compact import Compact, split
from cortex_adapters.auth0.tokens.header import Header, check_header
from cortex_adapters.auth0.tokens.key_set import VerificationKey
from cortex_adapters.auth0.tokens.policy import TokenPolicy
from cortex_adapters.auth0.tokens.principal import check_purpose, read_principal
from cortex_adapters.auth0.tokens.refusal import refused
from cortex_adapters.auth0.tokens.strict_json import JsonObject, read_object
from cortex_core.ports.identity import Principal


class Unverified(msgspec.Struct, frozen=True, kw_only=True):
    """A token that can be read; nothing in it is true yet. `iss` may route it to a verifier."""

    parts: Compact
    header: JsonObject
    claims: JsonObject

    def __repr__(self) -> str:
        return f"Unverified({self.parts!r})"


class Admitted(msgspec.Struct, frozen=True, kw_only=True):
    """A token that names this issuer, and by *header* the key that would prove it."""

    token: Unverified
    header: Header

    def __repr__(self) -> str:
        return f"Admitted({self.token!r})"


def read_token(token: str, *, max_size: int) -> Unverified:
    """Take *token* apart and read it strictly (steps 1 to 3).

    Raises:
        UnauthenticatedError: It cannot be read in one way only.
    """
    parts = split(token, max_size=max_size)
    return Unverified(
        parts=parts, header=read_object(parts.header), claims=read_object(parts.payload)
    )


class TokenVerifier:
    """Verifies the tokens of the one issuer that the policy names."""

    def __init__(self, policy: TokenPolicy) -> None:
        self.policy = policy

    def admit(self, token: Unverified) -> Admitted:
        """Check header and issuer (steps 4 and 5), before any key is looked for.

        Raises:
            UnauthenticatedError: The policy does not allow it.
        """
        header = check_header(token.header, self.policy)
        check_issuer(token.claims, self.policy.issuer)
        return Admitted(token=token, header=header)

    def prove(self, admitted: Admitted, key: VerificationKey | None, now: datetime) -> Principal:
        """Check signature and claims (steps 6 to 12), and return whom they prove at *now*.

        *key* is what the issuer has for the header's `kid` and `alg`; None if that is nothing.

        Raises:
            UnauthenticatedError: They prove nobody.
        """
        parts, claims = admitted.token.parts, admitted.token.claims
        if key is None:
            raise refused("key-unknown")
        key.check(parts.signing_input, parts.signature)
        expires_at = check_times(claims, self.policy, now)
        check_audience(claims, self.policy.audience)
        check_purpose(claims, admitted.header.type)
        return read_principal(claims, self.policy, expires_at)
