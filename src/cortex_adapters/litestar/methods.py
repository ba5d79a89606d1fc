"""The methods that every path knows: HEAD where there is GET, and OPTIONS."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from litestar import Response
from litestar.handlers import HTTPRouteHandler, route

# `OPTIONS *` (RFC 9110 section 9.3.7), as the framework writes it.
_WHOLE: Final = "/*"


def with_implied(handlers: Sequence[HTTPRouteHandler]) -> list[HTTPRouteHandler]:
    """Return *handlers*, and one for HEAD beside each for GET, and for OPTIONS on each path.

    The framework's own for OPTIONS, which it adds where it meets none before, names the first
    handler only; ours has a complete `Allow` (RFC 9110 sections 9.3.7 and 10.2.1).
    """
    all_handlers = [*handlers, *_heads(handlers)]
    methods: defaultdict[str, set[str]] = defaultdict(set)
    for handler in all_handlers:
        for path in handler.paths:
            methods[path] |= handler.http_methods
            methods[_WHOLE] |= handler.http_methods
    return [*(_options(path, known) for path, known in methods.items()), *all_handlers]


def _heads(handlers: Sequence[HTTPRouteHandler]) -> Iterator[HTTPRouteHandler]:
    """Yield the same handlers for HEAD; the body is dropped on its way out."""
    for handler in handlers:
        if "GET" in handler.http_methods:
            yield route(sorted(handler.paths), http_method="HEAD", opt=handler.opt)(handler.fn)


def _options(path: str, methods: set[str]) -> HTTPRouteHandler:
    allowed = ", ".join(sorted({*methods, "OPTIONS"}))

    @route(path, http_method="OPTIONS", status_code=204, name=f"options {path}")
    async def options() -> Response[None]:
        return Response(None, status_code=204, headers={"allow": allowed})

    return options
