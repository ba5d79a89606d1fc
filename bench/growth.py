"""What growth costs: `make bench-growth`, or `python -m bench.growth [MOST]`.

The same operations on a database of ten thousand messages and on one of a million (MOST, or
`CORTEX_BENCH_MOST`), in one run: each is done once on the one and once on the other, in turn, so
that what else the machine does falls on both alike.
"""

from __future__ import annotations

import asyncio
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

import msgspec

from bench.growth_seed import Scene, fill_postgres, fill_sqlite, scene
from bench.statements import ADA
from cortex_adapters.memory.ports import ports_around
from cortex_adapters.postgres import schema as postgres_schema
from cortex_adapters.postgres.store import open_store as open_postgres
from cortex_adapters.sqlite import schema as sqlite_schema
from cortex_adapters.sqlite.store import open_store as open_sqlite
from cortex_core import Cortex
from cortex_core.domain.commands import CreateWorkspace, PostMessage
from cortex_core.domain.paging import PageRequest
from cortex_core.ports import NoTelemetry, Store
from tests.postgres import fresh_database, running_postgres

FEW: Final = 10_000
MOST: Final = 1_000_000
ROUNDS: Final = 1_000
WARM: Final = 200
ALLOWED: Final = 1.3
_PAGE: Final = PageRequest()
_HELLO: Final = PostMessage(content="What is said next is as long as what was said before. ")


class Side(msgspec.Struct, frozen=True):
    """One database: the core upon it, and what it holds."""

    cortex: Cortex
    scene: Scene


class Cost(msgspec.Struct, frozen=True):
    """Microseconds for one operation, in the middle and at the 90th percentile."""

    p50: float
    p90: float


Operation = Callable[[Side], Awaitable[object]]
OPERATIONS: Final[Mapping[str, Operation]] = {
    "POST message": lambda on: on.cortex.exchange.post(ADA, random.choice(on.scene.short), _HELLO),
    "POST, long": lambda on: on.cortex.exchange.post(ADA, on.scene.long, _HELLO),
    "page": lambda on: on.cortex.exchange.page(ADA, random.choice(on.scene.short), _PAGE),
    "page, long": lambda on: on.cortex.exchange.page(ADA, on.scene.long, _PAGE, order="desc"),
    "list": lambda on: on.cortex.conversations.mine(ADA, _PAGE),
    "list, workspace": lambda on: on.cortex.conversations.in_workspace(
        ADA, on.scene.workspace, _PAGE
    ),
    "resume": lambda on: on.cortex.exchange.log(
        ADA, on.scene.long, _PAGE, after=random.randrange(on.scene.size // 2)
    ),
}
"""A page is of 50. What is resumed is the long conversation, after any place in it."""


async def main(most: int) -> int:
    """Measure on both databases; 1 where the top costs more than is allowed."""
    worst = 0.0
    with tempfile.TemporaryDirectory(prefix="cortex-growth-") as folder:
        async with AsyncExitStack() as stack:
            sides = [await stack.enter_async_context(_sqlite(folder, n)) for n in (FEW, most)]
            worst = max(worst, await _compared("SQLite", sides))
    with running_postgres() as server:
        async with AsyncExitStack() as stack:
            sides = [await stack.enter_async_context(_postgres(server, n)) for n in (FEW, most)]
            worst = max(worst, await _compared("PostgreSQL", sides))
    return int(worst > ALLOWED)


async def _compared(name: str, sides: Sequence[Side]) -> float:
    """Print what each operation costs on each side; return the worst ratio."""
    low, high = (f"{side.scene.size:,}" for side in sides)
    print(f"\n{name:<18}{low:>11}{high:>11}  ratio   (p90 ratio); microseconds in the middle")
    ratios = []
    for asked, operation in OPERATIONS.items():
        few, many = await _costs(operation, sides)
        ratios.append(many.p50 / few.p50)
        print(
            f"  {asked:<16}{few.p50:>11.0f}{many.p50:>11.0f}   {ratios[-1]:.2f}   "
            f"({many.p90 / few.p90:.2f})",
            flush=True,
        )
    return max(ratios)


async def _costs(operation: Operation, sides: Sequence[Side]) -> list[Cost]:
    took: list[list[float]] = [[] for _ in sides]
    for number in range(WARM + ROUNDS):
        for place in random.sample(range(len(sides)), len(sides)):
            began = time.perf_counter()
            await operation(sides[place])
            if number >= WARM:
                took[place].append((time.perf_counter() - began) * 1e6)
    return [Cost(statistics.median(each), statistics.quantiles(each, n=10)[8]) for each in took]


@asynccontextmanager
async def _sqlite(folder: str, size: int) -> AsyncIterator[Side]:
    path = str(Path(folder) / f"{size}.db")
    await sqlite_schema.upgrade(path)
    async with open_sqlite(path) as store:
        yield await _filled(store, size, lambda found: fill_sqlite(path, found))


@asynccontextmanager
async def _postgres(server: str, size: int) -> AsyncIterator[Side]:
    with fresh_database(server) as conninfo:
        await postgres_schema.upgrade(conninfo)
        async with open_postgres(conninfo) as store:
            yield await _filled(store, size, lambda found: fill_postgres(conninfo, found))


async def _filled(store: Store, size: int, fill: Callable[[Scene], None]) -> Side:
    cortex = Cortex(ports_around(store, telemetry=NoTelemetry()))
    me = await cortex.users.me(ADA)
    workspace = await cortex.workspaces.create(ADA, CreateWorkspace(name="Bench"))
    found = scene(me.user.id, workspace.id, size)
    began = time.monotonic()
    await asyncio.to_thread(fill, found)
    print(f"seeded {size:,} messages in {time.monotonic() - began:.1f} s", flush=True)
    return Side(cortex, found)


if __name__ == "__main__":
    wanted = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("CORTEX_BENCH_MOST", MOST)
    sys.exit(asyncio.run(main(int(wanted))))
