"""Tokens that are not for the API: signed by the provider, and meant for its client."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cortex_adapters.auth0.keys.source import KeySource
from cortex_adapters.auth0.tokens.header import check_header
from cortex_adapters.auth0.tokens.policy import TokenPolicy
from cortex_adapters.auth0.tokens.refusal import refused
from cortex_adapters.auth0.tokens.strict_json import JsonObject
from cortex_adapters.auth0.tokens.verifier import read_token

MAX_SIZE: Final = 64 * 1024


class SignedTokens:
    """Reads what one of *issuers* has signed with its keys; whom it is for is not said here."""

    def __init__(self, issuers: Mapping[str, KeySource], *, algorithms: frozenset[str]) -> None:
        self._issuers = issuers
        self._algorithms = algorithms

    async def claims(self, token: str, *, types: frozenset[str]) -> JsonObject:
        """Return the claims of a token of one of *types*.

        Raises:
            UnauthenticatedError: None of the issuers has signed it.
            IdentityUnavailableError: The keys cannot be had at the moment.
        """
        read = read_token(token, max_size=MAX_SIZE)
        issuer = read.claims.get("iss")
        keys = self._issuers.get(issuer) if isinstance(issuer, str) else None
        if keys is None or not isinstance(issuer, str):
            raise refused("issuer")
        policy = TokenPolicy(
            issuer=issuer, audience=issuer, algorithms=self._algorithms, types=types
        )
        check_header(read.header, policy)
        key = await keys.find(read.header.key_id, read.header.algorithm)
        if key is None:
            raise refused("key-unknown")
        key.check(read.parts.signing_input, read.parts.signature)
        return read.claims
