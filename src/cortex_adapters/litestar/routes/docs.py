"""The OpenAPI document, and pages for people."""

from __future__ import annotations

import msgspec
from litestar import Litestar, Response, get

from cortex_adapters.litestar.answers import JSON
from cortex_adapters.litestar.call import Call
from cortex_adapters.litestar.openapi import build_document
from cortex_adapters.litestar.operations import Operation, describe
from cortex_adapters.litestar.pages.errors import error_page, errors_page
from cortex_adapters.litestar.pages.operations import operations_page
from cortex_adapters.litestar.pages.style import content_security_policy
from cortex_core.domain.errors import NotFoundError, catalogue

TAG = "docs"
HTML = "text/html"  # the framework adds the charset


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


@get(
    "/docs",
    opt=describe(
        Operation(
            summary="All operations, for people", tag=TAG, answer=str, media_type=HTML, public=True
        )
    ),
)
async def docs(request: Call) -> Response[bytes]:
    return _page(_made(request.app)["docs"])


@get(
    "/docs/errors",
    opt=describe(
        Operation(
            summary="All errors, for people", tag=TAG, answer=str, media_type=HTML, public=True
        )
    ),
)
async def errors(request: Call) -> Response[bytes]:
    return _page(_made(request.app)["errors"])


@get(
    "/docs/errors/{code:str}",
    opt=describe(
        Operation(
            summary="One error, for people",
            tag=TAG,
            answer=str,
            media_type=HTML,
            public=True,
            errors=(NotFoundError,),
        )
    ),
)
async def error(request: Call) -> Response[bytes]:
    code = request.path_params["code"]
    found = [kind for kind in catalogue() if kind.code == code]
    if not found:
        raise NotFoundError("There is no error with this code.")
    return _page(error_page(request.app.state.config.public_url, found[0]).encode())


def _made(app: Litestar) -> dict[str, bytes]:
    """Return the document and its pages, made when they are first asked for."""
    if "documentation" not in app.state:
        document = build_document(app, app.state.config)
        app.state["documentation"] = {
            "openapi": msgspec.json.encode(document),
            "docs": operations_page(document).encode(),
            "errors": errors_page(app.state.config.public_url).encode(),
        }
    made: dict[str, bytes] = app.state["documentation"]
    return made


def _page(page: bytes) -> Response[bytes]:
    # COOP: a window that opens this page gets no hold of it.
    headers = {
        "content-security-policy": content_security_policy(),
        "cross-origin-opener-policy": "same-origin",
    }
    return Response(page, media_type=HTML, headers=headers)


handlers = [openapi, docs, errors, error]
