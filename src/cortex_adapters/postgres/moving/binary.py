"""Rows in the binary form of COPY.

https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format"
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from cortex_adapters.moving.rows import Row
from cortex_adapters.moving.tables import Kind, Table

__all__ = ["END", "START", "encoder"]

START: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
END: Final = b"\xff\xff"

_NULL: Final = b"\xff\xff\xff\xff"
_EPOCH: Final = 946_684_800_000_000  # 2000-01-01 in microseconds since 1970
_length: Final = struct.Struct(">i").pack
_count: Final = struct.Struct(">h").pack
_long: Final = struct.Struct(">q").pack

_ENCODERS: Final[Mapping[Kind, Callable[[Any], bytes]]] = {
    Kind.TEXT: str.encode,
    Kind.JSON: str.encode,
    Kind.UUID: lambda value: bytes.fromhex(value.replace("-", "")),
    Kind.OBJECT: lambda value: b"\x01" + value.encode(),  # the version of jsonb's form
    Kind.BOOLEAN: lambda value: b"\x01" if value else b"\x00",
    Kind.INTEGER: _long,
    Kind.SHORT: _length,
    Kind.INSTANT: lambda value: _long(value - _EPOCH),
    Kind.BYTES: lambda value: value,
}


def encoder(table: Table) -> Callable[[Iterable[Row]], bytes]:
    """Return what makes rows of *table*, in its order of columns, the body of a COPY."""
    encoders: list[Callable[[Any], bytes]] = [_ENCODERS[column.kind] for column in table.columns]
    head = _count(len(encoders))

    def encode(rows: Iterable[Row]) -> bytes:
        parts: list[bytes] = []
        add = parts.append
        for row in rows:
            add(head)
            for value, into in zip(row, encoders, strict=True):
                if value is None:
                    add(_NULL)
                else:
                    field = into(value)
                    add(_length(len(field)))
                    add(field)
        return b"".join(parts)

    return encode
