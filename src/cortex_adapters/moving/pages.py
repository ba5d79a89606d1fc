"""Rows page by page, the next one read while the last one is worked on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import suppress

import msgspec

from cortex_adapters.moving.ends import Change, Snapshot
from cortex_adapters.moving.rows import Key, Row, key_from, keys_of
from cortex_adapters.moving.tables import Table

_CHANGES = 2_000


async def pages(
    snapshot: Snapshot, table: Table, after: Key | None = None
) -> AsyncIterator[Sequence[Row]]:
    """Yield the rows of *table* after *after* by key; no two pages have a row in common."""
    key = keys_of(table)
    reading = asyncio.ensure_future(snapshot.page(table, after=after))
    try:
        while rows := await reading:
            reading = asyncio.ensure_future(snapshot.page(table, after=key(rows[-1])))
            yield rows
    finally:
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading


async def changed(
    snapshot: Snapshot,
) -> AsyncIterator[tuple[Sequence[Change], dict[str, list[Key]]]]:
    """Yield what was captured, some at a time: the changes, and their keys by table, each once."""
    seq = 0
    while found := await snapshot.changes(seq, limit=_CHANGES):
        keys: dict[str, dict[str, None]] = {}
        for change in found:
            keys.setdefault(change.table, {})[change.key] = None
        yield found, {table: _readable(texts) for table, texts in keys.items()}
        seq = found[-1].seq


def _readable(texts: Iterable[str]) -> list[Key]:
    """Return the keys, and none for what is no text: such a row cannot go, and is found later."""
    found: list[Key] = []
    for text in texts:
        with suppress(UnicodeEncodeError, msgspec.DecodeError):
            found.append(key_from(text))
    return found
