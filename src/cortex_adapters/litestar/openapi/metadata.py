"""The schema of metadata as it is taken: all of its rules that a schema can tell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cortex_adapters.litestar.openapi.tree import REFERENCE, Json, reference
from cortex_core.domain.metadata import MAX_BYTES, MAX_DEPTH

NAME: Final = "Metadata"

_TEXT: Final = {"pattern": r"^[^\u0000]*$"}
_DESCRIPTION: Final = (
    f"A JSON object of at most {MAX_BYTES // 1024} KiB as compact UTF-8 JSON, and of at most"
    f" {MAX_DEPTH} levels, itself the first. No text in it holds U+0000. Integers lie within"
    " 64 bits, signed; larger numbers must be written with an exponent. Numbers are kept by"
    " value: 1.0 is 1. In a change it is merged (RFC 7396): null takes a name away."
)


def schema() -> Json:
    """Return the component schema."""
    return {
        "title": NAME,
        "description": _DESCRIPTION,
        **_members(2),
        "$defs": {_name(level): {"anyOf": [*_values(level)]} for level in range(2, MAX_DEPTH + 2)},
    }


def shared(part: Json) -> Json:
    """Return a reference to the component where *part* is an object of anything, else *part*."""
    if part.get("type") != "object" or not isinstance(part.get("additionalProperties"), dict):
        return part
    kept = {"default": part["default"]} if "default" in part else {}
    return {**reference(NAME), **kept}


def _values(level: int) -> Iterator[Json]:
    """Yield what may stand at *level*: the last one holds nothing that holds more."""
    # To a schema 1e300 is an integer too: how a number is written, only words can tell.
    yield {"type": ["null", "boolean", "number"]}
    yield {"type": "string", **_TEXT}
    if level <= MAX_DEPTH:
        yield {"type": "array", "items": _reference(level + 1)}
        yield _members(level + 1)


def _members(level: int) -> Json:
    return {
        "type": "object",
        "propertyNames": _TEXT,
        "additionalProperties": _reference(level),
    }


def _reference(level: int) -> Json:
    return {"$ref": f"{REFERENCE.format(name=NAME)}/$defs/{_name(level)}"}


def _name(level: int) -> str:
    return f"level{level}"
