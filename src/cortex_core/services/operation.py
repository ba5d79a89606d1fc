"""The one wrapper that every use case runs inside."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from cortex_core.domain.errors import CortexError, InternalError
from cortex_core.ports import AttributeValue, Ports, Span


@contextmanager
def operation(ports: Ports, name: str, /, **attributes: AttributeValue) -> Iterator[Span]:
    """Trace, measure and guard one use case.

    Named errors pass through. Anything else is reported and becomes an `InternalError`, so
    that callers only ever meet `CortexError`.
    """
    outcome = "cancelled"
    with ports.telemetry.span("cortex.operation", **attributes, operation=name) as span:
        try:
            yield span
            outcome = "ok"
        except CortexError as error:
            outcome = error.code
            raise
        except Exception as error:
            outcome = InternalError.code
            raise InternalError(ports.errors.report(error, operation=name)) from error
        finally:
            span.set(outcome=outcome)
