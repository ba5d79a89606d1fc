"""What is logged, as one line of JSON or as one for people."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from itertools import islice
from typing import Final

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
_RESERVED: Final = frozenset({"time", "level", "event", "traceback"})


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to say; *block* is text of several lines that belongs to it."""

    at: datetime
    level: Level
    event: str
    attributes: Mapping[str, AttributeValue] = {}
    block: str = ""


def now() -> datetime:
    """Return the time of a record made now."""
    return datetime.now(UTC)


def json_line(record: Record) -> bytes:
    """Return *record* as one line of ASCII, so that no text in it can end or colour the line."""
    members: dict[str, object] = {
        "time": record.at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": record.level,
        "event": _text(record.event),
    }
    for name, value in _few(record.attributes):
        members[f"{name}_" if name in _RESERVED else name] = _value(value)
    if record.block:
        members["traceback"] = _text(record.block, LONGEST_BLOCK)
    line = _encode(members)
    return (line if line.isascii() else json.dumps(members).encode()) + b"\n"


def text_line(record: Record) -> bytes:
    """Return *record* for people: one line, and its block indented below."""
    said = [f"{record.at.astimezone():%H:%M:%S} {record.level:7} {_words(record.event)}"]
    said += [f"{_words(name)}={_words(value)}" for name, value in _few(record.attributes)]
    below = _text(record.block, LONGEST_BLOCK).splitlines()
    lines = [" ".join(said), *(f"    | {_printable(line)}" for line in below)]
    return "\n".join([*lines, ""]).encode()


def _few(attributes: Mapping[str, AttributeValue]) -> Iterator[tuple[str, AttributeValue]]:
    for name, value in islice(attributes.items(), _MOST):
        short, secret = _known(name)
        yield short, HIDDEN if secret else value


@lru_cache(maxsize=1_000)
def _known(name: str) -> tuple[str, bool]:
    """Return *name* as it is written, and whether its value is a secret."""
    return _text(name, 100), is_secret(name)


def _value(value: object) -> AttributeValue | None:
    """Return *value* as every reader of JSON takes it."""
    if type(value) is str and is_clean(value) and len(value) <= LONGEST and value.isascii():
        return value  # as nearly all are
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
    """Return *text* without its middle where it is too long."""
    if len(text) <= longest:
        return text
    half = longest // 2
    return f"{text[:half]} ... {len(text) - 2 * half} more ... {text[-half:]}"
