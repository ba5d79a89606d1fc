"""What is done to every answer: the headers that each carries, no body for HEAD."""

from __future__ import annotations

from typing import Final

from litestar.types import Message, Scope

from cortex_adapters.litestar.correlation import HEADER, correlation_id

# OWASP REST Security Cheat Sheet: an answer of an API is data, never a page of its own.
_ALWAYS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_UNLESS_SET: Final = (
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
)


async def finish(message: Message, scope: Scope) -> None:
    """Add them to the start of an answer; leave its body out for HEAD (RFC 9110 section 9.3.2)."""
    if message["type"] == "http.response.start":
        headers = [*message["headers"], *_ALWAYS]
        names = [name for name, _ in headers]
        headers += [header for header in _UNLESS_SET if header[0] not in names]
        headers.append((HEADER, correlation_id(scope).encode("ascii")))
        message["headers"] = headers
    elif message["type"] == "http.response.body" and scope.get("method") == "HEAD":
        message["body"] = b""
