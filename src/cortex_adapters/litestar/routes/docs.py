"""The OpenAPI document, and pages for people."""

from __future__ import annotations

from litestar.handlers import HTTPRouteHandler

handlers: list[HTTPRouteHandler] = []
