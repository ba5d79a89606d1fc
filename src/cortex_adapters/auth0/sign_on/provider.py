"""An OpenID provider that is asked over HTTP."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import urlsplit

import httpx2

from cortex_adapters.auth0.keys.documents import CONNECT, TOTAL
from cortex_adapters.auth0.outbound import outbound
from cortex_adapters.auth0.sign_on.breaker import Breaker
from cortex_adapters.auth0.tokens.strict_json import JsonObject, read_object
from cortex_core.domain.errors import IdentityUnavailableError, UnauthenticatedError
from cortex_core.ports import NoTelemetry, Telemetry

Metadata = Callable[[], Awaitable[Mapping[str, object]]]
"""Gives what a provider says of itself (OpenID Connect Discovery 1.0 section 3)."""

MAX_ANSWER: Final = 256 * 1024
_OK: Final = 200
_SERVER_ERROR: Final = 500
_WORD: Final = re.compile(r"[a-z_]{1,40}")


class OpenIdProvider:
    """A provider that is asked over HTTP, each time within five seconds in all.

    *client* asks for those who are on their way in, which anybody can be, and *refreshing* for
    those who have signed on: they do not wait for connections behind the others.
    """

    def __init__(
        self,
        issuer: str,
        *,
        metadata: Metadata,
        client: httpx2.AsyncClient,
        refreshing: httpx2.AsyncClient,
        telemetry: Telemetry | None = None,
        breaker: Breaker | None = None,
    ) -> None:
        self.issuer = issuer
        self._metadata = metadata
        self._client = client
        self._refreshing = refreshing
        self._telemetry = telemetry or NoTelemetry()
        self._breaker = breaker or Breaker()

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
            try:
                return read_object(body)
            except UnauthenticatedError:  # a page in its place, say: no word about the grant
                word = "something else"
        else:
            word = _error(body)
        if word == "invalid_grant":  # Auth0 says so with 403, RFC 6749 section 5.2 with 400
            raise UnauthenticatedError("grant")
        raise IdentityUnavailableError(f"The identity provider answered: {word}.")

    async def _post(self, url: str, form: Mapping[str, str]) -> tuple[int, bytes]:
        with self._breaker.trying(), outbound(self._telemetry, "POST", url) as request:
            try:
                async with asyncio.timeout(TOTAL):
                    status, body = await self._send(url, form, request.headers)
            except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError) as error:
                raise IdentityUnavailableError from error
            request.answered(status)
            if status >= _SERVER_ERROR:
                raise IdentityUnavailableError("The identity provider failed.")
        return status, body

    async def _send(
        self, url: str, form: Mapping[str, str], headers: dict[str, str]
    ) -> tuple[int, bytes]:
        client = self._refreshing if form["grant_type"] == "refresh_token" else self._client
        accepting = {"accept": "application/json", **headers}
        body = b""
        async with client.stream("POST", url, data=dict(form), headers=accepting) as answer:
            async for chunk in answer.aiter_bytes():
                body += chunk
                if len(body) > MAX_ANSWER:
                    raise IdentityUnavailableError
        return answer.status_code, body


@asynccontextmanager
async def open_provider(
    issuer: str,
    metadata: Metadata,
    *,
    transport: httpx2.AsyncBaseTransport | None = None,
    telemetry: Telemetry | None = None,
) -> AsyncIterator[OpenIdProvider]:
    """Open a provider that says of itself what *metadata* gives; *transport* for the network."""
    timeout = httpx2.Timeout(TOTAL, connect=CONNECT)

    def opened() -> httpx2.AsyncClient:
        return httpx2.AsyncClient(timeout=timeout, follow_redirects=False, transport=transport)

    async with opened() as client, opened() as refreshing:
        yield OpenIdProvider(
            issuer,
            metadata=metadata,
            client=client,
            refreshing=refreshing,
            telemetry=telemetry,
        )


def _error(body: bytes) -> str:
    """Return the word for what went wrong (RFC 6749 section 5.2)."""
    try:
        word = read_object(body).get("error")
    except UnauthenticatedError:
        word = None
    return word if isinstance(word, str) and _WORD.fullmatch(word) else "something else"
