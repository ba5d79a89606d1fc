"""The OpenAPI document, made from the routes and from what each says of itself."""

from __future__ import annotations

from cortex_adapters.litestar.openapi.document import build_document

__all__ = ["build_document"]
