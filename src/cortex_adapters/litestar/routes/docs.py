"""The OpenAPI document, and pages for people."""

from __future__ import annotations

import msgspec
from litestar import Litestar, Response, get

from cortex_adapters.litestar.answers import JSON
from cortex_adapters.litestar.call import Call
from cortex_adapters.litestar.openapi import build_document
from cortex_adapters.litestar.operations import Operation, describe

TAG = "docs"


@get(
    "/openapi.json",
    opt=describe(
        Operation(
            summary="This document",
            tag=TAG,
            answer=dict[str, object],
            public=True,
        )
    ),
)
async def openapi(request: Call) -> Response[bytes]:
    return Response(_made(request.app)["openapi"], media_type=JSON)


def _made(app: Litestar) -> dict[str, bytes]:
    """Return the document and its pages, made when they are first asked for."""
    if "documentation" not in app.state:
        document = build_document(app, app.state.config)
        app.state["documentation"] = {"openapi": msgspec.json.encode(document)}
    made: dict[str, bytes] = app.state["documentation"]
    return made


handlers = [openapi]
