"""What is told of each request to an identity provider, and what goes along with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from cortex_core.domain.correlation import correlation_id
from cortex_core.ports import AttributeValue, Span, Telemetry


class Outbound:
    """One request under way: *headers* carry the trace and the correlation id on."""

    def __init__(self, span: Span, headers: dict[str, str]) -> None:
        self.headers = headers
        self._span = span

    def answered(self, status: int) -> None:
        """Take note of the status."""
        self._span.set(**{"http.response.status_code": status})

    def failed(self, reason: str) -> None:
        """Take note that there is no good answer; *reason* is one of few words."""
        self._span.set(**{"error.type": reason})


@contextmanager
def outbound(telemetry: Telemetry, method: str, url: str) -> Iterator[Outbound]:
    """Trace and measure one request to *url*, of which only the host and the port are told."""
    attributes: dict[str, AttributeValue] = {"http.request.method": method}
    try:
        place = urlsplit(url)
        attributes["server.address"] = place.hostname or ""
        attributes["server.port"] = place.port or {"http": 80}.get(place.scheme, 443)
    except ValueError:
        attributes["server.address"] = ""
    with telemetry.span("http.client.request", **attributes) as span:
        headers = dict(telemetry.carrier())
        if word := correlation_id():
            headers["x-correlation-id"] = word
        yield Outbound(span, headers)
