"""Problems that are answered below the application, where there is no request to speak of yet."""

from __future__ import annotations

import http

import msgspec

from cortex_core.domain.correlation import urn
from cortex_core.domain.errors import CortexError

__all__ = ["Problem", "problem"]


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """An answer in RFC 9457's form: *headers* in lower case, and the JSON *body*."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes

    def wire(self, headers: list[tuple[bytes, bytes]]) -> bytes:
        """Return the whole HTTP/1.1 answer, with *headers* before its own."""
        first = f"HTTP/1.1 {self.status} {http.HTTPStatus(self.status).phrase}\r\n".encode()
        lines = [name + b": " + value + b"\r\n" for name, value in [*headers, *self.headers]]
        return b"".join([first, *lines, b"\r\n", self.body])


def problem(
    status: int, error: CortexError, *, correlation_id: str, docs_url: str, cause: str = ""
) -> Problem:
    """Say *error* with *status*, under a *correlation_id*; the connection ends with it."""
    body = msgspec.json.encode(
        {
            "type": f"{docs_url}/errors#{error.code}",
            "title": error.title,
            "status": status,
            "detail": str(error),
            "instance": urn(correlation_id),
            "code": error.code,
            "correlation_id": correlation_id,
            "retryable": error.retryable,
            "errors": [],
            **({"cause": cause} if cause else {}),
        }
    )
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-correlation-id", correlation_id.encode()),
        (b"connection", b"close"),
    ]
    if error.retryable:
        headers.append((b"retry-after", str(error.retry_after).encode()))
    return Problem(status=status, headers=headers, body=body)
