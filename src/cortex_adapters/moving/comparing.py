"""Rows of both sides, side by side."""

from __future__ import annotations

from collections.abc import Sequence

from cortex_adapters.moving.report import Difference
from cortex_adapters.moving.rows import Row, canonical, key_text, keys_of
from cortex_adapters.moving.tables import Table


def compare_rows(
    table: Table, source: Sequence[Row], target: Sequence[Row]
) -> Sequence[Difference]:
    """Return the rows that are not the same, or on one side only, in whatever order they come."""
    key, bring = keys_of(table), canonical(table)
    ours = {key(row): bring(row) for row in source}
    theirs = {key(row): bring(row) for row in target}
    if ours == theirs:
        return []
    found = []
    for one in [*ours, *(other for other in theirs if other not in ours)]:
        what = _difference(table, ours.get(one), theirs.get(one))
        if what is not None:
            found.append(Difference(table=table.name, key=key_text(one), what=what))
    return found


def _difference(table: Table, ours: Row | None, theirs: Row | None) -> str | None:
    if ours == theirs:
        return None
    if ours is None or theirs is None:
        return "is in the target only" if ours is None else "is in the source only"
    names = [
        name for name, one, other in zip(table.names, ours, theirs, strict=True) if one != other
    ]
    return f"differs in {', '.join(names)}"
