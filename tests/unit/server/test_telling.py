"""What the variables of OpenTelemetry say that cannot be is a fault of the settings."""

import pytest

from cortex_adapters.server.telemetry import open_telling
from cortex_adapters.settings import load_settings
from cortex_core.domain.errors import SettingsError


def test_a_queue_that_cannot_be_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "99999")
    with pytest.raises(SettingsError) as caught, open_telling(load_settings({})):
        pass
    [fault] = caught.value.faults
    assert fault.startswith("OTEL_*: max_export_batch_size")
