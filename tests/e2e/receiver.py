"""A small receiver of OTLP over HTTP, which keeps what it is sent and can be told to misbehave."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.e2e.server import free_port

Mode = Literal["takes", "refuses", "slow", "blackhole", "closed"]
SLOW_SECONDS = 3.0


@dataclass(frozen=True)
class Span:
    """A span as it arrived; ids are in hex, *parent* is empty at the top."""

    name: str
    kind: int
    trace: str
    id: str
    parent: str
    attributes: Mapping[str, Any]
    resource: Mapping[str, Any]
    links: tuple[str, ...]
    events: tuple[Mapping[str, Any], ...]
    failed: bool


@dataclass
class Receiver:
    """Listens on loopback, at *url*; it can change its *mode* at any time, but for a closed one."""

    mode: Mode = "takes"
    port: int = field(default_factory=free_port)
    keeps: bool = True
    requests: int = 0
    _bodies: dict[str, list[bytes]] = field(default_factory=dict)
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def settings(self) -> dict[str, str]:
        """What a server needs to know, to send all it has here within moments."""
        return {
            "OTEL_EXPORTER_OTLP_ENDPOINT": self.url,
            "OTEL_BSP_SCHEDULE_DELAY": "100",
            "OTEL_BLRP_SCHEDULE_DELAY": "100",
            "OTEL_METRIC_EXPORT_INTERVAL": "300",
            "NO_PROXY": "127.0.0.1",
        }

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[Receiver]:
        """Receive while inside."""
        if self.mode == "closed":
            yield self
            return
        server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        try:
            yield self
        finally:
            server.close()
            for writer in list(self._writers):
                writer.close()

    @property
    def raw(self) -> bytes:
        """All that came, as it came, for who looks for what must not be in it."""
        return b"".join(body for bodies in self._bodies.values() for body in bodies)

    @property
    def spans(self) -> list[Span]:
        return [
            _span(each, resource)
            for body in self._bodies.get("/v1/traces", [])
            for one in ExportTraceServiceRequest.FromString(body).resource_spans
            for resource in [_values(one.resource.attributes)]
            for scope in one.scope_spans
            for each in scope.spans
        ]

    def trace(self, correlation_id: str) -> list[Span]:
        """Return the spans of the request with that correlation id, in no order."""
        spans = self.spans
        traces = {
            span.trace for span in spans if span.attributes.get("correlation_id") == correlation_id
        }
        return [span for span in spans if span.trace in traces]

    @property
    def logs(self) -> list[dict[str, Any]]:
        """The log records' attributes, with what else they say beside them."""
        return [
            {
                **_values(each.attributes),
                "body": each.body.string_value,
                "event": each.event_name,
                "severity": each.severity_text,
                "trace": each.trace_id.hex(),
            }
            for body in self._bodies.get("/v1/logs", [])
            for one in ExportLogsServiceRequest.FromString(body).resource_logs
            for scope in one.scope_logs
            for each in scope.log_records
        ]

    def points(self, name: str) -> list[tuple[dict[str, Any], float]]:
        """Return the labels and the newest number of each series; of a histogram, how many."""
        found: dict[str, tuple[dict[str, Any], float]] = {}
        for metric in self._metrics():
            if metric.name == name:
                for point in _points(metric):
                    labels = _values(point.attributes)
                    found[repr(sorted(labels.items()))] = (labels, _number(point))
        return list(found.values())

    @property
    def metrics(self) -> set[str]:
        return {metric.name for metric in self._metrics()}

    def forget(self) -> None:
        """Begin anew, with nothing."""
        self._bodies.clear()

    def _metrics(self) -> Iterator[Any]:
        for body in self._bodies.get("/v1/metrics", []):
            for one in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                for scope in one.scope_metrics:
                    yield from scope.metrics

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while await self._answer(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {
            name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:])
        }
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.requests += 1
        if self.mode == "blackhole":
            await reader.read()  # until it gives up
            return False
        if self.mode == "slow":
            await asyncio.sleep(SLOW_SECONDS)
        if self.mode == "refuses":
            writer.write(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
        else:
            path = head[0].split(" ")[1]
            plain = gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body
            if self.keeps:
                self._bodies.setdefault(path, []).append(plain)
            writer.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\n"
                b"Content-Length: 0\r\n\r\n"
            )
        await writer.drain()
        return True


def _span(span: Any, resource: Mapping[str, Any]) -> Span:
    return Span(
        name=span.name,
        kind=span.kind,
        trace=span.trace_id.hex(),
        id=span.span_id.hex(),
        parent=span.parent_span_id.hex(),
        attributes=_values(span.attributes),
        resource=resource,
        links=tuple(link.trace_id.hex() for link in span.links),
        events=tuple({"name": each.name, **_values(each.attributes)} for each in span.events),
        failed=span.status.code == span.status.STATUS_CODE_ERROR,
    )


def _values(attributes: Iterable[Any]) -> dict[str, Any]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in attributes}


def _points(metric: Any) -> Iterable[Any]:
    points: Iterable[Any] = getattr(metric, metric.WhichOneof("data")).data_points
    return points


def _number(point: Any) -> float:
    if hasattr(point, "count"):
        return int(point.count)
    return float(getattr(point, point.WhichOneof("value")))
