"""The move, put together: two databases of different kinds."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from cortex_adapters.moving.move import Move
from cortex_adapters.moving.report import Tell
from cortex_adapters.server.databases import database, naming
from cortex_adapters.settings import DatabaseUrl, PostgresUrl
from cortex_core.domain.errors import SettingsError


@asynccontextmanager
async def open_move(
    source: DatabaseUrl, target: DatabaseUrl, tell: Tell, *, writing: bool = True
) -> AsyncIterator[Move]:
    """Open a move from *source* to *target*; with *writing*, the only one and with no server there.

    Raises:
        BusyError: Another move is under way, or a server is using the target.
        SettingsError: Nothing moves between databases of these kinds.
    """
    ends = database(source).end, database(target).end
    if ends[0] is None or ends[1] is None or type(source) is type(target):
        raise SettingsError([f"Nothing moves from {source} to {target}: one must be SQLite."])
    here, there = ends[0](), ends[1]()
    async with AsyncExitStack() as stack:
        if writing:
            for url, end in ((source, here), (target, there)):
                with naming(url):
                    await stack.enter_async_context(end.alone())
            stack.enter_context(database(target).alone())
        typed = here if isinstance(source, PostgresUrl) else there
        yield Move(here, there, typed=typed, tell=tell)
