"""JSON objects read strictly: what two readers could understand differently is refused.

RFC 8725 section 3.1 and RFC 7493: UTF-8 only, no duplicate names, no NaN or infinity, no
lone surrogates, numbers of at most 20 digits, nesting of at most 32 levels.
"""

from __future__ import annotations

import json
import math
import re
from typing import Final, NoReturn

from cortex_adapters.auth0.tokens.refusal import refused

JsonObject = dict[str, object]

MAX_DEPTH: Final = 32
MAX_DIGITS: Final = 20
_MAX_NUMBER: Final = 2 * MAX_DIGITS  # characters of a fraction with sign, point and exponent
# Whatever begins with a quote matches, closed or not: each character is looked at once.
_STRING: Final = re.compile(r'"(?:[^"\\]|\\.?)*+"?', re.DOTALL)
_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")


def read_object(data: bytes) -> JsonObject:
    """Return the object that *data* spells.

    Raises:
        UnauthenticatedError: It is not an object in strict JSON.
    """
    try:
        text = data.decode()
        if text.count("[") + text.count("{") > MAX_DEPTH:
            _check_depth(text)
        value: object = _DECODER.decode(text)
        if _SURROGATE.search(text):
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError, OverflowError):
        # Not chained: the parser's errors quote, and hold, what the caller sent.
        raise refused("json") from None
    if not isinstance(value, dict):
        raise refused("json")
    return value


def _check_depth(text: str) -> None:
    depth = 0
    for character in _STRING.sub("", text):
        if character in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise ValueError
        elif character in "]}":
            depth -= 1


def _unique(members: list[tuple[str, object]]) -> JsonObject:
    found = dict(members)
    if len(found) != len(members):
        raise ValueError
    return found


def _integer(digits: str) -> int:
    if len(digits.lstrip("-")) > MAX_DIGITS:
        raise ValueError
    return int(digits)


def _fraction(digits: str) -> float:
    value = float(digits) if len(digits) <= _MAX_NUMBER else math.inf
    if not math.isfinite(value):
        raise ValueError
    return value


def _not_json(_name: str) -> NoReturn:
    raise ValueError


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_unique,
    parse_int=_integer,
    parse_float=_fraction,
    parse_constant=_not_json,
)
