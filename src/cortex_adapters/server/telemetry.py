"""How the server tells what it does: a log always, traces and metrics where they are installed."""

from __future__ import annotations

import os
import platform
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from typing import Final

from cortex_adapters.settings import Settings
from cortex_adapters.telemetry.errors import LogErrorReporter, said_by_cause
from cortex_adapters.telemetry.levels import switching
from cortex_adapters.telemetry.lines import Place
from cortex_adapters.telemetry.logs import LogTelemetry, correlated, open_log
from cortex_adapters.telemetry.standard import capturing
from cortex_core.domain.correlation import correlation_id
from cortex_core.domain.errors import CortexError, SettingsError
from cortex_core.ports import AttributeValue, ErrorReporter, Telemetry

SERVICE: Final = "cortex-core"
_SAMPLED: Final = 0.1
_TURN: Final = 0.0005
"""Seconds for which a thread that logs or exports keeps requests waiting; 5 ms unless set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Where the server tells what it does; *page* gives its metrics to Prometheus, if it can."""

    telemetry: Telemetry
    errors: ErrorReporter
    page: Callable[[], bytes] | None = None


def shown_cause(settings: Settings) -> Callable[[CortexError], str]:
    """Return what says to a caller what an error goes back to: in production nothing, ever."""
    return said_by_cause if settings.development else lambda _error: ""


@contextmanager
def open_telling(settings: Settings, *, worker: int = 0) -> Iterator[Told]:
    """Open the log; and OpenTelemetry, unless it is not installed or `OTEL_SDK_DISABLED`.

    *worker* is the number of this process among those that share the port.
    """
    release = version("cortex-core")
    service = os.environ.get("OTEL_SERVICE_NAME") or SERVICE
    json = settings.log_format == "json"
    always: dict[str, AttributeValue] = {
        "service": service,
        "version": release,
        "environment": settings.environment,
        **({"worker": worker} if settings.workers > 1 else {}),
    }
    with ExitStack() as stack:
        stack.callback(sys.setswitchinterval, sys.getswitchinterval())
        sys.setswitchinterval(_TURN)
        traced = _is_wanted()
        log = stack.enter_context(
            open_log(
                level=settings.log_level,
                json=json,
                always=always,
                place=_traced() if traced else correlated,
            )
        )
        stack.enter_context(capturing(log, dict(settings.log_levels)))
        stack.enter_context(switching(log))
        lines, errors = LogTelemetry(log), LogErrorReporter(log)
        if not traced:
            yield Told(telemetry=lines, errors=errors)
            return
        from cortex_adapters.otel.opening import open_telemetry  # noqa: PLC0415 - may be missing

        try:
            opened = stack.enter_context(
                open_telemetry(
                    lines,
                    resource={
                        "service.name": service,
                        "service.version": release,
                        "service.instance.id": f"{socket.gethostname()}-{settings.port}-{worker}",
                        "deployment.environment.name": settings.environment,
                        "worker": str(worker),
                    },
                    ratio=1.0 if settings.development else _SAMPLED,
                )
            )
        except ValueError as error:
            raise SettingsError([f"OTEL_*: {error}"]) from error
        build = {"version": release, "python": platform.python_version()}
        telemetry = opened.telemetry
        stack.enter_context(telemetry.observe("cortex.log.dropped", lambda: [(log.dropped, {})]))
        telemetry.measure("cortex.build.info", 1, **build, environment=settings.environment)
        yield Told(telemetry=telemetry, errors=opened.reporting(errors), page=opened.page)


def _is_wanted() -> bool:
    disabled = os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    return not disabled and find_spec("opentelemetry.sdk") is not None


def _traced() -> Callable[[], Place]:
    """Return what says in what request something is said, and where in a trace."""
    from cortex_adapters.otel.spans import current_work  # noqa: PLC0415 - may be missing

    def place() -> Place:
        work = current_work()
        if work is None:
            return correlated()
        return Place(correlation_id(), work.trace_id, work.span_id)

    return place
