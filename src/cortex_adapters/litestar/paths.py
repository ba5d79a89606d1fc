"""One path leads to each route, so that proxies and we mean the same."""

from __future__ import annotations

from typing import Final

from litestar.types import ASGIApp, Receive, Scope, Send

from cortex_core.domain.errors import NotFoundError

# `OPTIONS *` (RFC 9110 section 9.3.7), as the framework writes it.
_WHOLE: Final = "/*"


def is_canonical(scope: Scope) -> bool:
    """Say whether the path is written as we write it; the framework reads it in other ways too.

    None of our paths needs percent-encoding, a second slash in a row, or one at the end.
    """
    raw = scope["raw_path"]
    if scope["path"] == _WHOLE:
        return raw == b"*"
    return raw == scope["path"].encode() and (
        raw == b"/" or (b"//" not in raw and not raw.endswith(b"/"))
    )


def canonical_paths(app: ASGIApp) -> ASGIApp:
    """Wrap *app*: what is not written as we write it leads nowhere."""

    async def routed(scope: Scope, receive: Receive, send: Send) -> None:
        if not is_canonical(scope):
            raise NotFoundError
        await app(scope, receive, send)

    return routed
