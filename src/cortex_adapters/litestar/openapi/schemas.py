"""Component schemas: what msgspec says of our types, made as tight as our code is."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final, get_args, get_origin, get_type_hints

import msgspec

from cortex_adapters.litestar.errors import Problem
from cortex_adapters.litestar.openapi import events, metadata
from cortex_adapters.litestar.openapi.refusals import CODES
from cortex_adapters.litestar.openapi.tree import REFERENCE, Json, changed, reference, referred
from cortex_adapters.litestar.operations import Operation
from cortex_core.domain import ids

ID: Final[Json] = {
    "type": "string",
    "format": "uuid",
    "pattern": "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
}
_IDS: Final = {ids.UserId, ids.WorkspaceId, ids.ConversationId, ids.MessageId, ids.TurnId}


def answer_schema(operation: Operation) -> Json:
    """Return the schema of the body that *operation* answers with."""
    if operation.stream:
        return reference(events.PAGE)
    if _is_struct(operation.answer):
        return reference(_name(operation.answer))
    return {"type": "object" if operation.media_type.endswith("json") else "string"}


def components(operations: Iterable[Operation]) -> dict[str, Json]:
    """Return the schemas of all that *operations* take and answer, by name.

    What is taken keeps the defaults of its fields; what is answered always has all its fields.
    """
    taken: set[Any] = set()
    kinds: dict[Any, None] = {}
    for operation in operations:
        if operation.body is not None:
            taken.add(operation.body)
            _collect(operation.body, kinds)
        if not operation.stream:
            _collect(operation.answer, kinds)
    for kind in (*events.CARRIED, Problem):
        _collect(kind, kinds)
    _, raw = msgspec.json.schema_components(kinds, schema_hook=_any_json, ref_template=REFERENCE)
    names = {_raw_name(kind): _name(kind) for kind in kinds}
    made = {names.get(name, name): _renamed(schema, names) for name, schema in raw.items()}
    for kind in kinds:
        schema = made[_name(kind)]
        schema["title"] = _name(kind)
        _say_formats(schema, kind)
        made[_name(kind)] = (
            changed(schema, metadata.shared) if kind in taken else _always_whole(schema)
        )
    for schema in made.values():
        if "enum" in schema:
            schema["type"] = "string"
    _tighten_problem(made["Problem"])
    return dict(sorted({**made, metadata.NAME: metadata.schema(), **events.schemas()}.items()))


def _is_struct(kind: Any) -> bool:
    origin = get_origin(kind) or kind
    return isinstance(origin, type) and issubclass(origin, msgspec.Struct)


def _collect(kind: Any, kinds: dict[Any, None]) -> None:
    """Add *kind* and the structs inside it to *kinds*."""
    for argument in get_args(kind):
        _collect(argument, kinds)
    if _is_struct(kind) and kind not in kinds:
        kinds[kind] = None
        for hint in get_type_hints(get_origin(kind) or kind).values():
            _collect(hint, kinds)


def _any_json(kind: type) -> Json:
    if kind is object:
        return {"description": "Any JSON value."}
    raise NotImplementedError


def _name(kind: Any) -> str:
    """Return the name of the component: `WorkspacePage` for `Page[Workspace]`."""
    arguments = "".join(argument.__name__ for argument in get_args(kind))
    return f"{arguments}{(get_origin(kind) or kind).__name__}"


def _raw_name(kind: Any) -> str:
    """Return the name that msgspec gives."""
    arguments = "_".join(argument.__name__ for argument in get_args(kind))
    name = str((get_origin(kind) or kind).__name__)
    return f"{name}_{arguments}_" if arguments else name


def _renamed(schema: Json, names: dict[str, str]) -> Json:
    def rename(part: Json) -> Json:
        name = referred(part)
        return {**part, **reference(names.get(name, name))} if name else part

    return changed(schema, rename)


def _say_formats(schema: Json, kind: Any) -> None:
    """Say which strings are ids, and which are times."""
    for name, hint in get_type_hints(get_origin(kind) or kind).items():
        kinds = {hint, *get_args(hint)}
        field = schema["properties"].get(name, {})
        for part in (field, *field.get("anyOf", ())):
            if part.get("type") != "string":
                continue
            if kinds & _IDS:
                part.update(ID)
            if datetime in kinds:
                part["format"] = "date-time"


def _always_whole(schema: Json) -> Json:
    for field in schema["properties"].values():
        field.pop("default", None)
    return {**schema, "required": list(schema["properties"]), "additionalProperties": False}


def _tighten_problem(schema: Json) -> None:
    schema["required"].remove("cause")
    fields = schema["properties"]
    fields["type"] |= {"format": "uri", "description": "Leads to this error's documentation."}
    fields["title"]["description"] = "The same for every occurrence."
    fields["status"] |= {"minimum": 400, "maximum": 599}
    fields["detail"]["description"] = "What happened this time, for people."
    fields["instance"] |= {"format": "uri", "pattern": "^urn:uuid:"}
    fields["code"] |= {"enum": sorted(CODES), "description": "Stable; for programs."}
    fields["correlation_id"]["description"] = "The same as in X-Correlation-ID."
    fields["retryable"]["description"] = (
        "Whether the same request may be sent again as it is, and may succeed then."
    )
    fields["cause"]["description"] = "What failed said; in development only."
    fields["errors"]["description"] = "Each field that is wrong; empty unless `invalid-input`."
