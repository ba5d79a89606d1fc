"""A sample of a stream, encoded as real ones are."""

from __future__ import annotations

import json
from typing import Final

from cortex_adapters.litestar.openapi.examples import example
from cortex_adapters.litestar.openapi.tree import Json, reference
from cortex_adapters.litestar.sse import RETRY_MS

_EPOCH: Final = "01978f3a4b217f80"
_TOLD: Final = (
    "MessageCreatedEvent",
    "TurnStartedEvent",
    "TurnDeltaEvent",
    "TurnCompletedEvent",
    "GoodbyeEvent",
)


def sample(components: dict[str, Json]) -> str:
    """Return the text of a short stream."""
    text, seq = f"retry: {RETRY_MS}\n\n", 0
    for name in _TOLD:
        event = example(reference(name), components)
        if event["seq"] is not None:
            seq += 1
            event["seq"] = seq
            text += f"id: {_EPOCH}.{seq}\n"
        if name == "GoodbyeEvent":
            text += f"retry: {RETRY_MS}\n"
        text += f"event: {event['type']}\ndata: {json.dumps(event, separators=(',', ':'))}\n\n"
    return text
