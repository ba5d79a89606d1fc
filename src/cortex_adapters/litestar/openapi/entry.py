"""The entry of one operation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from cortex_adapters.litestar import sse
from cortex_adapters.litestar.call import FORM
from cortex_adapters.litestar.openapi import events, refusals
from cortex_adapters.litestar.openapi.examples import example
from cortex_adapters.litestar.openapi.links import Described, links
from cortex_adapters.litestar.openapi.schemas import ID, answer_schema
from cortex_adapters.litestar.openapi.stream import sample
from cortex_adapters.litestar.openapi.tree import Json, reference
from cortex_adapters.litestar.operations import Operation
from cortex_core.domain.errors import catalogue
from cortex_core.domain.models import Role

_JSON: Final = "application/json"
_MERGE_PATCH: Final = "application/merge-patch+json"
_WORDS: Final = {
    200: "Done.",
    201: "Made; Location says where it is.",
    204: "Done; there is nothing more to say.",
    303: "Go on at Location.",
}
_CODE: Final[Json] = {"type": "string", "enum": sorted(kind.code for kind in catalogue())}
_THINGS: Final = {
    "code": "The code of an error.",
    "workspace_id": "The workspace.",
    "conversation_id": "The conversation.",
    "message_id": "The message.",
    "user_id": "The user.",
}


def entry(
    each: Described,
    others: Iterable[Described],
    components: dict[str, Json],
    *,
    schemes: Iterable[str],
    development: bool,
) -> Json:
    """Return the operation object of one route among *others*; any of *schemes* proves a caller."""
    operation = each.operation
    made: Json = {
        "operationId": each.name,
        "summary": operation.summary,
        "tags": [operation.tag],
        "security": list(_security(operation, schemes, development=development)),
        "parameters": list(_parameters(each)),
    }
    if operation.permission:
        needed = f"the permission `{operation.permission}`{_place(operation)}"
        if operation.scrape:
            needed += ", or the token for metrics as a Bearer token; nothing in development"
        made["description"] = f"Needs {needed}."
    if operation.body:
        made["requestBody"] = _body(operation.body, components, merge=operation.merge_patch)
    if operation.form:
        made["requestBody"] = {"required": True, "content": {FORM: {"schema": {"type": "object"}}}}
    success = _success(operation, components)
    if leading := links(each, others):
        success["links"] = leading
    made["responses"] = {
        str(operation.status): success,
        **refusals.responses(operation, each.path),
    }
    return made


def _security(operation: Operation, schemes: Iterable[str], *, development: bool) -> Iterator[Json]:
    if operation.public:
        return
    if operation.scrape and development:
        yield {}
    for scheme in schemes:
        yield {scheme: [operation.permission] if operation.permission else []}


def _place(operation: Operation) -> str:
    """Return what a caller must be to the workspace or the conversation, as words."""
    if not operation.roles:
        return ""
    names = " or ".join(role.value for role in Role if role in operation.roles)
    said = f", and the role {names} in the workspace"
    if operation.participants:
        said += ", or to have been added by name"
    return said + (", unless it is about oneself" if operation.oneself else "")


def _parameters(each: Described) -> Iterator[Json]:
    for name in each.ids:
        yield {
            "name": name,
            "in": "path",
            "required": True,
            "description": _THINGS[name],
            "schema": _CODE if name == "code" else ID,
        }
    for query in each.operation.query:
        yield {
            "name": query.name,
            "in": "query",
            **({"required": True} if query.required else {}),
            "description": query.description,
            "schema": query.schema,
        }
    if each.operation.if_match:
        yield {"$ref": "#/components/parameters/If-Match"}
    if each.operation.stream:
        yield {"$ref": "#/components/parameters/Last-Event-ID"}
    yield {"$ref": "#/components/parameters/X-Correlation-ID"}


def _body(kind: type, components: dict[str, Json], *, merge: bool) -> Json:
    schema = reference(kind.__name__)
    content = {"schema": schema, "example": example(schema, components)}
    media_types = [_JSON, _MERGE_PATCH] if merge else [_JSON]
    return {"required": True, "content": dict.fromkeys(media_types, content)}


def _success(operation: Operation, components: dict[str, Json]) -> Json:
    names = ["X-Correlation-ID"]
    if operation.etag:
        names.append("ETag")
    if operation.location:
        names.append("Location")
    made: Json = {
        "description": operation.answer_description or _WORDS[operation.status],
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in names},
    }
    content: Json = {}
    if operation.stream:
        content[sse.MEDIA_TYPE] = events.stream(reference(events.STREAMED), sample(components))
    if operation.answer is not None:
        schema = answer_schema(operation)
        content[operation.media_type] = {"schema": schema}
        if "$ref" in schema:
            content[operation.media_type]["example"] = example(schema, components)
    if content:
        made["content"] = content
    return made
