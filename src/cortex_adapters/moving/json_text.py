"""JSON as text: its one normal form, and what in it only one of the databases can hold."""

from __future__ import annotations

import json
import math
import re
from typing import Final

import msgspec

from cortex_core.domain.text import unstorable

_EDGE: Final = 1 << 63
_DEEPEST: Final = 900  # SQLite takes 1 000, and older ones 2 000
_encode: Final = msgspec.json.Encoder(order="deterministic").encode
_DEEP: Final = re.compile(r"[\[{]")


def normal(text: str) -> str:
    """Return JSON in the form in which metadata is stored; what is no JSON stays."""
    try:
        return _encode(_by_value(msgspec.json.decode(text))).decode()
    except (msgspec.MsgspecError, UnicodeEncodeError, RecursionError):
        return text


def _by_value(value: object) -> object:
    match value:
        case dict():
            return {name: _by_value(member) for name, member in value.items()}
        case list():
            return [_by_value(item) for item in value]
        case float() if value.is_integer() and -_EDGE <= value < _EDGE:
            return int(value)
        case int() if not -_EDGE <= value < _EDGE:
            return float(value)
        case _:
            return value


def unfit(text: str, *, by_value: bool) -> str | None:
    """Return why JSON cannot be moved, or None when it can.

    *by_value* is for what the other side takes apart and puts together anew.
    """
    if text == "{}":
        return None
    if reason := unstorable(text):
        return reason
    try:
        json.loads(
            text,
            object_pairs_hook=_members if by_value else _strings,
            parse_int=_number,
            parse_float=_number,
            parse_constant=_constant,
        )
    except json.JSONDecodeError:
        return "must be JSON"
    except ValueError as error:
        return str(error)
    except RecursionError:
        return "must not be nested so deep"
    if len(_DEEP.findall(text)) > _DEEPEST and _depth(text) > _DEEPEST:
        return f"must be at most {_DEEPEST} levels deep"
    if "\\u" in text and _bad_escape(json.loads(text, parse_int=str, parse_float=str)):
        return "must contain neither \\u0000 nor lone surrogates"
    return None


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("must have each name once")
    return found


def _strings(pairs: list[tuple[str, object]]) -> object:
    return [part for pair in pairs for part in pair]


def _number(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError("numbers must lie within a double's range")
    return value


def _constant(name: str) -> object:
    raise ValueError(f"must not contain {name}")


def _bad_escape(value: object) -> bool:
    match value:
        case str():
            return unstorable(value) is not None
        case dict():
            return any(_bad_escape(name) or _bad_escape(each) for name, each in value.items())
        case list():
            return any(map(_bad_escape, value))
        case _:
            return False


def _depth(text: str) -> int:
    deepest = depth = 0
    quoted = escaped = False
    for each in text:
        if quoted:
            quoted = escaped or each != '"'
            escaped = each == "\\" and not escaped
        elif each == '"':
            quoted = True
        elif each in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif each in "]}":
            depth -= 1
    return deepest
