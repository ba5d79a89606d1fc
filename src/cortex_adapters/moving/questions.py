"""Questions to a source before the move, in SQL that both databases speak."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from cortex_adapters.moving.tables import Table

SOME: Final = 100


def quoted(name: str) -> str:
    """Return a name as SQL has it."""
    return '"' + name.replace('"', '""') + '"'


def listed(names: Iterable[str], before: str = "") -> str:
    """Return names as SQL lists them."""
    return ", ".join(before + quoted(name) for name in names)


def repeated(table: Table, columns: tuple[str, ...]) -> str:
    """Return the query for values of *columns* that several rows have."""
    present = " AND ".join(f"{quoted(name)} IS NOT NULL" for name in columns)
    return (
        f"SELECT {listed(columns)} FROM {quoted(table.name)} WHERE {present} "  # noqa: S608 - names
        f"GROUP BY {listed(columns)} HAVING count(*) > 1 LIMIT {SOME}"
    )


def orphans(table: Table, place: int) -> str:
    """Return the query for the keys of rows whose reference number *place* leads nowhere."""
    reference = table.references[place]
    pairs = list(zip(reference.columns, reference.key, strict=True))
    present = " AND ".join(f"child.{quoted(name)} IS NOT NULL" for name, _ in pairs)
    same = " AND ".join(f"parent.{quoted(key)} = child.{quoted(name)}" for name, key in pairs)
    return (
        f"SELECT {listed(table.key, 'child.')} FROM {quoted(table.name)} AS child "  # noqa: S608 - names
        f"WHERE {present} AND NOT EXISTS "
        f"(SELECT 1 FROM {quoted(reference.parent)} AS parent WHERE {same}) LIMIT {SOME}"
    )
