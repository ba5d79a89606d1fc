"""The phases of a move, each of which may be run again wherever it was stopped."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Final
from uuid import uuid4

from cortex_adapters.migrations import SchemaStatus, require_current
from cortex_adapters.moving import copying, planning, verifying
from cortex_adapters.moving.ends import End, Snapshot
from cortex_adapters.moving.following import Following
from cortex_adapters.moving.pages import changed
from cortex_adapters.moving.place import require_here
from cortex_adapters.moving.report import (
    Copied,
    Difference,
    Followed,
    Plan,
    Released,
    Step,
    Switched,
    Tell,
    Verdict,
)
from cortex_adapters.moving.rows import key_text
from cortex_adapters.moving.sampling import Samples
from cortex_adapters.moving.tables import Table, agreed
from cortex_core.domain.errors import ConflictError, MovedError, SchemaError

_FEW: Final = 200
_ROUNDS: Final = 20


class Move:
    """Moves everything from *source* to *target*, of which *typed* knows all kinds."""

    def __init__(
        self, source: End, target: End, *, typed: End, tell: Tell, samples: Samples
    ) -> None:
        self._source = source
        self._target = target
        self._typed = typed
        self._tell = tell
        self._samples = samples

    async def left(self) -> bool:
        """Say whether the source has been left: all there may be to do is to end the cutover."""
        return (await self._source.state()).get("phase") == "moved"

    async def plan(self) -> Plan:
        """Say what would be moved, and what would not survive; writes nothing."""
        require_here(await self._source.state())
        require_current(await self._source.schema())
        there = await self._target.schema()
        if there.current or self._typed is self._target:
            require_alike(await self._source.schema(), there)
        tables = await self._tables()
        async with self._source.snapshot() as snapshot:
            return await planning.plan(snapshot, tables, self._tell)

    async def copy(self) -> Copied:
        """Begin, or go on: copy what is there, and have changes captured from now on.

        Raises:
            ConflictError: The target holds something else.
            MovedError: The source has been moved, or is itself the target of a move.
            SchemaError: One of the schemas is not that of this release.
        """
        tables = await self._begin()
        async with self._source.snapshot() as snapshot:
            await self._up_to(snapshot, tables)
            copied = await copying.copy(snapshot, self._target, tables, self._tell)
        await self._target.rebuild()
        if (await self._target.state())["phase"] == "copying":
            await self._target.note(phase="copied")
        return copied

    async def follow(self) -> Followed:
        """Bring changes after until there are few."""
        tables = await self._under_way()
        total = 0
        found: list[Difference] = []
        for _ in range(_ROUNDS):
            async with self._source.snapshot() as snapshot:
                followed = await self._up_to(snapshot, tables)
            total += followed.changes
            found += followed.differences
            if followed.changes < _FEW:
                break
        return Followed(changes=total, differences=found)

    async def verify(self) -> Verdict:
        """Compare every row of both sides, as they are at one moment of the source."""
        tables = await self._under_way()
        async with self._source.snapshot() as snapshot:
            await self._following(tables).up_to(snapshot)
            async with self._target.snapshot() as there:
                take = self._samples.take
                verdict = await verifying.verify(snapshot, there, tables, self._tell, take)
        sampled, unlike = await self._samples.compare()
        if unlike:
            named = {(each.table, each.key) for each in verdict.differences}
            unlike = [each for each in unlike if (each.table, each.key) not in named]
            unlike = await self._unless_changed(unlike)
        verdict = Verdict(
            tables=verdict.tables,
            spans=verdict.spans,
            differences=[*verdict.differences, *unlike],
            more=verdict.more,
            quarantined=await self._target.quarantined(),
            sampled=sampled,
        )
        await self._target.note(phase="verified" if verdict.ok else "copied")
        return verdict

    async def cutover(self) -> Switched | Verdict:
        """Freeze the source, bring the last changes after, and let the target be the one.

        What was verified before is not compared again, what has changed since is. Writes are let
        in again where something is not the same, or fails.
        """
        state = await self._source.state()
        if await self.left():
            return await self._end(state)
        if (await self._target.state()).get("phase") != "verified":
            verdict = await self.verify()
            if not verdict.ok:
                return verdict
        tables = await self._under_way()
        if found := (await self.follow()).differences:
            return Verdict(tables=(), differences=found)
        began = float(state.get("frozen_at", time.time()))
        try:
            await self._source.note(frozen_at=str(began))
            await self._source.freeze(tables)
            self._at("frozen", 1)
            async with self._source.snapshot() as snapshot:
                followed = await self._following(tables).up_to(snapshot, check=True)
                verdict = await self._last_look(snapshot, tables, followed)
            if not verdict.ok:
                await self._target.note(phase="copied")
                await self._source.thaw()
                return verdict
            self._at("compared", 2)
        except BaseException:
            await self._source.thaw()
            raise
        move = (await self._source.state())["move"]
        moved = {"phase": "moved", "role": "source", "to": self._target.name, "move": move}
        await self._source.release(keep={**moved, "frozen_at": str(began)})
        self._at("left the source", 3)
        await self._target.finish()
        seconds = time.time() - began
        self._at("switched", 4)
        await self._target.settle()
        return Switched(frozen_seconds=seconds, changes=followed.changes)

    async def abort(self) -> Released:
        """Let the source be as if there had been no move; the target is of no use any more."""
        state = await self._source.state()
        if state.get("phase") == "moved":
            raise MovedError(f"The data has moved to {state['to']}; bring it back from there.")
        await self._source.release(keep={})
        return Released(left=self._target.name)

    def _at(self, name: str, rows: int) -> None:
        self._tell(Step(phase="cutover", table=name, rows=rows, total=4))

    async def _end(self, state: Mapping[str, str]) -> Switched:
        """End what was stopped after the source was left."""
        there = await self._target.state()
        same = there["move"] == state["move"] if there else state["to"] == self._target.name
        if not same:
            raise MovedError(f"The data has moved to {state['to']}.")
        if there:
            await self._target.finish()
        await self._target.settle()
        return Switched(frozen_seconds=time.time() - float(state["frozen_at"]), changes=0)

    async def _begin(self) -> Sequence[Table]:
        require_current(await self._source.schema())
        require_here(await self._source.state())
        if (await self._target.schema()).current == 0:
            await self._target.upgrade()
        require_alike(await self._source.schema(), await self._target.schema())
        tables = await self._tables()
        ours, theirs = await self._source.state(), await self._target.state()
        if theirs and (theirs.get("role") != "target" or theirs.get("move") != ours.get("move")):
            raise ConflictError(f"{self._target.name} has to do with another move.")
        if not theirs:
            await self._require_empty(tables)
        move = ours.get("move") or uuid4().hex
        if ours.get("phase") != "frozen":
            await self._source.capture(tables, move=move)
        if not theirs:
            await self._target.prepare(tables, move=move)
        return tables

    async def _under_way(self) -> Sequence[Table]:
        ours, theirs = await self._source.state(), await self._target.state()
        require_here(ours)
        if not ours or ours.get("move") != theirs.get("move"):
            raise ConflictError("Nothing was copied between these two yet.")
        if theirs.get("phase") == "copying":
            raise ConflictError("The copy has not ended: run it again.")
        return await self._tables()

    async def _require_empty(self, tables: Sequence[Table]) -> None:
        async with self._target.snapshot() as snapshot:
            for table in tables:
                if await snapshot.count(table):
                    raise ConflictError(
                        f"{self._target.name} holds rows of {table.name} that no move brought."
                    )

    async def _last_look(
        self, snapshot: Snapshot, tables: Sequence[Table], followed: Followed
    ) -> Verdict:
        differences = list(followed.differences)
        async with self._target.snapshot() as there:
            for table in tables:
                ours, theirs = await snapshot.count(table), await there.count(table)
                if ours != theirs:
                    what = f"has {ours} rows in the source and {theirs} in the target"
                    differences.append(Difference(table=table.name, key="", what=what))
        quarantined = await self._target.quarantined()
        return Verdict(tables=(), differences=differences, quarantined=quarantined)

    async def _unless_changed(self, found: Sequence[Difference]) -> Sequence[Difference]:
        """Return those of *found* that have not changed in the source since it was compared."""
        async with self._source.snapshot() as snapshot:
            pages = [keys async for _, keys in changed(snapshot)]
        since = {
            (table, key_text(key)) for page in pages for table, keys in page.items() for key in keys
        }
        return [each for each in found if (each.table, each.key) not in since]

    async def _up_to(self, snapshot: Snapshot, tables: Sequence[Table]) -> Followed:
        """Follow; what was verified stays so, or is noted not to be."""
        verified = (await self._target.state()).get("phase") == "verified"
        followed = await self._following(tables).up_to(snapshot, check=verified)
        if followed.differences:
            await self._target.note(phase="copied")
        return followed

    def _following(self, tables: Sequence[Table]) -> Following:
        return Following(self._source, self._target, tables, self._tell)

    async def _tables(self) -> Sequence[Table]:
        loose = self._target if self._typed is self._source else self._source
        theirs = await loose.tables()
        if not theirs and loose is self._target:
            return await self._typed.tables()
        return agreed(await self._typed.tables(), theirs)


def require_alike(source: SchemaStatus, target: SchemaStatus) -> None:
    """Raise SchemaError unless both stand where this release, or a later one, put them."""
    require_current(target)
    if source.current != target.current:
        raise SchemaError(
            f"The source is at step {source.current}, and the target at step {target.current}."
        )
