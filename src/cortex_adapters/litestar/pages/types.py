"""Schemas in words."""

from __future__ import annotations

import json
from typing import Final

from cortex_adapters.litestar.openapi.tree import Json, referred
from cortex_adapters.litestar.pages.markup import code, link, text

_FORMATS: Final = {
    "uuid": "id (UUID)",
    "date-time": "time (RFC 3339)",
    "uri": "URI",
    "uri-reference": "URI reference",
}


def kind(schema: Json) -> str:
    """Return what a value of *schema* is, as HTML."""
    name = referred(schema)
    if name:
        return link(f"#thing-{name}", name)
    if "const" in schema:
        return code(str(schema["const"]))
    if "enum" in schema:
        return " or ".join(code(str(value)) for value in schema["enum"])
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            return " or ".join(dict.fromkeys(kind(below) for below in schema[choice]))
    types = schema.get("type", "any JSON value")
    if isinstance(types, list):
        return " or ".join(types)
    if types == "array":
        return f"list of {kind(schema['items'])}"
    if schema.get("format") in _FORMATS:
        return _FORMATS[schema["format"]]
    if types == "object" and "properties" in schema:
        return "object with " + ", ".join(
            f"{code(field)} ({kind(below)})" for field, below in schema["properties"].items()
        )
    return str(types)


def limits(schema: Json) -> str:
    """Return what else holds for a value of *schema*, as HTML."""
    said = [*_sizes(schema)]
    for below in schema.get("anyOf", ()):
        said += _sizes(below)
    if "default" in schema:
        said.append(f"{code(json.dumps(schema['default']))} unless given")
    description = schema.get("description", "")
    return " ".join(part for part in (text(description), "; ".join(said)) if part)


def fields(schema: Json) -> list[list[str]]:
    """Return a row for each field of an object: its name, what it is, and what holds for it."""
    required = schema.get("required", ())
    return [
        [
            code(name) + ("" if name in required else ' <span class="dim">optional</span>'),
            kind(below),
            limits(below),
        ]
        for name, below in schema.get("properties", {}).items()
    ]


def _sizes(schema: Json) -> list[str]:
    said = []
    least, most = schema.get("minLength"), schema.get("maxLength")
    if most is not None:
        said.append(f"{least} to {most:,} characters" if least else f"at most {most:,} characters")
        said += ["not blank"] if least and "@" not in schema.get("pattern", "") else []
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is not None and most is not None:
        said.append(f"{least:,} to {most:,}")
    elif least is not None:
        said.append(f"{least:,} or more")
    return said
