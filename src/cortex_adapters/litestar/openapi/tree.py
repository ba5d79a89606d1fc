"""JSON Schemas as plain trees, and the few things that are done to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

Json = dict[str, Any]
"""A JSON object: a schema, or a part of the document."""

REFERENCE: Final = "#/components/schemas/{name}"


def reference(name: str) -> Json:
    """Return a reference to the component schema *name*."""
    return {"$ref": REFERENCE.format(name=name)}


def referred(part: Json) -> str | None:
    """Return the name of the component schema that *part* refers to, None if it does not."""
    return part["$ref"].rpartition("/")[2] if "$ref" in part else None


def changed(tree: Json, change: Callable[[Json], Json]) -> Json:
    """Return *tree* with *change* made to each object in it, the inner ones first."""

    def walk(value: Any) -> Any:
        if isinstance(value, dict):
            return change({name: walk(below) for name, below in value.items()})
        return [walk(below) for below in value] if isinstance(value, list) else value

    done: Json = walk(tree)
    return done
