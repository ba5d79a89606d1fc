"""Which values cannot go: each kind of column says why not."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

import msgspec

from cortex_adapters.moving.json_text import unfit
from cortex_adapters.moving.rows import Key, Row, Value, key_text, keys_of
from cortex_adapters.moving.tables import Kind, Table
from cortex_core.domain.text import unstorable

Check = Callable[[Value], str | None]

_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_SHORT: Final = 1 << 31


def _micros(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000_000


_FIRST: Final = _micros(datetime.min.replace(tzinfo=UTC))
_AFTER: Final = _micros(datetime.max.replace(tzinfo=UTC, microsecond=0)) + 1_000_000


class Finding(msgspec.Struct, frozen=True):
    """A value that cannot go: which, and why."""

    table: str
    key: str
    column: str
    reason: str


def _text(value: Value) -> str | None:
    return unstorable(value) if type(value) is str else _wrong(value, "text")


def _uuid(value: Value) -> str | None:
    if type(value) is not str:
        return _wrong(value, "text")
    return None if _UUID.fullmatch(value) else "must be a UUID in small letters, with hyphens"


def _object(value: Value) -> str | None:
    return unfit(value, by_value=True) if type(value) is str else _wrong(value, "text")


def _json(value: Value) -> str | None:
    return unfit(value, by_value=False) if type(value) is str else _wrong(value, "text")


def _boolean(value: Value) -> str | None:
    return None if type(value) is int and 0 <= value <= 1 else "must be 0 or 1"


def _integer(value: Value) -> str | None:
    return None if type(value) is int else _wrong(value, "an integer")


def _short(value: Value) -> str | None:
    if type(value) is not int:
        return _wrong(value, "an integer")
    return None if -_SHORT <= value < _SHORT else "must lie within 32 bits, signed"


def _instant(value: Value) -> str | None:
    if type(value) is not int:
        return _wrong(value, "an integer")
    return None if _FIRST <= value < _AFTER else "must be a time in the years 1 to 9999"


def _bytes(value: Value) -> str | None:
    return None if type(value) is bytes else _wrong(value, "bytes")


_CHECKS: Final[Mapping[Kind, Check]] = {
    Kind.TEXT: _text,
    Kind.UUID: _uuid,
    Kind.OBJECT: _object,
    Kind.JSON: _json,
    Kind.BOOLEAN: _boolean,
    Kind.INTEGER: _integer,
    Kind.SHORT: _short,
    Kind.INSTANT: _instant,
    Kind.BYTES: _bytes,
}
_NAMES: Final = {str: "text", int: "an integer", float: "a real number", bytes: "bytes"}


def _wrong(value: Value, wanted: str) -> str:
    return f"holds {_NAMES[type(value)]} where {wanted} must be"


def key_fits(table: Table) -> Callable[[Key], bool]:
    """Return what says whether a key can be one of *table* on both sides."""
    checks = [_CHECKS[column.kind] for column in table.key_columns]
    return lambda key: (
        not any(value is None or check(value) for check, value in zip(checks, key, strict=True))
    )


class Fitness:
    """Says of the rows of one table what in them cannot go."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._key = keys_of(table)
        self._checks = [(_CHECKS[each.kind], each.nullable) for each in table.columns]

    def findings(self, row: Row) -> list[Finding]:
        """Return what is wrong with *row*: mostly nothing."""
        found = []
        for place, (value, (check, nullable)) in enumerate(zip(row, self._checks, strict=True)):
            missing = None if nullable else "must not be NULL"
            reason = missing if value is None else check(value)
            if reason is not None:
                found.append((self._table.columns[place].name, reason))
        if not found:
            return []
        key: Key = self._key(row)
        return [
            Finding(self._table.name, key_text(key), column, reason) for column, reason in found
        ]
