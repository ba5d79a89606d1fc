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
from cortex_adapters.litestar.openapi.links import Described
from cortex_adapters.litestar.openapi.schemas import components
from cortex_adapters.litestar.openapi.shared import HEADERS, PARAMETERS, TAGS, about, security
from cortex_adapters.litestar.openapi.tree import Json

VERSION: Final = "3.1.1"
_METHODS: Final = ("get", "post", "put", "patch", "delete")


def build_document(app: Litestar, config: WebConfig) -> dict[str, object]:
    """Return the document of *app*: every route that says something of itself, and no other."""
    described = sorted(_described(app), key=_order)
    schemas = components(each.operation for each in described)
    schemes = security(config)
    paths: dict[str, Json] = {}
    for each in described:
        paths.setdefault(each.path, {})[each.method] = entry(
            each, described, schemas, schemes=schemes, development=config.development
        )
    used = {each.operation.tag for each in described}
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
            "securitySchemes": schemes,
        },
    }


def _described(app: Litestar) -> Iterator[Described]:
    for route in app.routes:
        if not isinstance(route, HTTPRoute):
            continue
        for handler in route.route_handlers:
            operation = handler.opt.get("operation")
            if operation is not None:
                for method in handler.http_methods - {"HEAD"}:  # GET says it all
                    yield Described(route.path_format, method.lower(), _name(handler), operation)


def _name(handler: HTTPRouteHandler) -> str:
    """Return the name that clients made from the document give the operation."""
    return f"{handler.fn.__module__.rpartition('.')[2]}_{handler.fn.__name__}"


def _order(each: Described) -> tuple[int, str, int]:
    """Put subjects in the order of `TAGS`, paths by name, and reading before writing."""
    return list(TAGS).index(each.operation.tag), each.path, _METHODS.index(each.method)
