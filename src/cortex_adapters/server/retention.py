"""For how long messages and events are kept."""

from __future__ import annotations

from datetime import timedelta

from cortex_adapters.settings import Settings
from cortex_core.services.retention import Keep


def kept(settings: Settings) -> Keep:
    """Return what the settings say; what they leave out is kept for ever."""
    return Keep(messages=_days(settings.keep_messages), events=_days(settings.keep_events))


def _days(count: int | None) -> timedelta | None:
    return None if count is None else timedelta(days=count)
