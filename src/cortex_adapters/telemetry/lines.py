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

from cortex_adapters.telemetry.redaction import HIDDEN, is_clean, is_secret, redacted
from cortex_core.ports import AttributeValue, Level

LONGEST: Final = 4_000
"""Characters of a value, and of all names; more is cut."""
LONGEST_BLOCK: Final = 32_000
_LOOKED_AT: Final = 2 * LONGEST
_MOST: Final = 64
_EDGE: Final = 1 << 63
_PLAIN: Final = re.compile(r"[^\s\"'=\\\x7f]+")
_encode: Final = msgspec.json.Encoder().encode
_RESERVED: Final = frozenset(
    {"time", "level", "event", "traceback", "service", "version", "environment", "worker"}
)

Line = Callable[["Record", Mapping[str, AttributeValue]], bytes]
"""Makes a line of a record, and of what is known where it is written."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to say; *block* is text of several lines that belongs to it."""

    at: datetime
    """In UTC."""
    level: Level
    event: str
    attributes: Mapping[str, AttributeValue] = {}
    block: str = ""


def now() -> datetime:
    """Return the time of a record made now."""
    return datetime.now(UTC)


def json_lines(always: Mapping[str, AttributeValue] | None = None) -> Line:
    """Return what makes one line of ASCII, so that no text in it can end or colour the line.

    Each line ends with what *always* holds, which is encoded once.
    """
    end = b"," + _encode(always)[1:] + b"\n" if always else b"}\n"

    def json_line(record: Record, context: Mapping[str, AttributeValue]) -> bytes:
        members: dict[str, object] = {
            "time": record.at,
            "level": record.level,
            "event": _text(record.event),
        }
        _add(record.attributes, members)
        _add(context, members)
        if record.block:
            members["traceback"] = _text(record.block, LONGEST_BLOCK)
        line = _encode(members)
        if not line.isascii():
            line = json.dumps(msgspec.json.decode(line)).encode()
        return line[:-1] + end

    return json_line


def text_line(record: Record, context: Mapping[str, AttributeValue]) -> bytes:
    """Return *record* for people: one line, and its block indented below."""
    said = [f"{record.at.astimezone():%H:%M:%S} {record.level:7} {_words(record.event)}"]
    for name, value in islice({**record.attributes, **context}.items(), _MOST):
        known = _known(name)
        said.append(f"{_words(known.name)}={HIDDEN if known.secret else _words(value)}")
    below = _text(record.block, LONGEST_BLOCK).splitlines()
    lines = [" ".join(said), *(f"    | {_printable(line)}" for line in below)]
    return "\n".join([*lines, ""]).encode()


def _add(attributes: Mapping[str, AttributeValue], members: dict[str, object]) -> None:
    for name, value in islice(attributes.items(), _MOST):
        known = _known(name)
        members[known.member] = HIDDEN if known.secret else _value(value)


class _Name(NamedTuple):
    """How a name is written, for people and as a member; and whether its value is a secret."""

    name: str
    member: str
    secret: bool


@lru_cache(maxsize=1_000)
def _known(name: str) -> _Name:
    short = _text(name, 100)
    return _Name(short, f"{short}_" if short in _RESERVED else short, is_secret(name))


def _value(value: object) -> AttributeValue | None:
    """Return *value* as every reader of JSON takes it."""
    if type(value) is str and len(value) <= LONGEST and value.isascii() and is_clean(value):
        return value  # as nearly all are
    if (type(value) is int or type(value) is float) and -_EDGE <= value < _EDGE:
        return value  # which no endless number is, and none that is not a number
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
