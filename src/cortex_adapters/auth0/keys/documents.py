"""JSON documents from afar, with limits on time, size and the way there."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final, Protocol

import httpx2
import msgspec
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_random

from cortex_adapters.auth0.outbound import outbound
from cortex_core.ports import NoTelemetry, Telemetry

CONNECT: Final = 2.0
TOTAL: Final = 5.0
"""Seconds until a connection stands, and until all is there."""
MAX_BODY: Final = 256 * 1024

_OK: Final = 200
_SOON: Final = 0.2  # seconds, at most, until a connection is tried again
_HEADERS: Final = {"accept": "application/json", "accept-encoding": "identity"}
_MAX_AGE: Final = re.compile(r"(?:^|[\s,])max-age=\"?([0-9]{1,9})")


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A JSON object, and for how many seconds its server says that it holds."""

    members: dict[str, object]
    max_age: float | None = None


class FetchError(Exception):
    """There is no such document to be had; *reason* is a word for our own log.

    *detail* is for whoever asks at the command line: what was said instead, if it can be printed.
    """

    def __init__(self, reason: str, *, detail: object = "", retry_after: float = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        plain = isinstance(detail, str) and detail.isascii() and detail.isprintable()
        self.detail = str(detail)[:200] if plain else ""
        self.retry_after = retry_after


class Documents(Protocol):
    """Fetches documents."""

    async def get(self, url: str) -> Document:
        """Return the JSON object at *url*.

        Raises:
            FetchError: There is none within the limits.
        """
        ...


class HttpDocuments:
    """Documents over HTTP: status 200 only, no redirects, at most 256 KiB, never compressed.

    Where no connection can be had, it is tried once more, a moment later: a server that restarts
    is soon back, and nothing was asked yet.
    """

    def __init__(self, client: httpx2.AsyncClient, telemetry: Telemetry | None = None) -> None:
        self._client = client
        self._telemetry = telemetry or NoTelemetry()

    async def get(self, url: str, *, token: str | None = None) -> Document:
        headers = _HEADERS if token is None else _HEADERS | {"authorization": f"Bearer {token}"}
        try:
            again = AsyncRetrying(
                retry=retry_if_exception_type(httpx2.ConnectError),
                stop=stop_after_attempt(2),
                wait=wait_random(0, _SOON),
                reraise=True,
            )
            found: tuple[bytes, float | None] = await again(self._ask, url, headers)
        except httpx2.TimeoutException as error:
            raise FetchError("timeout") from error
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError) as error:
            raise FetchError("unreachable") from error
        try:
            members = msgspec.json.decode(found[0], type=dict[str, object])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise FetchError("garbage") from error
        return Document(members=members, max_age=found[1])

    async def _ask(self, url: str, headers: dict[str, str]) -> tuple[bytes, float | None]:
        with outbound(self._telemetry, "GET", url) as request:
            try:
                async with self._client.stream(
                    "GET", url, headers=headers | request.headers
                ) as response:
                    request.answered(response.status_code)
                    body = await _body(response)
            except FetchError as error:
                request.failed(error.reason)
                raise
        return body, _max_age(response.headers.get("cache-control", ""))


@asynccontextmanager
async def open_documents(
    transport: httpx2.AsyncBaseTransport | None = None, telemetry: Telemetry | None = None
) -> AsyncIterator[HttpDocuments]:
    """Open a client for documents; *transport* instead of the network."""
    timeout = httpx2.Timeout(TOTAL, connect=CONNECT)
    async with httpx2.AsyncClient(
        timeout=timeout, follow_redirects=False, transport=transport
    ) as client:
        yield HttpDocuments(client, telemetry)


async def _body(response: httpx2.Response) -> bytes:
    if response.status_code != _OK:
        raise FetchError(
            f"status-{response.status_code}",
            retry_after=_retry_after(response.headers.get("retry-after", "")),
        )
    if response.headers.get("content-encoding", "identity") != "identity":
        raise FetchError("compressed")
    body = bytearray()
    async for piece in response.aiter_raw():
        body += piece
        if len(body) > MAX_BODY:
            raise FetchError("size")
    return bytes(body)


def _max_age(cache_control: str) -> float | None:
    """Read for how long an answer holds (RFC 9111 section 5.2.2)."""
    text = cache_control.lower()
    if "no-store" in text or "no-cache" in text:
        return 0
    match = _MAX_AGE.search(text)
    return float(match[1]) if match else None


def _retry_after(text: str) -> float:
    """Read seconds or a date (RFC 9110 section 10.2.3); what is neither is no wish."""
    if re.fullmatch(r"[0-9]{1,9}", text):
        return float(text)
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return 0
    wished = date if date.tzinfo else date.replace(tzinfo=UTC)
    return max(0.0, (wished - datetime.now(UTC)).total_seconds())
