"""Successful answers."""

from __future__ import annotations

from typing import Final

import msgspec
from litestar import Response
from litestar.types import Receive, Scope, Send

JSON: Final = "application/json"


class Answer:
    """A JSON body with its headers, ready to be sent; each request pays for what it does."""

    __slots__ = ("_body", "_headers", "_status")

    def __init__(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        self._status = status
        self._headers = headers
        self._body = body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        await send(
            {"type": "http.response.start", "status": self._status, "headers": self._headers}
        )
        await send({"type": "http.response.body", "body": self._body, "more_body": False})


def answer(
    value: object, *, status: int = 200, etag: int | None = None, location: str | None = None
) -> Answer:
    """Answer *value* as JSON, with its version as `ETag`."""
    body = msgspec.json.encode(value)
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
    ]
    if etag is not None:
        headers.append((b"etag", b'"%d"' % etag))
    if location is not None:
        headers.append((b"location", location.encode("ascii")))
    return Answer(status, headers, body)


def nothing() -> Response[None]:
    """Answer that it is done."""
    return Response(None, status_code=204)
