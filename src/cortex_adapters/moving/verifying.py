"""The comparison of every row: counts, hashes, and the names of the rows that differ."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from cortex_adapters.moving.comparing import compare_rows
from cortex_adapters.moving.ends import Snapshot
from cortex_adapters.moving.fitness import key_fits
from cortex_adapters.moving.pages import pages
from cortex_adapters.moving.report import Difference, Span, Step, TableVerdict, Tell, Verdict
from cortex_adapters.moving.rows import Digest, Key, Row, canonical, key_text, keys_of
from cortex_adapters.moving.tables import Table

_SHOWN: Final = 1_000
_START: Final = "the first"
_END: Final = "the last"


async def verify(
    source: Snapshot,
    target: Snapshot,
    tables: Sequence[Table],
    tell: Tell,
    take: Callable[[Table, Sequence[Row]], None],
) -> Verdict:
    """Compare all rows, range by range, where both snapshots should be the same.

    Each range is handed to *take*, too.
    """
    verdicts: list[TableVerdict] = []
    spans: list[Span] = []
    differences: list[Difference] = []
    for table in tables:
        comparison = _Comparison(table)
        total = await source.count(table)
        after: Key | None = None
        async for page in pages(source, table):
            last = comparison.last_fit(page) or after
            other = [] if last == after else await target.page(table, after=after, upto=last)
            await asyncio.to_thread(comparison.add, page, other, after, last)
            after = last
            take(table, page)
            rows = comparison.ours.rows
            tell(Step(phase="verify", table=table.name, rows=rows, total=total))
        if rest := await target.page(table, after=after):
            comparison.add([], rest, after, None)
        differences += await _orphans(target, table)
        verdicts.append(comparison.verdict)
        spans += comparison.spans
        differences += comparison.differences
    return Verdict(
        tables=verdicts,
        spans=spans[:_SHOWN],
        differences=differences[:_SHOWN],
        more=max(0, len(differences) - _SHOWN),
    )


async def _orphans(target: Snapshot, table: Table) -> list[Difference]:
    """Return the rows that only a target with fewer rules, or its source, would take."""
    return [
        Difference(
            table=table.name,
            key=key_text(key),
            what=f"leads to no row of {reference.parent} by {', '.join(reference.columns)}",
        )
        for place, reference in enumerate(table.references)
        for key in await target.orphans(table, place)
    ]


class _Comparison:
    """One table on both sides."""

    def __init__(self, table: Table) -> None:
        self._key = keys_of(table)
        self._fits = key_fits(table)
        self.ours, self._theirs = Digest(), Digest()
        self.spans: list[Span] = []
        self.differences: list[Difference] = []
        self._table = table
        self._bring = canonical(table)

    @property
    def verdict(self) -> TableVerdict:
        return TableVerdict(
            table=self._table.name,
            source_rows=self.ours.rows,
            target_rows=self._theirs.rows,
            source_hash=self.ours.text,
            target_hash=self._theirs.text,
        )

    def last_fit(self, rows: Sequence[Row]) -> Key | None:
        """Return the last key that the target may have, too."""
        return next(filter(self._fits, map(self._key, reversed(rows))), None)

    def add(
        self, source: Sequence[Row], target: Sequence[Row], after: Key | None, last: Key | None
    ) -> None:
        """Compare the rows after *after* up to *last*."""
        ours, theirs = Digest.of(map(self._bring, source)), Digest.of(map(self._bring, target))
        self.ours += ours
        self._theirs += theirs
        if ours == theirs:
            return
        self.spans.append(
            Span(
                table=self._table.name,
                first=_START if after is None else f"after {key_text(after)}",
                last=_END if last is None else key_text(last),
                source=ours.text,
                target=theirs.text,
            )
        )
        self.differences += compare_rows(self._table, source, target)
