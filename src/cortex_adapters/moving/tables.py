"""Tables as both databases have them, and where the two must agree."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from graphlib import CycleError, TopologicalSorter
from typing import Final

import msgspec

from cortex_core.domain.errors import SchemaError

OWN: Final = "move_"
"""Tables whose names begin so are the move's own, and never moved."""
LEDGER: Final = "schema_steps"
DERIVED: Final = frozenset({("messages", "words")})
"""Columns that each database makes for itself, of what has been moved."""


class Kind(StrEnum):
    """What a column holds; a database that knows fewer kinds says text, integer or bytes."""

    TEXT = "text"
    UUID = "uuid"
    OBJECT = "object"  # JSON that is the same by value
    JSON = "json"  # JSON that is kept to the byte
    BOOLEAN = "boolean"
    INTEGER = "integer"
    SHORT = "short"
    INSTANT = "instant"  # microseconds since 1970
    BYTES = "bytes"


_STORED: Final[Mapping[Kind, Kind]] = {
    Kind.UUID: Kind.TEXT,
    Kind.OBJECT: Kind.TEXT,
    Kind.JSON: Kind.TEXT,
    Kind.BOOLEAN: Kind.INTEGER,
    Kind.SHORT: Kind.INTEGER,
    Kind.INSTANT: Kind.INTEGER,
}


class Column(msgspec.Struct, frozen=True):
    """A column that somebody writes; what is generated is none."""

    name: str
    kind: Kind
    nullable: bool = False


class Reference(msgspec.Struct, frozen=True):
    """A foreign key: *columns* name a row of *parent* by its *key*."""

    columns: tuple[str, ...]
    parent: str
    key: tuple[str, ...]


class Table(msgspec.Struct, frozen=True):
    """A table; rows are in the order of *columns*, and *key* is the primary key."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    references: tuple[Reference, ...] = ()
    unique: tuple[tuple[str, ...], ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the columns."""
        return tuple(column.name for column in self.columns)

    @property
    def key_columns(self) -> tuple[Column, ...]:
        """Return the columns of the key, in its order."""
        return tuple(self.columns[place] for place in self.key_places)

    @property
    def key_places(self) -> tuple[int, ...]:
        """Return where in a row its key stands."""
        return tuple(self.names.index(name) for name in self.key)


def is_ours(name: str) -> bool:
    """Say whether a table holds what is to be moved, by its name."""
    return name != LEDGER and not name.startswith(OWN)


def is_moved(table: str, column: str) -> bool:
    """Say whether a column holds what is to be moved, by its name."""
    return (table, column) not in DERIVED


def agreed(typed: Iterable[Table], loose: Iterable[Table]) -> Sequence[Table]:
    """Return the tables of both, parents first, in the words of the side that knows all kinds.

    A table has the references and the uniqueness of either side, since its rows must fit both.

    Raises:
        SchemaError: A table or a column is on one side only, or is something else there.
    """
    left, right = ({table.name: table for table in side} for side in (typed, loose))
    if alone := sorted(left.keys() ^ right.keys()):
        raise SchemaError(f"One of the databases has no table {', '.join(alone)}.")
    return _parents_first([_joined(left[name], right[name]) for name in sorted(left)])


def _joined(typed: Table, loose: Table) -> Table:
    others = {column.name: column for column in loose.columns}
    if alone := sorted(set(typed.names) ^ others.keys()):
        raise SchemaError(f"Only one side has {', '.join(alone)} in the table {typed.name}.")
    if typed.key != loose.key or not typed.key:
        raise SchemaError(f"The key of the table {typed.name} is another one, or there is none.")
    columns = []
    for column in typed.columns:
        other = others[column.name]
        if _STORED.get(column.kind, column.kind) != other.kind:
            raise SchemaError(
                f"{typed.name}.{column.name} holds {column.kind} here and {other.kind} there."
            )
        nullable = column.nullable and other.nullable
        columns.append(Column(column.name, column.kind, nullable))
    return Table(
        name=typed.name,
        columns=tuple(columns),
        key=typed.key,
        references=tuple(dict.fromkeys((*typed.references, *loose.references))),
        unique=tuple(dict.fromkeys((*typed.unique, *loose.unique))),
    )


def _parents_first(tables: Sequence[Table]) -> Sequence[Table]:
    by_name = {table.name: table for table in tables}
    graph = {
        table.name: {each.parent for each in table.references if each.parent != table.name}
        for table in tables
    }
    try:
        return [by_name[name] for name in TopologicalSorter(graph).static_order()]
    except CycleError as error:
        raise SchemaError("Tables point at each other in a circle.") from error
