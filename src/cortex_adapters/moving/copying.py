"""The copy: table by table, parents first, in the order of the key, from where it got to."""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic

from cortex_adapters.moving.ends import Checkpoint, End, Snapshot
from cortex_adapters.moving.pages import pages
from cortex_adapters.moving.putting import Putting
from cortex_adapters.moving.report import Copied, Step, Tell
from cortex_adapters.moving.rows import Key, key_from, key_text, size_of
from cortex_adapters.moving.tables import Table


async def copy(snapshot: Snapshot, target: End, tables: Sequence[Table], tell: Tell) -> Copied:
    """Copy what is not in *target* yet, of which the rest is as in *snapshot*."""
    began = monotonic()
    points = await target.checkpoints()
    rows = refused = 0
    for table in tables:
        point = points.get(table.name, Checkpoint())
        if not point.done:
            copied, left = await _copy(snapshot, target, table, point, tell)
            rows += copied
            refused += left
    return Copied(rows=rows, seconds=monotonic() - began, refused=refused)


async def _copy(
    snapshot: Snapshot, target: End, table: Table, point: Checkpoint, tell: Tell
) -> tuple[int, int]:
    total = await snapshot.count(table)
    putting = Putting(target, table)
    rows = point.rows
    last = point.last

    async for page in pages(snapshot, table, None if last is None else key_from(last)):
        rows += len(page)

        def mark(key: Key, so_far: int = rows) -> Checkpoint:
            return Checkpoint(rows=so_far, last=key_text(key))

        await putting.put(page, mark=mark)
        size = size_of(page)
        tell(Step(phase="copy", table=table.name, rows=rows, total=total, size=size))
    await target.apply(table, checkpoint=Checkpoint(rows=rows, last=last, done=True))
    return rows - point.rows, putting.refused
