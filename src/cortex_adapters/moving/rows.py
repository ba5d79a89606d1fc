"""Rows as they travel: one form on both sides, so that they can be compared and hashed.

A text, a UUID and JSON are `str`, bytes are `bytes`; booleans, numbers and times (in
microseconds since 1970) are `int`. That is how SQLite holds them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from hashlib import blake2b
from itertools import chain
from typing import Final

import msgspec

from cortex_adapters.moving.json_text import normal
from cortex_adapters.moving.tables import Kind, Table

Value = str | int | float | bytes | None
Row = tuple[Value, ...]
Key = tuple[Value, ...]

_packed: Final = msgspec.msgpack.Encoder().encode
_text: Final = msgspec.json.Encoder().encode
_key: Final = msgspec.json.Decoder(tuple[str | int, ...]).decode
_MASK: Final = (1 << 64) - 1


def keys_of(table: Table) -> Callable[[Row], Key]:
    """Return what takes the key out of a row."""
    if len(table.key_places) == 1:
        [place] = table.key_places
        return lambda row: (row[place],)
    places = table.key_places
    return lambda row: tuple([row[place] for place in places])


def key_text(key: Key) -> str:
    """Return a key as it is written down: a JSON array; for people where it has no such form."""
    try:
        return _text(key).decode()
    except (UnicodeEncodeError, msgspec.MsgspecError):
        return ascii(list(key))


def key_from(text: str) -> Key:
    """Return the key that was written down as *text*."""
    return _key(text)


def canonical(table: Table) -> Callable[[Row], Row]:
    """Return what brings a row into the one form that it has on both sides."""
    places = [place for place, column in enumerate(table.columns) if column.kind is Kind.OBJECT]

    def bring(row: Row) -> Row:
        for place in places:
            text = row[place]
            if isinstance(text, str) and text != "{}":
                row = (*row[:place], normal(text), *row[place + 1 :])
        return row

    return bring


def row_hash(row: Row) -> int:
    """Return 64 bits of a canonical row."""
    try:
        packed = _packed(row)
    except UnicodeEncodeError:  # it cannot go, and is not the same as any that could
        packed = ascii(row).encode()
    return int.from_bytes(blake2b(packed, digest_size=8).digest(), "big")


class Digest(msgspec.Struct, frozen=True):
    """Hashes of rows, added up: the same in whatever order they come."""

    rows: int = 0
    total: int = 0

    @classmethod
    def of(cls, rows: Iterable[Row]) -> Digest:
        """Return the digest of canonical *rows*."""
        hashes = [row_hash(row) for row in rows]
        return cls(len(hashes), sum(hashes) & _MASK)

    def __add__(self, other: Digest) -> Digest:
        return Digest(self.rows + other.rows, (self.total + other.total) & _MASK)

    @property
    def text(self) -> str:
        """Return the digest in hexadecimal."""
        return f"{self.total:016x}"


def size_of(rows: Iterable[Row]) -> int:
    """Return about how much memory *rows* take, in bytes."""
    return sum(map(_size, chain.from_iterable(rows)))


def _size(value: Value) -> int:
    if isinstance(value, str):
        return len(value) if value.isascii() else len(value) * 4
    return len(value) if isinstance(value, bytes) else 8
