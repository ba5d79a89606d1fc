"""Headers that every answer carries."""

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


async def add_headers(message: Message, scope: Scope) -> None:
    """Add them to the start of an answer."""
    if message["type"] != "http.response.start":
        return
    headers = list(message["headers"])
    names = {name for name, _ in headers}
    headers.extend(_ALWAYS)
    headers.extend(header for header in _UNLESS_SET if header[0] not in names)
    headers.append((HEADER, correlation_id(scope).encode("ascii")))
    message["headers"] = headers
