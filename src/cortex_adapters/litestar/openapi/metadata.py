"""The schema of metadata as it is taken: all of its rules that a schema can tell."""

from __future__ import annotations

from typing import Final

from cortex_adapters.litestar.openapi.tree import Json, reference
from cortex_core.domain.metadata import MAX_BYTES, MAX_DEPTH

_TEXT: Final = {"pattern": r"^[^\u0000]*$"}
_MEMBERS: Final[Json] = {
    "type": "object",
    "propertyNames": _TEXT,
    "additionalProperties": reference("MetadataValue"),
}

SCHEMAS: Final[dict[str, Json]] = {
    "Metadata": {
        "title": "Metadata",
        "description": (
            f"A JSON object of at most {MAX_BYTES // 1024} KiB as compact UTF-8 JSON, and of at"
            f" most {MAX_DEPTH} levels, itself the first. No text in it holds U+0000. Integers lie"
            " within 64 bits, signed; larger numbers must be written with an exponent. Numbers are"
            " kept by value: 1.0 is 1. In a change it is merged (RFC 7396): null takes a name away."
        ),
        **_MEMBERS,
    },
    "MetadataValue": {
        "title": "MetadataValue",
        "description": "A value in metadata.",
        "anyOf": [
            # To a schema 1e300 is an integer too: how a number is written, only words can tell.
            {"type": ["null", "boolean", "number"]},
            {"type": "string", **_TEXT},
            {"type": "array", "items": reference("MetadataValue")},
            _MEMBERS,
        ],
    },
}


def shared(part: Json) -> Json:
    """Return a reference to `Metadata` where *part* is an object of anything, else *part*."""
    if part.get("type") != "object" or not isinstance(part.get("additionalProperties"), dict):
        return part
    kept = {"default": part["default"]} if "default" in part else {}
    return {**reference("Metadata"), **kept}
