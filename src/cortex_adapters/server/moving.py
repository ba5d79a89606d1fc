"""The move, put together: two databases of different kinds."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final, Literal

from cortex_adapters.moving.move import Move
from cortex_adapters.moving.report import Tell
from cortex_adapters.moving.sampling import Samples
from cortex_adapters.server.databases import database, naming
from cortex_adapters.settings import DatabaseUrl, PostgresUrl
from cortex_core.domain.errors import SettingsError

Hold = Literal["both", "source", "none"]

_HELD: Final = ({"both", "source"}, {"both"})


@asynccontextmanager
async def open_move(
    source: DatabaseUrl, target: DatabaseUrl, tell: Tell, *, hold: Hold = "both"
) -> AsyncIterator[Move]:
    """Open a move from *source* to *target*; the only one of those that it is to *hold*.

    Raises:
        BusyError: Another move is under way, or a server is using the target.
        SettingsError: Nothing moves between databases of these kinds.
    """
    if type(source) is type(target):
        raise SettingsError([f"Nothing moves from {source} to {target}: one must be SQLite."])
    here, there = database(source), database(target)
    if here.end is None or here.open_moving is None or there.end is None or not there.open_moving:
        raise SettingsError(["What is in memory does not move."])
    ends = here.end(), there.end()
    async with AsyncExitStack() as stack:
        for url, end, where in zip((source, target), ends, _HELD, strict=True):
            if hold in where:
                with naming(url):
                    await stack.enter_async_context(end.alone())
        if hold == "both":
            stack.enter_context(there.alone())
        typed = ends[0] if isinstance(source, PostgresUrl) else ends[1]
        samples = Samples(here.open_moving, there.open_moving)
        yield Move(*ends, typed=typed, tell=tell, samples=samples)
