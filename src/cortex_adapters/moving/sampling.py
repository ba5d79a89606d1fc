"""Some rows of each table, read as a server reads them, on both sides."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

import msgspec

from cortex_adapters.moving.report import Difference
from cortex_adapters.moving.rows import Row, key_text, keys_of
from cortex_adapters.moving.tables import Table
from cortex_core.domain.errors import CortexError, InvalidInputError, StorageCorruptError
from cortex_core.ports import Store, UnitOfWork

OpenStore = Callable[[], AbstractAsyncContextManager[Store]]
Named = Mapping[str, Any]

_MOST: Final = 50
_READERS: Final[Mapping[str, Callable[[UnitOfWork, Named], Awaitable[object]]]] = {
    "users": lambda work, row: work.users.get(row["id"]),
    "memberships": lambda work, row: work.workspaces.access(row["user_id"], row["workspace_id"]),
    "conversations": lambda work, row: work.conversations.get(row["id"]),
    "messages": lambda work, row: work.messages.get(row["conversation_id"], row["id"]),
    "turns": lambda work, row: work.turns.get(row["id"]),
    "events": lambda work, row: work.events.since(
        row["conversation_id"], seq=row["seq"] - 1, limit=1
    ),
    "registry": lambda work, row: work.registry.get(row["name"]),
}


class Samples:
    """Takes a row of each page that is compared, and reads it through both stores at the end."""

    def __init__(self, source: OpenStore, target: OpenStore) -> None:
        self._source = source
        self._target = target
        self._rows: dict[str, tuple[Table, list[Row]]] = {}

    def take(self, table: Table, page: Sequence[Row]) -> None:
        """Take a row of *page*, unless there are enough."""
        if table.name in _READERS:
            _, rows = self._rows.setdefault(table.name, (table, []))
            if len(rows) < _MOST:
                rows.append(random.choice(page))  # noqa: S311 - which one is no secret

    async def compare(self) -> tuple[int, Sequence[Difference]]:
        """Return how many rows were read, and those that are not the same to a server."""
        count = 0
        unlike: list[Difference] = []
        async with self._source() as source, self._target() as target:
            for name, (table, rows) in self._rows.items():
                for row in rows:
                    count += 1
                    named = dict(zip(table.names, row, strict=True))
                    if await _read(source, name, named) != await _read(target, name, named):
                        key = key_text(keys_of(table)(row))
                        what = "is not the same to a server"
                        unlike.append(Difference(table=name, key=key, what=what))
        self._rows.clear()
        return count, unlike


async def _read(store: Store, table: str, row: Named) -> object:
    try:
        async with store.begin(read_only=True, single=True) as work:
            return await _READERS[table](work, row)
    except (InvalidInputError, msgspec.MsgspecError):
        return StorageCorruptError  # what cannot be read is called so on one side, see its door
    except CortexError as error:
        return type(error)
