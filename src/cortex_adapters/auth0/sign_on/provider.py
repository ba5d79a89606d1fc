"""What sign-on asks of an OpenID provider, and a provider that is asked over HTTP."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, Protocol
from urllib.parse import urlsplit

import httpx2

from cortex_adapters.auth0.tokens.strict_json import JsonObject, read_object
from cortex_core.domain.errors import IdentityUnavailableError, UnauthenticatedError

MAX_ANSWER: Final = 256 * 1024
_OK: Final = 200
_WORD: Final = re.compile(r"[a-z_]{1,40}")


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


class OpenIdProvider:
    """A provider that is asked over HTTP, each time within five seconds."""

    def __init__(
        self,
        issuer: str,
        *,
        metadata: Callable[[], Awaitable[JsonObject]],
        client: httpx2.AsyncClient,
    ) -> None:
        self.issuer = issuer
        self._metadata = metadata
        self._client = client

    async def endpoint(self, name: str) -> str:
        found = (await self._metadata()).get(name)
        # A provider in plain text is one on the developer's own machine: discovery saw to it.
        if not isinstance(found, str) or urlsplit(found).scheme not in ("https", "http"):
            raise IdentityUnavailableError(f"The identity provider names no {name}.")
        if urlsplit(found).scheme != urlsplit(self.issuer).scheme:
            raise IdentityUnavailableError(f"The identity provider's {name} is not safe.")
        return found

    async def names_itself(self) -> bool:
        metadata = await self._metadata()
        return metadata.get("authorization_response_iss_parameter_supported") is True

    async def exchange(self, form: Mapping[str, str]) -> JsonObject:
        status, body = await self._post(await self.endpoint("token_endpoint"), form)
        if status == _OK:
            return read_object(body)
        word = _error(body)
        if word == "invalid_grant":  # Auth0 says so with 403, RFC 6749 section 5.2 with 400
            raise UnauthenticatedError("grant")
        raise IdentityUnavailableError(f"The identity provider answered: {word}.")

    async def _post(self, url: str, form: Mapping[str, str]) -> tuple[int, bytes]:
        body = b""
        try:
            async with self._client.stream(
                "POST", url, data=dict(form), headers={"accept": "application/json"}
            ) as answer:
                async for chunk in answer.aiter_bytes():
                    body += chunk
                    if len(body) > MAX_ANSWER:
                        raise IdentityUnavailableError
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise IdentityUnavailableError from error
        return answer.status_code, body


def _error(body: bytes) -> str:
    """Return the word for what went wrong (RFC 6749 section 5.2)."""
    try:
        word = read_object(body).get("error")
    except UnauthenticatedError:
        word = None
    return word if isinstance(word, str) and _WORD.fullmatch(word) else "something else"
