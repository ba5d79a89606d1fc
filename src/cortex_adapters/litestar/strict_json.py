"""Our own strict JSON gate: what passes it is JSON by RFC 8259, and means one thing only.

Refused beside what is not JSON: anything but UTF-8, duplicate names (RFC 8259 section 4 leaves
their meaning open), and more than 64 levels.
"""

from __future__ import annotations

import json
import re
from enum import StrEnum
from itertools import islice
from typing import Final, NoReturn, TypeVar, get_type_hints

import msgspec

from cortex_core.domain.errors import Fault, InvalidInputError, MalformedError

T = TypeVar("T", bound=msgspec.Struct)

MAX_DEPTH: Final = 64
MOST_UNKNOWN: Final = 20
# msgspec looks names and words up in UTF-8, which cannot say a lone surrogate.
_SYNTAX: Final = {
    "Expecting value": "a value is missing",
    "Expecting property name": "a name in double quotes is missing",
    "Expecting ',' delimiter": "a comma or an end is missing",
    "Expecting ':' delimiter": "a colon is missing",
    "Illegal trailing comma": "there is a comma before an end",
    "Extra data": "something follows where it should end",
    "Invalid control character": "there is a control character in a text",
    "Unterminated string": "a text without an end begins",
    "Invalid \\": "there is an escape that is none",
}
"""What `json` says, by how it begins, and in our words."""
_MARK: Final = "\ufeff"
_KINDS: Final = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "null": "null",
    "object": "an object",
    "array": "a list",
}
"""The kinds of JSON, by the names that msgspec gives them."""
_EXPECTED: Final = re.compile(r"Expected `([^`]*)`")
_NAMED: Final = re.compile(r"Object (missing required|contains unknown) field `([^`]*)`")
_REFUSED: Final = (msgspec.ValidationError, UnicodeEncodeError)


def parse(body: bytes) -> object:
    """Return what *body* says.

    Raises:
        MalformedError: It is not strict JSON.
    """
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise MalformedError(f"The body is not UTF-8, from byte {error.start + 1} on.") from error
    if body.count(b"[") + body.count(b"{") > MAX_DEPTH:
        _require_shallow(text)
    if text.startswith(_MARK):
        said = "there is a byte order mark at line 1, column 1"
        raise MalformedError(f"The body is not JSON: {said}.")
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise MalformedError(f"The body is not JSON: {_where(error)}.") from error
    except (ValueError, RecursionError) as error:
        raise MalformedError("The body is not JSON that we read: a number is too long.") from error


def decode(body: bytes, type_: type[T]) -> T:
    """Return *body* as a *type_*.

    Raises:
        MalformedError: It is not strict JSON.
        InvalidInputError: It is not a *type_*; every field that is wrong is named.
    """
    value = parse(body)
    try:
        return msgspec.convert(value, type_)
    except _REFUSED as error:
        raise InvalidInputError(*_faults(value, type_, error)) from error


def _where(error: json.JSONDecodeError) -> str:
    """Say what is wrong in plain words, and the place, both counted from 1."""
    said = next(
        (word for start, word in _SYNTAX.items() if error.msg.startswith(start)),
        "it does not go on as JSON does",
    )
    return f"{said} at line {error.lineno}, column {error.colno}"


def _faults(value: object, type_: type[T], error: Exception) -> list[Fault]:
    if not isinstance(value, dict):
        return [Fault("", "type", "must be a JSON object")]
    hints = get_type_hints(type_, include_extras=True)
    fields = msgspec.structs.fields(type_)
    names = {field.encode_name for field in fields}
    unknown = islice((name for name in value if name not in names), MOST_UNKNOWN)
    faults = [
        Fault(
            pointer_to(name), "unknown", f"is not known here; known are {', '.join(sorted(names))}"
        )
        for name in unknown
    ]
    for field in fields:
        if field.encode_name not in value:
            if field.required:
                faults.append(Fault(pointer_to(field.encode_name), "missing", "is required"))
            continue
        try:
            msgspec.convert(value[field.encode_name], hints[field.name])
        except _REFUSED as fault:
            pointer = pointer_to(field.encode_name)
            words = _words(hints[field.name])
            faults.append(
                Fault(pointer, "enum", f"must be one of: {', '.join(words)}")
                if words
                else _fault(pointer, fault)
            )
    return faults or [_fault("", error)]


def _fault(pointer: str, error: Exception) -> Fault:
    """Say what msgspec says in plain words, with the path below *pointer* (RFC 6901)."""
    if isinstance(error, UnicodeEncodeError):
        return Fault(pointer, "characters", "must not contain lone surrogates")
    said, _, path = str(error).partition(" - at `$")
    below = path.rstrip("`").replace("[...]", "").replace("[", "/").replace("]", "")
    return Fault(pointer + below.replace(".", "/"), "type", _sayable(_plain(said)))


def _plain(said: str) -> str:
    if named := _NAMED.match(said):
        return f"{'needs' if named[1].startswith('missing') else 'does not know'} {named[2]}"
    if expected := _EXPECTED.match(said):
        kinds = expected[1].split(" | ")
        return f"must be {' or '.join(_KINDS.get(kind, kind) for kind in kinds)}"
    return "is not what is allowed here"


def _words(hint: object) -> list[str]:
    """Return the words that a field takes, none if it takes others than those of an enumeration."""
    return [*hint] if isinstance(hint, type) and issubclass(hint, StrEnum) else []


def pointer_to(name: str) -> str:
    """Return the JSON Pointer (RFC 6901) to the member *name* of the whole."""
    return "/" + _sayable(name).replace("~", "~0").replace("/", "~1")


def _sayable(text: str) -> str:
    """Return *text* as UTF-8 can say it: a body may escape a lone surrogate, an answer may not."""
    return text.encode(errors="backslashreplace").decode()


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise MalformedError("A JSON object has the same name twice.")
    return value


def _refuse(constant: str) -> NoReturn:
    raise MalformedError(f"{constant} is not JSON.")


# `json.loads` would make it anew for each body.
_DECODER: Final = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_refuse)


def _require_shallow(text: str) -> None:
    depth = 0
    quoted = escaped = False
    for character in text:
        if quoted:
            if escaped:
                escaped = False
            elif character == "\\":
                escaped = True
            elif character == '"':
                quoted = False
        elif character == '"':
            quoted = True
        elif character in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise MalformedError(f"The body is more than {MAX_DEPTH} levels deep.")
        elif character in "]}":
            depth -= 1
