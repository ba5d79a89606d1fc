"""Schemas of events: in pages of a conversation's log, and in its stream."""

from __future__ import annotations

from typing import Any, Final, get_args

from cortex_adapters.litestar.openapi.tree import Json, reference
from cortex_adapters.litestar.sse import RETRY_MS
from cortex_core.domain.events import EventData, Logged, TurnDelta
from cortex_core.domain.models import Actor

_LOGGED: Final[tuple[type[EventData], ...]] = get_args(Logged)

CARRIED: Final[tuple[Any, ...]] = (*_LOGGED, Actor)
"""The types that the schemas of events refer to."""

PAGE: Final = "EventPage"
STREAMED: Final = "StreamEvent"

_AT: Final = {"type": "string", "format": "date-time"}
_PLACE: Final = {"type": "integer", "minimum": 1, "description": "Its place in the log."}
_NONE: Final = {"type": "null"}
_DELTA: Final[Json] = {
    "type": "object",
    "properties": {
        "turn_id": {"type": "string", "format": "uuid"},
        "attempt": {"type": "integer", "minimum": 1},
        "index": {
            "type": "integer",
            "minimum": 0,
            "description": "Counts the pieces of this attempt: a gap is a loss.",
        },
        "text": {"type": "string"},
    },
    "required": ["turn_id", "attempt", "index", "text"],
    "additionalProperties": False,
}
_OLDEST: Final[Json] = {
    "type": "object",
    "properties": {"oldest": {"type": "integer", "minimum": 1}},
    "required": ["oldest"],
    "additionalProperties": False,
}

_WORD: Final[Json] = {
    "type": ["string", "null"],
    "description": "That of the request that led to it, if one did.",
}


def schemas() -> dict[str, Json]:
    """Return the component schemas of events, by name."""
    logged = {
        kind.type: _event(kind.type, _meaning(kind), reference(kind.__name__), _PLACE)
        for kind in _LOGGED
    }
    passing = {
        TurnDelta.type: _event(TurnDelta.type, _meaning(TurnDelta), _DELTA, _NONE),
        "reset": _event(
            "reset",
            "Passing: resuming is impossible; what follows begins at the event `oldest`.",
            _OLDEST,
            _NONE,
            actor=_NONE,
        ),
        "goodbye": _event(
            "goodbye",
            "Passing, and the last: the server is leaving, or access has ended; says which.",
            reference("Problem"),
            _NONE,
            actor=_NONE,
        ),
    }
    return {
        **{_name(type_): schema for type_, schema in {**logged, **passing}.items()},
        "LoggedEvent": _one_of("LoggedEvent", "An event in a conversation's log.", logged),
        STREAMED: _one_of(STREAMED, "An event in a stream.", {**logged, **passing}),
        PAGE: {
            "title": PAGE,
            "description": "Events in the order of the log, and the cursor of the next page.",
            "type": "object",
            "properties": {
                "items": {"type": "array", "items": reference("LoggedEvent")},
                "next_cursor": {"type": ["string", "null"]},
            },
            "required": ["items", "next_cursor"],
            "additionalProperties": False,
        },
    }


def stream(schema: Json, text: str) -> Json:
    """Return the media type object of the stream; *text* is an example, *schema* an event's."""
    return {
        "schema": {
            "type": "string",
            "description": (
                f"Server-sent events (WHATWG HTML, section 9.2). First `retry: {RETRY_MS}`. Then"
                " one block for each event: `id: <epoch>.<seq>` where it has a place in the log,"
                " `event:` its type, `data:` one line of JSON, a `StreamEvent`. The epoch is an"
                " opaque word that names this history of the database. A comment line each 15"
                " seconds keeps the connection alive. A `goodbye` that is `retryable` says when to"
                " connect again, as `retry:`, too."
            ),
        },
        "examples": {"answer": {"summary": "A message, and its answer", "value": text}},
        "x-event-schema": schema,
    }


def _event(type_: str, meaning: str, data: Json, seq: Json, actor: Json | None = None) -> Json:
    fields = {
        "type": {"type": "string", "const": type_},
        "seq": seq,
        "at": _AT,
        "actor": actor or reference("Actor"),
        "data": data,
        "correlation_id": _WORD,
    }
    return {
        "title": _name(type_),
        "description": meaning,
        "type": "object",
        "properties": fields,
        "required": list(fields),
        "additionalProperties": False,
    }


def _one_of(title: str, meaning: str, events: dict[str, Json]) -> Json:
    references = {type_: reference(_name(type_)) for type_ in events}
    mapping = {type_: schema["$ref"] for type_, schema in references.items()}
    return {
        "title": title,
        "description": meaning,
        "oneOf": list(references.values()),
        "discriminator": {"propertyName": "type", "mapping": mapping},
    }


def _name(type_: str) -> str:
    return "".join(word.capitalize() for word in type_.split(".")) + "Event"


def _meaning(kind: type) -> str:
    return " ".join((kind.__doc__ or "").split())
