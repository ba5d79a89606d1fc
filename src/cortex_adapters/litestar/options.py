"""OPTIONS for every path, with a complete `Allow` (RFC 9110 sections 9.3.7 and 10.2.1)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from litestar import Response
from litestar.handlers import HTTPRouteHandler, route


def with_options(handlers: Sequence[HTTPRouteHandler]) -> list[HTTPRouteHandler]:
    """Return *handlers*, after one more for each of their paths that says what is allowed there.

    The framework's own, which it adds where it meets none before, names the first handler only.
    """
    methods: defaultdict[str, set[str]] = defaultdict(set)
    for handler in handlers:
        for path in handler.paths:
            methods[path] |= handler.http_methods
    return [*(_options(path, known) for path, known in methods.items()), *handlers]


def _options(path: str, methods: set[str]) -> HTTPRouteHandler:
    allowed = ", ".join(sorted({*methods, "OPTIONS"}))

    @route(path, http_method="OPTIONS", status_code=204, name=f"options {path}")
    async def options() -> Response[None]:
        return Response(None, status_code=204, headers={"allow": allowed})

    return options
