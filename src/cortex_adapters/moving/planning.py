"""What a move would do, and what would not survive it; nothing is written anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cortex_adapters.moving.ends import Snapshot
from cortex_adapters.moving.fitness import Finding, Fitness
from cortex_adapters.moving.pages import pages
from cortex_adapters.moving.report import Plan, Step, TablePlan, Tell
from cortex_adapters.moving.rows import key_text, size_of
from cortex_adapters.moving.tables import Table

_SHOWN: Final = 10_000


async def plan(source: Snapshot, tables: Sequence[Table], tell: Tell) -> Plan:
    """Read every row of *source*, and say which cannot go."""
    planned: list[TablePlan] = []
    lost: list[Finding] = []
    broken: list[Finding] = []
    more = 0
    for table in tables:
        total, rows, size = await source.count(table), 0, 0
        fitness = Fitness(table)
        async for page in pages(source, table):
            for row in page:
                if found := fitness.findings(row):
                    room = max(0, _SHOWN - len(lost))
                    lost += found[:room]
                    more += len(found[room:])
            rows += len(page)
            size += (took := size_of(page))
            tell(Step(phase="plan", table=table.name, rows=rows, total=total, size=took))
        planned.append(TablePlan(table=table.name, rows=rows, bytes=size))
        lost += await _repeated(source, table)
        broken += await _orphans(source, table)
    return Plan(tables=planned, lost=lost, broken=broken, more=more)


async def _repeated(source: Snapshot, table: Table) -> list[Finding]:
    return [
        Finding(table.name, key_text(values), ", ".join(columns), "must be there once")
        for columns in table.unique
        if columns != table.key
        for values in await source.repeated(table, columns)
    ]


async def _orphans(source: Snapshot, table: Table) -> list[Finding]:
    return [
        Finding(
            table.name,
            key_text(key),
            ", ".join(reference.columns),
            f"leads to no row of {reference.parent}",
        )
        for place, reference in enumerate(table.references)
        for key in await source.orphans(table, place)
    ]
