"""The OpenAPI 3.1 document, made by walking the routes of the application."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from cortex_adapters.litestar.config import WebConfig
from cortex_adapters.litestar.openapi import refusals
from cortex_adapters.litestar.openapi.entry import entry
from cortex_adapters.litestar.openapi.schemas import components
from cortex_adapters.litestar.openapi.shared import HEADERS, PARAMETERS, TAGS, about, security
from cortex_adapters.litestar.openapi.tree import Json
from cortex_adapters.litestar.operations import Operation

VERSION: Final = "3.1.1"

Described = tuple[str, str, HTTPRouteHandler, Operation]


def build_document(app: Litestar, config: WebConfig) -> dict[str, object]:
    """Return the document of *app*: every route that says something of itself, and no other."""
    described = sorted(_described(app), key=_order)
    schemas = components(operation for *_, operation in described)
    paths: dict[str, Json] = {}
    for path, method, handler, operation in described:
        paths.setdefault(path, {})[method] = entry(path, handler, operation, schemas)
    used = {operation.tag for *_, operation in described}
    return {
        "openapi": VERSION,
        "info": about(config),
        "servers": [{"url": config.public_url, "description": f"This one: {config.environment}."}],
        "tags": [{"name": tag, "description": TAGS[tag]} for tag in TAGS if tag in used],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "examples": refusals.examples(config.docs_url),
            "headers": HEADERS,
            "parameters": PARAMETERS,
            "securitySchemes": security(config),
        },
    }


def _described(app: Litestar) -> Iterator[Described]:
    for route in app.routes:
        if not isinstance(route, HTTPRoute):
            continue
        for handler in route.route_handlers:
            operation = handler.opt.get("operation")
            if operation is not None:
                for method in handler.http_methods:
                    yield route.path_format, method.lower(), handler, operation


def _order(described: Described) -> tuple[int, str, str]:
    """Put subjects in the order of `TAGS`, paths by name, and reading before writing."""
    path, method, _, operation = described
    return list(TAGS).index(operation.tag), path, method
