"""A token becomes a principal, in an order in which no step trusts what a later one checks.

The steps are those of RFC 8725: size and shape, strict JSON, header, issuer, key, signature,
claims. Up to the key nothing is asked of anybody: who has no right to an answer costs none.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from cortex_adapters.auth0.tokens.claims import (
    check_audience,
    check_issuer,
    check_subject,
    check_times,
)
from cortex_adapters.auth0.tokens.compact import Compact, split
from cortex_adapters.auth0.tokens.header import Header, check_header, read_header
from cortex_adapters.auth0.tokens.key_set import Key
from cortex_adapters.auth0.tokens.policy import TokenPolicy
from cortex_adapters.auth0.tokens.principal import check_policy, read_principal
from cortex_adapters.auth0.tokens.purpose import check_purpose, read_binding
from cortex_adapters.auth0.tokens.refusal import refused
from cortex_adapters.auth0.tokens.strict_json import JsonObject, read_object
from cortex_core.ports.identity import Principal


class Unverified(msgspec.Struct, frozen=True, kw_only=True):
    """A token that can be read; nothing in it is true yet. `iss` may route it to a verifier."""

    parts: Compact
    header: Header
    claims: JsonObject

    def __repr__(self) -> str:
        return f"Unverified({self.parts!r})"


def read_token(token: str, *, max_size: int) -> Unverified:
    """Take *token* apart and read it strictly (steps 1 to 4).

    Raises:
        UnauthenticatedError: It cannot be read in one way only, or no policy could allow it.
    """
    parts = split(token, max_size=max_size)
    header, claims = read_object(parts.header), read_object(parts.payload)
    return Unverified(parts=parts, header=read_header(header), claims=claims)


class TokenVerifier:
    """Verifies the tokens of the one issuer that the policy names."""

    def __init__(self, policy: TokenPolicy) -> None:
        self.policy = policy

    def admit(self, token: Unverified, now: datetime) -> None:
        """Check header and issuer (steps 4 and 5), before any key is looked for.

        Raises:
            UnauthenticatedError: The policy does not allow it.
        """
        check_issuer(token.claims, self.policy.issuer)
        check_header(token.header, self.policy)
        if self.policy.until is not None and now >= self.policy.until:
            raise refused("issuer-ended")

    def prove(self, token: Unverified, key: Key, now: datetime) -> Principal:
        """Check signature and claims (steps 6 to 12), and return whom they prove at *now*.

        What they prove holds for whoever has the key of `Principal.binding`, if there is one.
        *key* is what the issuer has for the header's `kid` and `alg`.

        Raises:
            UnauthenticatedError: They prove nobody.
        """
        claims = token.claims
        key.check(token.parts.signing_input, token.parts.signature)
        expires_at = check_times(claims, self.policy, now)
        check_audience(claims, self.policy.audience)
        subject = check_subject(claims)
        check_purpose(claims, token.header.type)
        binding = read_binding(claims)
        principal = read_principal(
            claims, self.policy, subject, expires_at=expires_at, binding=binding
        )
        check_policy(claims, self.policy)
        return principal
