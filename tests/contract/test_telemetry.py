"""The adapters of telemetry keep every promise, on a stderr that nobody reads."""

import os
import socket
from collections.abc import Iterator

import pytest

from cortex_adapters.otel.opening import Opened, open_telemetry
from cortex_adapters.telemetry.errors import LogErrorReporter
from cortex_adapters.telemetry.logs import Log, LogTelemetry, open_log
from cortex_core.contract import ErrorReporterContract, TelemetryContract
from cortex_core.ports import ErrorReporter, NoTelemetry, Telemetry


@pytest.fixture(params=["json", "text"])
def log(request: pytest.FixtureRequest) -> Iterator[Log]:
    reading, writing = os.pipe()
    try:
        with open_log(level="debug", json=request.param == "json", fd=writing) as log:
            yield log
            os.close(reading)
    finally:
        os.close(writing)


class TestLogTelemetry(TelemetryContract):
    @pytest.fixture
    def telemetry(self, log: Log) -> LogTelemetry:
        return LogTelemetry(log)


class TestLogErrorReporter(ErrorReporterContract):
    @pytest.fixture
    def reporter(self, log: Log) -> LogErrorReporter:
        return LogErrorReporter(log)


@pytest.fixture(params=[0.0, 1.0], ids=["no request sampled", "every request sampled"])
def opened(request: pytest.FixtureRequest, log: Log) -> Iterator[Opened]:
    with open_telemetry(LogTelemetry(log), resource={}, ratio=request.param, environ={}) as opened:
        yield opened


class TestOpenTelemetry(TelemetryContract):
    @pytest.fixture
    def telemetry(self, opened: Opened) -> Iterator[Telemetry]:
        yield opened.telemetry
        assert isinstance(opened.page(), bytes)


class TestSpanErrorReporter(ErrorReporterContract):
    @pytest.fixture
    def reporter(self, opened: Opened, log: Log) -> Iterator[ErrorReporter]:
        with opened.telemetry.span("work"):
            yield opened.reporting(LogErrorReporter(log))

    @pytest.fixture
    def stuck_reporter(self, log: Log, monkeypatch: pytest.MonkeyPatch) -> Iterator[ErrorReporter]:
        with socket.create_server(("127.0.0.1", 0)) as collector:  # accepts, and never answers
            endpoint = f"http://127.0.0.1:{collector.getsockname()[1]}"
            monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
            with (
                open_telemetry(LogTelemetry(log), resource={}, ratio=1.0) as opened,
                opened.telemetry.span("work"),
            ):
                yield opened.reporting(LogErrorReporter(log))
                collector.settimeout(5)
                collector.accept()[0].close()


class TestNoTelemetry(TelemetryContract):
    @pytest.fixture
    def telemetry(self) -> NoTelemetry:
        return NoTelemetry()
