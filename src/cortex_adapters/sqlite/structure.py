"""What a schema is made of, so that two can be compared; and the statements that make it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import Final

from cortex_adapters.migrations import Step, differing
from cortex_core.domain.errors import SchemaError

_PARTS: Final = r"""
    SELECT type || ' ' || name, sql FROM sqlite_schema
    WHERE sql IS NOT NULL AND tbl_name <> 'schema_steps' AND name NOT LIKE 'sqlite\_%' ESCAPE '\'
        AND tbl_name NOT LIKE 'move\_%' ESCAPE '\' AND name NOT LIKE 'move\_%' ESCAPE '\'
"""


def structure(connection: sqlite3.Connection) -> Mapping[str, str]:
    """Return how each part of the schema is defined.

    Left out are the ledger, and what a move keeps for itself.
    """
    return {part: " ".join(sql.split()) for part, sql in connection.execute(_PARTS)}


def differences(found: Mapping[str, str], steps: Sequence[Step]) -> Sequence[str]:
    """Say in what a schema that is *found* differs from what *steps* make, a line for each part."""
    with closing(sqlite3.connect(":memory:")) as connection:
        for step in steps:
            for statement in statements(step.sql):
                connection.execute(statement)
        made = structure(connection)
    return differing(found, made)


def statements(script: str) -> Iterator[str]:
    """Yield the statements of *script*; `executescript` would commit."""
    *parts, rest = script.split(";")
    statement = ""
    for part in parts:
        statement += part + ";"
        if sqlite3.complete_statement(statement):
            yield statement.strip()
            statement = ""
    if (statement + rest).strip():
        raise SchemaError("A step ends within a statement.")
