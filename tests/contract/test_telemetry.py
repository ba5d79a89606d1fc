"""The adapters that log keep every promise, on a stderr that nobody reads."""

import os
from collections.abc import Iterator

import pytest

from cortex_adapters.telemetry.errors import LogErrorReporter
from cortex_adapters.telemetry.logs import Log, LogTelemetry, open_log
from cortex_core.contract import ErrorReporterContract, TelemetryContract


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
