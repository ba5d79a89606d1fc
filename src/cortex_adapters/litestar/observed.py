"""What is told of every request: its span, how long it took, and one line in the log."""

from __future__ import annotations

from collections.abc import Mapping
from time import perf_counter
from typing import Final

from litestar import Litestar
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from cortex_adapters.litestar.correlation import correlation_id
from cortex_core.domain.correlation import correlated
from cortex_core.ports import AttributeValue, Carrier, Level, Principal, Telemetry

# What those who look after the server ask all the time.
_QUIET: Final = ("/health", "/health/live", "/health/ready", "/metrics")
# RFC 9110 section 9 and RFC 5789; any other would be a label of the caller's choice.
_METHODS: Final = frozenset(
    {"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"}
)
_W3C: Final = {b"traceparent": "traceparent", b"tracestate": "tracestate"}
_SERVER_ERROR: Final = 500
_CODE: Final = "cortex_code"
_REASON: Final = "cortex_reason"


def note_code(scope: Scope, code: str) -> None:
    """Take note of the code of the problem that answers this request."""
    scope["state"][_CODE] = code


def note_reason(scope: Scope, reason: str) -> None:
    """Take note of what a failure of ours goes back to, for the log alone."""
    scope["state"][_REASON] = reason


def observed(app: ASGIApp) -> ASGIApp:
    """Wrap *app*, the whole application: everything it does for a request belongs to its span."""

    async def observe(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
            return
        telemetry = _telemetry(scope["litestar_app"])
        status = 0
        began = perf_counter()

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        attributes: dict[str, AttributeValue] = {
            "http.request.method": _method(scope),
            "url.scheme": scope["scheme"],
        }
        word = correlation_id(scope)
        with (
            correlated(word),
            telemetry.span("http.server.request", _parent(scope), **attributes) as span,
        ):
            try:
                await app(scope, receive, noting)
            finally:
                span.set(correlation_id=word, **_found(scope, status))
                _log(telemetry, scope, status, perf_counter() - began)

    return observe


def _telemetry(app: Litestar) -> Telemetry:
    telemetry: Telemetry = app.state.service.cortex.ports.telemetry
    return telemetry


def _method(scope: Scope) -> str:
    method = str(scope.get("method"))
    return method if method in _METHODS else "_OTHER"


def _parent(scope: Scope) -> Carrier | None:
    """Return what carries the caller's trace (W3C Trace Context), if there is one."""
    found: dict[str, str] = {}
    for name, value in scope["headers"]:
        if name in _W3C:
            header = _W3C[name]
            word = value.decode("latin-1")
            found[header] = f"{found[header]},{word}" if header in found else word
    return found if "traceparent" in found else None


def _found(scope: Scope, status: int) -> dict[str, AttributeValue]:
    """Return what is known of the request at its end."""
    found: dict[str, AttributeValue] = {}
    if route := scope.get("path_template"):
        found["http.route"] = str(route)
    if status:
        found["http.response.status_code"] = status
    if status >= _SERVER_ERROR:
        found["error.type"] = _code(scope) or str(status)
    return found


def _log(telemetry: Telemetry, scope: Scope, status: int, seconds: float) -> None:
    route = str(scope.get("path_template") or "")
    fields: dict[str, AttributeValue] = {
        "method": _method(scope),
        "route": route,
        "status": status,
        "duration_ms": round(seconds * 1000, 1),
    }
    if code := _code(scope):
        fields["code"] = code
    if reason := scope["state"].get(_REASON):
        fields["reason"] = str(reason)
    user = scope.get("user")
    if isinstance(user, Principal):
        fields["principal"] = user.subject
    telemetry.log("http.request", level=_level(route, status), **fields)


def _level(route: str, status: int) -> Level:
    if status == _SERVER_ERROR:
        return "error"
    if status > _SERVER_ERROR:
        return "warning"
    return "debug" if route in _QUIET else "info"


def _code(scope: Scope) -> str:
    state: Mapping[str, str] = scope["state"]
    return state.get(_CODE, "")
