"""The tables of a file, as SQLite describes them."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final

from cortex_adapters.moving.questions import quoted
from cortex_adapters.moving.tables import Column, Kind, Reference, Table, is_moved, is_ours
from cortex_core.domain.errors import SchemaError

_KINDS: Final = {"TEXT": Kind.TEXT, "INTEGER": Kind.INTEGER, "BLOB": Kind.BYTES}


def describe(connection: sqlite3.Connection) -> Sequence[Table]:
    """Return the tables that hold data; not what SQLite keeps for itself or for a search."""
    names = [
        name
        for schema, name, kind, *_ in connection.execute("PRAGMA table_list")
        if schema == "main" and kind == "table" and not name.startswith("sqlite_") and is_ours(name)
    ]
    return [_table(connection, name) for name in sorted(names)]


def _table(connection: sqlite3.Connection, name: str) -> Table:
    columns: list[Column] = []
    key: dict[int, str] = {}
    described = connection.execute(f"PRAGMA table_xinfo({quoted(name)})")
    for _, column, kind, required, _, place, hidden in described:
        if hidden or not is_moved(name, column):
            continue
        if kind not in _KINDS:
            raise SchemaError(f"{name}.{column} is of the type {kind}, which cannot be moved.")
        columns.append(Column(column, _KINDS[kind], nullable=not (required or place)))
        if place:
            key[place] = column
    primary = tuple(key[place] for place in sorted(key))
    return Table(
        name=name,
        columns=tuple(columns),
        key=primary,
        references=tuple(_references(connection, name)),
        unique=tuple(_unique(connection, name)),
    )


def _references(connection: sqlite3.Connection, name: str) -> Sequence[Reference]:
    found: dict[int, list[tuple[int, str, str, str | None]]] = {}
    listed = connection.execute(f"PRAGMA foreign_key_list({quoted(name)})")
    for number, place, parent, column, to, *_ in listed:
        found.setdefault(number, []).append((place, parent, column, to))
    references = []
    for parts in found.values():
        parts.sort()
        parent = parts[0][1]
        named = [to for *_, to in parts if to is not None]
        keys = connection.execute(f"PRAGMA table_info({quoted(parent)})").fetchall()
        primary = [row[1] for row in sorted(keys, key=lambda row: row[5]) if row[5]]
        columns = tuple(column for _, _, column, _ in parts)
        references.append(Reference(columns, parent, tuple(named or primary)))
    return references


def _unique(connection: sqlite3.Connection, name: str) -> Sequence[tuple[str, ...]]:
    found = []
    indexes = connection.execute(f"PRAGMA index_list({quoted(name)})").fetchall()
    for _, index, unique, _, partial in indexes:
        if unique and not partial:
            parts = connection.execute(f"PRAGMA index_info({quoted(index)})").fetchall()
            found.append(tuple(column for _, _, column in parts))
    return sorted(found)
