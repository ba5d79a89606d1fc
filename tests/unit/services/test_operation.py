"""The wrapper that every use case runs inside."""

import asyncio

import pytest

from cortex_adapters.memory.errors import MemoryErrorReporter
from cortex_adapters.memory.ports import ports_around
from cortex_adapters.memory.store import MemoryStore
from cortex_adapters.memory.telemetry import MemoryTelemetry
from cortex_core import Ports
from cortex_core.domain.errors import CortexError, InternalError, NotFoundError, catalogue
from cortex_core.services.operation import operation


@pytest.fixture
def telemetry() -> MemoryTelemetry:
    return MemoryTelemetry()


@pytest.fixture
def errors() -> MemoryErrorReporter:
    return MemoryErrorReporter()


@pytest.fixture
def ports(telemetry: MemoryTelemetry, errors: MemoryErrorReporter) -> Ports:
    return ports_around(MemoryStore(), telemetry=telemetry, errors=errors)


def _outcomes(telemetry: MemoryTelemetry) -> list[object]:
    return [span.attributes["outcome"] for span in reversed(telemetry.spans)]


def test_success_is_traced(ports: Ports, telemetry: MemoryTelemetry) -> None:
    with operation(ports, "house.build", attempt=2) as span:
        span.set(rooms=7)
    [span] = telemetry.spans
    assert (span.name, span.attributes) == (
        "cortex.operation",
        {"operation": "house.build", "attempt": 2, "rooms": 7, "outcome": "ok"},
    )


def test_a_named_error_passes_as_it_is(
    ports: Ports, telemetry: MemoryTelemetry, errors: MemoryErrorReporter
) -> None:
    error = NotFoundError()
    with pytest.raises(NotFoundError) as caught, operation(ports, "house.find"):
        raise error
    assert caught.value is error
    assert _outcomes(telemetry) == ["not-found"]
    assert not errors.reports


def test_anything_else_is_reported_and_becomes_an_internal_error(
    ports: Ports, telemetry: MemoryTelemetry, errors: MemoryErrorReporter
) -> None:
    error = ZeroDivisionError("secret")
    with pytest.raises(InternalError) as caught, operation(ports, "house.build"):
        raise error
    [report] = errors.reports
    assert (report.error, report.operation) == (error, "house.build")
    assert caught.value.incident == report.incident
    assert report.incident in str(caught.value)
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is error
    assert _outcomes(telemetry) == ["internal"]


def test_inside_another_it_is_reported_once(
    ports: Ports, telemetry: MemoryTelemetry, errors: MemoryErrorReporter
) -> None:
    with pytest.raises(InternalError), operation(ports, "outer"), operation(ports, "inner"):
        raise ZeroDivisionError
    assert [report.operation for report in errors.reports] == ["inner"]
    assert _outcomes(telemetry) == ["internal", "internal"]


async def test_being_cancelled_is_neither_success_nor_an_incident(
    ports: Ports, telemetry: MemoryTelemetry, errors: MemoryErrorReporter
) -> None:
    async def wait() -> None:
        with operation(ports, "house.wait"):
            await asyncio.sleep(60)

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert _outcomes(telemetry) == ["cancelled"]
    assert not errors.reports


def test_no_outcome_can_be_mistaken_for_another() -> None:
    codes = [entry.code for entry in catalogue()]
    assert not {"ok", "cancelled"} & {*codes}
    # Only what nobody planned for has the code of the root.
    assert [entry for entry in catalogue() if entry.code == CortexError.code] == [InternalError]
    assert len(codes) == len(set(codes))
