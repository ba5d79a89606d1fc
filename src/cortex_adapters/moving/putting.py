"""Rows into the target: what fits goes, and what does not is written down as refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cortex_adapters.moving.ends import Checkpoint, End
from cortex_adapters.moving.fitness import Finding, Fitness
from cortex_adapters.moving.rows import Key, Row, canonical, key_text, keys_of
from cortex_adapters.moving.tables import Table
from cortex_core.domain.errors import ConflictError, InvalidInputError

Mark = Callable[[Key], Checkpoint]


class Putting:
    """Puts rows of one table into a target."""

    def __init__(self, target: End, table: Table) -> None:
        self.refused = 0
        self._target = target
        self._table = table
        self._fitness = Fitness(table)
        self._bring = canonical(table)
        self._key = keys_of(table)

    async def put(
        self, rows: Sequence[Row], *, replacing: Sequence[Key] = (), mark: Mark | None = None
    ) -> None:
        """Put *rows* in place of those with the keys *replacing*; *mark* makes the checkpoint."""
        if replacing:
            await self._target.apply(self._table, delete=replacing)
        await self._put(rows, mark)

    async def _put(self, rows: Sequence[Row], mark: Mark | None) -> None:
        refused: list[Finding] = []
        fit: list[Row] = []
        for row in rows:
            if found := self._fitness.findings(row):
                refused += found
            else:
                fit.append(self._bring(row))
        checkpoint = mark(self._key(rows[-1])) if mark and rows else None
        try:
            await self._target.apply(
                self._table, insert=fit, refused=refused, checkpoint=checkpoint
            )
        except (ConflictError, InvalidInputError) as error:
            await self._in_halves(rows, mark, error)
        else:
            self.refused += len(refused)

    async def _in_halves(
        self, rows: Sequence[Row], mark: Mark | None, error: ConflictError | InvalidInputError
    ) -> None:
        """Find the row that the target does not take, and put the others."""
        if len(rows) > 1:
            middle = len(rows) // 2
            await self._put(rows[:middle], mark)
            await self._put(rows[middle:], mark)
            return
        key = self._key(rows[0])
        refused = Finding(self._table.name, key_text(key), "", str(error))
        await self._target.apply(
            self._table, refused=[refused], checkpoint=mark(key) if mark else None
        )
        self.refused += 1
