"""Successful answers."""

from __future__ import annotations

from typing import Final

import msgspec
from litestar import Response

JSON: Final = "application/json"


def answer(
    value: object, *, status: int = 200, etag: int | None = None, location: str | None = None
) -> Response[bytes]:
    """Answer *value* as JSON, with its version as `ETag`."""
    headers: dict[str, str] = {}
    if etag is not None:
        headers["etag"] = f'"{etag}"'
    if location is not None:
        headers["location"] = location
    return Response(
        msgspec.json.encode(value), status_code=status, headers=headers, media_type=JSON
    )


def nothing() -> Response[None]:
    """Answer that it is done."""
    return Response(None, status_code=204)
