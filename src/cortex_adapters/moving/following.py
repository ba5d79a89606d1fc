"""Changes that were made in the source since it was looked at, brought after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cortex_adapters.moving.comparing import compare_rows
from cortex_adapters.moving.ends import Checkpoint, End, Snapshot
from cortex_adapters.moving.pages import changed
from cortex_adapters.moving.putting import Putting
from cortex_adapters.moving.report import Difference, Followed, Step, Tell
from cortex_adapters.moving.rows import Key, key_from
from cortex_adapters.moving.tables import Table


class Reached:
    """Which rows of a table are in the target already, by its checkpoint."""

    def __init__(self, checkpoints: Mapping[str, Checkpoint]) -> None:
        self._checkpoints = checkpoints

    def keys(self, table: str, keys: Sequence[Key]) -> list[Key]:
        """Return those of *keys* that were copied, or would have been had they been there."""
        point = self._checkpoints.get(table, Checkpoint())
        if point.done:
            return list(keys)
        if point.last is None:
            return []
        last = key_from(point.last)
        return [key for key in keys if not _after(key, last)]


def _after(key: Key, last: Key) -> bool:
    # Texts in the order of code points, which is that of their bytes in UTF-8.
    return key > last


class Following:
    """Brings the target from where it is to a snapshot of the source.

    First the rows of all changed keys go away, then those that there are come in: so a name
    may pass from one row to another. Only then the source forgets the changes: whoever is
    stopped in between does the same again, and nothing is different for it.
    """

    def __init__(self, source: End, target: End, tables: Sequence[Table], tell: Tell) -> None:
        self._source = source
        self._target = target
        self._tables = {table.name: table for table in tables}
        self._tell = tell

    async def up_to(self, snapshot: Snapshot, *, check: bool = False) -> Followed:
        """Follow up to *snapshot*; with *check* look whether what changed is the same there."""
        reached = Reached(await self._target.checkpoints())
        async for _, keys in changed(snapshot):
            for name, some in keys.items():
                if gone := reached.keys(name, some):
                    await self._target.apply(self._tables[name], delete=gone)
        count = 0
        async for changes, keys in changed(snapshot):
            for name, some in keys.items():
                await self._bring(snapshot, self._tables[name], reached.keys(name, some))
            count += len(changes)
            self._tell(Step(phase="follow", table="", rows=count, total=count))
        found = await self._differences(snapshot) if check else []
        if not found:  # else the next run tries again, whatever becomes of this one
            async for changes, _ in changed(snapshot):
                await self._source.forget(changes)
        return Followed(changes=count, differences=found)

    async def _differences(self, snapshot: Snapshot) -> Sequence[Difference]:
        found: list[Difference] = []
        async with self._target.snapshot() as there:
            async for _, keys in changed(snapshot):
                for name, some in keys.items():
                    table = self._tables[name]
                    ours = await snapshot.these(table, some)
                    theirs = await there.these(table, some)
                    found += compare_rows(table, ours, theirs)
        return found

    async def _bring(self, snapshot: Snapshot, table: Table, keys: Sequence[Key]) -> None:
        if keys:
            rows = await snapshot.these(table, keys)
            await Putting(self._target, table).put(rows, replacing=keys)
