"""The OpenAPI document of a development server, and small ways around it."""

import json
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import msgspec
import pytest
from litestar import Litestar
from msgspec.structs import replace

from cortex_adapters.litestar.app import create_app
from cortex_adapters.litestar.config import WebConfig
from cortex_adapters.litestar.openapi import build_document
from tests.unit.litestar.conftest import CONFIG


def application(config: WebConfig) -> Litestar:
    """Return an application that is never opened."""
    return create_app(lambda: pytest.fail("nothing is opened"), config)


def document_of(config: WebConfig) -> Any:
    """Return the document as clients read it."""
    return json.loads(msgspec.json.encode(build_document(application(config), config)))


DEVELOPMENT = replace(CONFIG, development=True)
DOCUMENT = document_of(DEVELOPMENT)
SCHEMAS = DOCUMENT["components"]["schemas"]
OPERATIONS = [
    (path, method, operation)
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
]
PROBLEM = "application/problem+json"


def parts(tree: Any) -> Iterator[dict[str, Any]]:
    """Yield every object in *tree*."""
    if isinstance(tree, dict):
        yield tree
        tree = list(tree.values())
    if isinstance(tree, list):
        for below in tree:
            yield from parts(below)


def resolved(part: dict[str, Any]) -> dict[str, Any]:
    """Return what *part* refers to, or *part* itself."""
    if "$ref" not in part:
        return part
    found: Any = DOCUMENT
    for word in part["$ref"].removeprefix("#/").split("/"):
        found = found[word]
    return dict(found)


def contents() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every media type object, with where it is."""
    for path, method, operation in OPERATIONS:
        bodies = [("body", operation.get("requestBody", {})), *operation["responses"].items()]
        for place, body in bodies:
            for media, content in body.get("content", {}).items():
                yield f"{method} {path} {place} {media}", content


def problems(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the examples of problems in *answer*, by code."""
    examples = answer.get("content", {}).get(PROBLEM, {}).get("examples", {})
    return {code: resolved(example)["value"] for code, example in examples.items()}


def validator(schema: dict[str, Any]) -> jsonschema_rs.Validator:
    """Return a validator of *schema*, which may refer to components."""
    whole = {**schema, "components": {"schemas": SCHEMAS}}
    return jsonschema_rs.Draft202012Validator(whole, validate_formats=True)


def named(name: str) -> jsonschema_rs.Validator:
    """Return a validator of the component schema *name*."""
    return validator({"$ref": f"#/components/schemas/{name}"})
