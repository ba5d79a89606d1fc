"""What is logged, as one line of JSON or as one for people."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from itertools import islice
from typing import Final, NamedTuple

import msgspec

from cortex_adapters.telemetry.redaction import HIDDEN, are_clean, is_secret, redacted
from cortex_core.ports import AttributeValue, Level

LONGEST: Final = 4_000
"""Characters of a value, and of all names; more is cut."""
LONGEST_BLOCK: Final = 32_000
_LOOKED_AT: Final = 2 * LONGEST
_MOST: Final = 64
_LONG_NAME: Final = 100
_EDGE: Final = 1 << 63
_NULL: Final = b"null"
"""What becomes of numbers that JSON does not have, too."""
_DIGITS: Final = bytes.maketrans(b"123456789", b"000000000")
_MANY_DIGITS: Final = b"0" * len(str(_EDGE))
_PLAIN: Final = re.compile(r"[^\s\"'=\\\x7f]+")
_encode: Final = msgspec.json.Encoder().encode
_RESERVED: Final = frozenset(
    {
        *("time", "level", "event", "traceback"),
        *("trace_id", "span_id", "service", "version", "environment", "worker"),
    }
)


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to say; *block* is text of several lines that belongs to it."""

    at: datetime
    """In UTC."""
    level: Level
    event: str
    attributes: Mapping[str, AttributeValue] = {}
    block: str = ""


class Place(NamedTuple):
    """Where something is said: in what request, and where in a trace; empty and 0 for none."""

    correlation_id: str = ""
    trace_id: int = 0
    span_id: int = 0


Line = Callable[[Record, Place], bytes]
"""Makes a line of a record, and of the place where it is written."""


def now() -> datetime:
    """Return the time of a record made now."""
    return datetime.now(UTC)


def json_lines(always: Mapping[str, AttributeValue] | None = None) -> Line:
    """Return what makes one line of ASCII, so that no text in it can end or colour the line.

    Each line ends with what *always* holds, which is encoded once.
    """
    end = b"," + _encode(always)[1:] + b"\n" if always else b"}\n"

    def json_line(record: Record, place: Place) -> bytes:
        line = _everyday(record, place) or _careful(record, place)
        return b'{"time":%b,%b%b%b' % (_encode(record.at), line[1:-1], _traced(place), end)

    return json_line


def _everyday(record: Record, place: Place) -> bytes:
    """Return *record* as it is, if one look says that nothing in it asks for care; else nothing.

    Each request has a line: to look at each value takes four times as long.
    """
    attributes = record.attributes
    if record.block or not _are_ordinary(tuple(attributes)):
        return b""
    word = place.correlation_id
    try:
        values = _encode([record.event, *attributes.values(), word])
    except Exception:  # noqa: BLE001 - one is none of JSON's
        return b""
    if len(values) > LONGEST or _NULL in values or not are_clean(values):
        return b""
    if _MANY_DIGITS in values.translate(_DIGITS):
        return b""  # perhaps a number of more than 64 bits
    members = {"level": record.level, "event": record.event, **attributes}
    if word:
        members["correlation_id"] = word
    return _encode(members)


def _careful(record: Record, place: Place) -> bytes:
    """Return *record* with each value as it may be said."""
    members: dict[str, object] = {"level": record.level, "event": _text(record.event)}
    for name, value in islice(record.attributes.items(), _MOST):
        known = _known(name)
        members[known.member] = HIDDEN if known.secret else _value(value)
    if place.correlation_id:
        members["correlation_id"] = _value(place.correlation_id)
    if record.block:
        members["traceback"] = _text(record.block, LONGEST_BLOCK)
    line = _encode(members)
    if line.isascii() and b"\x7f" not in line:
        return line
    return json.dumps(msgspec.json.decode(line)).encode()


def _traced(place: Place) -> bytes:
    if not place.trace_id:
        return b""
    return b',"trace_id":"%032x","span_id":"%016x"' % (place.trace_id, place.span_id)


def text_line(record: Record, place: Place) -> bytes:
    """Return *record* for people: one line, and its block indented below."""
    said = [f"{record.at.astimezone():%H:%M:%S} {record.level:7} {_words(record.event)}"]
    attributes = dict(islice(record.attributes.items(), _MOST))
    if place.correlation_id:
        attributes["correlation_id"] = place.correlation_id
    if place.trace_id:
        attributes |= {"trace_id": f"{place.trace_id:032x}", "span_id": f"{place.span_id:016x}"}
    for name, value in attributes.items():
        known = _known(name)
        said.append(f"{_words(known.name)}={HIDDEN if known.secret else _words(value)}")
    below = _text(record.block, LONGEST_BLOCK).splitlines()
    lines = [" ".join(said), *(f"    | {_printable(line)}" for line in below)]
    return "\n".join([*lines, ""]).encode()


class _Name(NamedTuple):
    """How a name is written, for people and as a member; and whether its value is a secret."""

    name: str
    member: str
    secret: bool


@lru_cache(maxsize=1_000)
def _known(name: str) -> _Name:
    short = _text(name, _LONG_NAME)
    return _Name(short, f"{short}_" if short in _RESERVED else short, is_secret(name))


@lru_cache(maxsize=1_000)
def _are_ordinary(names: tuple[str, ...]) -> bool:
    """Say whether values of these *names* may be said, under their own names."""
    known = [_known(name) for name in names]
    return len(names) <= _MOST and all(
        each.member == name and not each.secret and name.isascii() and len(name) < _LONG_NAME
        for name, each in zip(names, known, strict=True)
    )


def _value(value: object) -> AttributeValue | None:
    """Return *value* as every reader of JSON takes it."""
    match value:
        case None | bool():
            return value
        case int():
            return value if -_EDGE <= value < _EDGE else _text(hex(value))
        case float():
            return value if math.isfinite(value) else str(value)
        case _:
            return _text(redacted(shortened(str(value), _LOOKED_AT)))


def _words(value: object) -> str:
    """Return *value* for people: bare where that is clear, else quoted."""
    plain = _value(value)
    if not isinstance(plain, str):
        return json.dumps(plain)
    if _PLAIN.fullmatch(plain) and plain.isprintable():
        return plain
    return json.dumps(plain, ensure_ascii=not plain.isprintable())


def _printable(line: str) -> str:
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in line)


def _text(text: str, longest: int = LONGEST) -> str:
    """Return *text* without lone surrogates, and without its middle where it is too long."""
    text = shortened(text, longest)
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def shortened(text: str, longest: int) -> str:
    """Return *text* without its middle where it is too long.

    No space is put in: a secret that is cut stays one word, and both its ends are taken out.
    """
    if len(text) <= longest:
        return text
    half = longest // 2
    return f"{text[:half]}...{len(text) - 2 * half}-more...{text[-half:]}"
