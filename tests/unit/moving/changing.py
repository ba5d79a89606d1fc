"""Writes to either kind of database, as a server makes them, of all kinds."""

import random
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from msgspec.structs import replace

from cortex_adapters.postgres.store import open_store as open_postgres
from cortex_adapters.sqlite.store import open_store as open_sqlite
from cortex_core.contract import make
from cortex_core.contract.store import (
    stored_conversation,
    stored_guest,
    stored_user,
    stored_workspace,
)
from cortex_core.domain.models import Conversation, User, Workspace
from cortex_core.domain.policy import WRITERS
from cortex_core.ports import Store

OpenStore = Callable[[str], AbstractAsyncContextManager[Store]]


def opened(address: str) -> AbstractAsyncContextManager[Store]:
    """Open the store of a file or a database."""
    return open_postgres(address) if ":" in address else open_sqlite(address)


class Changes:
    """Inserts, updates and deletes of one owner, by chance but each time the same."""

    def __init__(self, store: Store, owner: User, *, chance: int = 3) -> None:
        self.made = 0
        self._store = store
        self._owner = owner
        self._random = random.Random(chance)
        self._talks: list[tuple[Workspace, Conversation]] = []

    @classmethod
    async def of(cls, store: Store, *, chance: int = 3) -> "Changes":
        return cls(store, await stored_user(store), chance=chance)

    async def make(self, count: int) -> None:
        """Make *count* of them."""
        for _ in range(count):
            await self.one()

    async def one(self) -> None:
        """Make one change."""
        roll = self._random.random()
        if len(self._talks) < 4 or roll < 0.1:
            workspace = await stored_workspace(self._store, self._owner)
            self._talks.append((workspace, await stored_conversation(self._store, workspace)))
        elif roll < 0.6:
            await self._post()
        elif roll < 0.7:
            await stored_guest(self._store, self._random.choice(self._talks)[1])
        elif roll < 0.9:
            await self._swap_names()
        else:
            workspace, _ = self._talks.pop(self._random.randrange(len(self._talks)))
            async with self._store.begin() as work:
                await work.workspaces.delete(workspace.id, version=None)
        self.made += 1

    async def _post(self) -> None:
        _, talk = self._random.choice(self._talks)
        note = make.message(talk, self._owner)
        async with self._store.begin(single=True) as work:
            placed = await work.messages.post(note, turn=make.turn(note), roles=WRITERS)
        assert placed is not None

    async def _swap_names(self) -> None:
        """Let two workspaces of one owner, where each name may be there once, swap theirs."""
        one, other = self._random.sample(range(len(self._talks)), 2)
        names = [self._talks[place][0].name for place in (one, other)]
        await self._rename(one, f"{self._random.random()}")
        await self._rename(other, names[0])
        await self._rename(one, names[1])

    async def _rename(self, place: int, name: str) -> None:
        workspace, talk = self._talks[place]
        renamed = replace(workspace, name=name, version=workspace.version + 1)
        async with self._store.begin() as work:
            await work.workspaces.update(renamed, version=workspace.version)
        self._talks[place] = renamed, talk
