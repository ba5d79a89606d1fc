"""Threads beside the event loop, which log and export, get short turns."""

import sys

import pytest

from cortex_adapters.server.telemetry import open_telling
from cortex_adapters.settings import load_settings


@pytest.mark.parametrize("disabled", ["true", "false"])
def test_turns_are_short_while_telling_is_open(monkeypatch: pytest.MonkeyPatch, disabled: str):
    monkeypatch.setenv("OTEL_SDK_DISABLED", disabled)
    before = sys.getswitchinterval()
    with open_telling(load_settings({})):
        assert sys.getswitchinterval() == pytest.approx(0.0005)
    assert sys.getswitchinterval() == before
