"""For how long messages and events are kept, by the settings."""

from datetime import timedelta

from cortex_adapters.server.retention import kept
from cortex_adapters.settings import load_settings
from cortex_core.services.retention import Keep


def test_all_is_kept_for_ever_unless_set() -> None:
    assert kept(load_settings({})) == Keep()


def test_days_are_days() -> None:
    settings = load_settings({"CORTEX_KEEP_MESSAGES": "365", "CORTEX_KEEP_EVENTS": "30"})
    assert kept(settings) == Keep(messages=timedelta(days=365), events=timedelta(days=30))
