"""Tokens that are not for the API: signed by the provider, and meant for its client."""

from __future__ import annotations

from typing import Final

from cortex_adapters.auth0.keys.source import KeySource
from cortex_adapters.auth0.tokens.claims import check_issuer
from cortex_adapters.auth0.tokens.header import check_header
from cortex_adapters.auth0.tokens.policy import TokenPolicy
from cortex_adapters.auth0.tokens.refusal import refused
from cortex_adapters.auth0.tokens.strict_json import JsonObject
from cortex_adapters.auth0.tokens.verifier import read_token

MAX_SIZE: Final = 64 * 1024


class SignedTokens:
    """Reads what *issuer* has signed with one of *keys*; whom it is for is not said here."""

    def __init__(self, issuer: str, keys: KeySource, *, algorithms: frozenset[str]) -> None:
        self._issuer = issuer
        self._keys = keys
        self._algorithms = algorithms

    async def claims(self, token: str, *, types: frozenset[str]) -> JsonObject:
        """Return the claims of a token of one of *types*.

        Raises:
            UnauthenticatedError: The issuer has not signed it.
            IdentityUnavailableError: The keys cannot be had at the moment.
        """
        policy = TokenPolicy(
            issuer=self._issuer,
            audience=self._issuer,
            algorithms=self._algorithms,
            types=types,
            namespace="",
        )
        read = read_token(token, max_size=MAX_SIZE)
        check_issuer(read.claims, self._issuer)
        check_header(read.header, policy)
        key = await self._keys.find(read.header.key_id, read.header.algorithm)
        if key is None:
            raise refused("key-unknown")
        key.check(read.parts.signing_input, read.parts.signature)
        return read.claims
