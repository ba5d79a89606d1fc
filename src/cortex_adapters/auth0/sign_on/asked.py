"""What sign-on asks of an OpenID provider."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from cortex_adapters.auth0.tokens.strict_json import JsonObject


class Provider(Protocol):
    """One OpenID provider, as its client sees it.

    Any method raises IdentityUnavailableError where the provider cannot be asked.
    """

    @property
    def issuer(self) -> str: ...

    async def endpoint(self, name: str) -> str:
        """Return the address of an endpoint, by its name in the provider's metadata."""
        ...

    async def names_itself(self) -> bool:
        """Say whether each of its answers to a browser carries `iss` (RFC 9207 section 3)."""
        ...

    async def exchange(self, form: Mapping[str, str]) -> JsonObject:
        """Return what the token endpoint gives for *form* (RFC 6749 section 4.1.3).

        Raises:
            UnauthenticatedError: It gives nothing.
        """
        ...
