"""Metadata: a JSON object that clients keep with things, the same on every store.

At most 16 KiB as compact UTF-8 JSON and 8 levels deep. Integers lie within 64 bits,
signed. Numbers are kept by value, as RFC 8785 does: 1.0 is 1, and -0 is 0. Names are
kept in code point order.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Annotated, Final

import msgspec

from cortex_core.domain.errors import Fault, InvalidInputError
from cortex_core.domain.text import unstorable

MAX_BYTES: Final = 16 * 1024
MAX_DEPTH: Final = 8
_EDGE: Final = 1 << 63

Metadata = Annotated[
    dict[str, object],
    msgspec.Meta(description="A JSON object of at most 16 KiB and 8 levels."),
]


def normal_metadata(value: Mapping[str, object], pointer: str = "/metadata") -> dict[str, object]:
    """Return *value* in normal form.

    Raises:
        InvalidInputError: It is too large, too deep, or holds what cannot be stored.
    """
    if not value:
        return {}
    faults: list[Fault] = []
    normal = dict(_members(value, pointer, 1, faults))
    if not faults and len(msgspec.json.encode(normal)) > MAX_BYTES:
        faults.append(Fault(pointer, "size", f"must be at most {MAX_BYTES} bytes of JSON"))
    if faults:
        raise InvalidInputError(*faults)
    return normal


def _members(
    value: Mapping[str, object], pointer: str, depth: int, faults: list[Fault]
) -> Iterator[tuple[str, object]]:
    for name in sorted(value):
        reason = unstorable(name)
        if reason:
            faults.append(Fault(pointer, "characters", f"a name {reason}"))
            continue
        below = f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"
        yield name, _normal(value[name], below, depth, faults)


def _normal(value: object, pointer: str, depth: int, faults: list[Fault]) -> object:
    match value:
        case None | bool():
            return value
        case str():
            reason = unstorable(value)
            if reason:
                faults.append(Fault(pointer, "characters", reason))
            return value
        case int():
            if not -_EDGE <= value < _EDGE:
                faults.append(Fault(pointer, "range", "integers must lie within 64 bits, signed"))
            return value
        case float():
            if not math.isfinite(value):
                faults.append(Fault(pointer, "range", "numbers must be finite"))
                return value
            return int(value) if value.is_integer() and -_EDGE <= value < _EDGE else value
        case list() | tuple() | dict() if depth >= MAX_DEPTH:
            faults.append(Fault(pointer, "depth", f"must be at most {MAX_DEPTH} levels deep"))
            return None
        case list() | tuple():
            return [
                _normal(item, f"{pointer}/{place}", depth + 1, faults)
                for place, item in enumerate(value)
            ]
        case dict():
            return dict(_members(value, pointer, depth + 1, faults))
        case _:
            faults.append(Fault(pointer, "type", "must be a JSON value"))
            return None


def merge_patch(target: Mapping[str, object], patch: Mapping[str, object]) -> dict[str, object]:
    """Return *target* with *patch* applied (RFC 7396: null removes, objects merge)."""
    merged = dict(target)
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        elif isinstance(value, dict):
            below = merged.get(name)
            merged[name] = merge_patch(below if isinstance(below, dict) else {}, value)
        else:
            merged[name] = value
    return merged
