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


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "OTEL_EXPORTER_OTLP_PROTOCOL is grpc"),
        (
            {"OTEL_EXPORTER_OTLP_LOGS_PROTOCOL": "http/json"},
            "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL is http/json",
        ),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4318"}, "OTEL_EXPORTER_OTLP_ENDPOINT is no"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://"}, "OTEL_EXPORTER_OTLP_ENDPOINT is no"),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://[::1"}, "OTEL_EXPORTER_OTLP_TRACES_END"),
        ({"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://a:x"}, "OTEL_EXPORTER_OTLP_METRICS_E"),
    ],
)
def test_what_cannot_be_sent_is_said_at_the_start(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], named: str
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught, open_telling(load_settings({})):
        pass
    [fault] = caught.value.faults
    assert fault.startswith(f"OTEL_*: {named}")


def test_what_is_not_wanted_may_say_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
    with open_telling(load_settings({})) as told:
        assert told.page
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "x")
    for signal in ("TRACES", "METRICS", "LOGS"):
        monkeypatch.setenv(f"OTEL_{signal}_EXPORTER", "none")
    with open_telling(load_settings({})) as told:
        assert told.page
