"""A store in one SQLite file: one writer at a time, readers beside it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager

from cortex_adapters.migrations import require_current
from cortex_adapters.sqlite.connections import READER, WRITER, open_lane
from cortex_adapters.sqlite.files import require_writable
from cortex_adapters.sqlite.lanes import Readers, Writer
from cortex_adapters.sqlite.repositories.conversations import SqliteConversations
from cortex_adapters.sqlite.repositories.events import SqliteEvents
from cortex_adapters.sqlite.repositories.links import SqliteLinks
from cortex_adapters.sqlite.repositories.messages import SqliteMessages
from cortex_adapters.sqlite.repositories.registry import SqliteRegistry
from cortex_adapters.sqlite.repositories.replays import SqliteReplays
from cortex_adapters.sqlite.repositories.retention import SqliteRetention
from cortex_adapters.sqlite.repositories.revocations import SqliteRevocations
from cortex_adapters.sqlite.repositories.search import SqliteSearch
from cortex_adapters.sqlite.repositories.sessions import SqliteSessions
from cortex_adapters.sqlite.repositories.turns import SqliteTurns
from cortex_adapters.sqlite.repositories.users import SqliteUsers
from cortex_adapters.sqlite.repositories.workspaces import SqliteWorkspaces
from cortex_adapters.sqlite.schema import status
from cortex_adapters.sqlite.transaction import Counted, Reading, Several, Single, Transaction
from cortex_core.domain.ids import UserId
from cortex_core.ports import Telemetry


class SqliteUnitOfWork:
    """Repositories over one transaction."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    @property
    def users(self) -> SqliteUsers:
        return SqliteUsers(self._transaction)

    @property
    def links(self) -> SqliteLinks:
        return SqliteLinks(self._transaction)

    @property
    def workspaces(self) -> SqliteWorkspaces:
        return SqliteWorkspaces(self._transaction)

    @property
    def conversations(self) -> SqliteConversations:
        return SqliteConversations(self._transaction)

    @property
    def messages(self) -> SqliteMessages:
        return SqliteMessages(self._transaction)

    @property
    def search(self) -> SqliteSearch:
        return SqliteSearch(self._transaction)

    @property
    def turns(self) -> SqliteTurns:
        return SqliteTurns(self._transaction)

    @property
    def events(self) -> SqliteEvents:
        return SqliteEvents(self._transaction)

    @property
    def sessions(self) -> SqliteSessions:
        return SqliteSessions(self._transaction)

    @property
    def revocations(self) -> SqliteRevocations:
        return SqliteRevocations(self._transaction)

    @property
    def replays(self) -> SqliteReplays:
        return SqliteReplays(self._transaction)

    @property
    def registry(self) -> SqliteRegistry:
        return SqliteRegistry(self._transaction)

    @property
    def retention(self) -> SqliteRetention:
        return SqliteRetention(self._transaction)


class SqliteStore:
    """Keeps everything in one file."""

    def __init__(self, writer: Writer, readers: Readers) -> None:
        self._writer = writer
        self._readers = readers

    @asynccontextmanager
    async def begin(
        self,
        *,
        read_only: bool = False,
        single: bool = False,
        caller: UserId | None = None,  # noqa: ARG002 - nothing here can tell users apart
    ) -> AsyncIterator[SqliteUnitOfWork]:
        if read_only:
            with _unit(Reading(self._readers), single=single) as work:
                yield work
        elif single:
            with _unit(Single(self._readers, self._writer), single=True) as work:
                yield work
        else:
            async with Several.on(self._writer) as several:
                with _unit(several, single=False) as work:
                    yield work


@contextmanager
def _unit(transaction: Transaction, *, single: bool) -> Iterator[SqliteUnitOfWork]:
    calls = Counted(transaction, single=single)
    try:
        yield SqliteUnitOfWork(calls)
    finally:
        calls.end()


@asynccontextmanager
async def open_store(
    path: str,
    *,
    busy_timeout: float = 5.0,
    readers: int = 3,
    telemetry: Telemetry | None = None,
    moving: bool = False,
) -> AsyncIterator[SqliteStore]:
    """Open the file at *path*, which has the schema of this release; *moving* is for a move.

    Whoever finds the file locked, or every connection taken, waits for *busy_timeout* seconds.

    Raises:
        MovedError: The data has gone elsewhere, or is not all there yet.
        SchemaError: The schema is behind or ahead; `cortex db upgrade` makes it.
        StorageCorruptError: The file is damaged, or not a database.
        StorageReadOnlyError: The file or its directory cannot be written.
    """
    require_writable(path)
    require_current(await status(path, moving=moving))
    async with AsyncExitStack() as lanes:
        writer = await lanes.enter_async_context(
            open_lane(path, WRITER, patience=busy_timeout, telemetry=telemetry)
        )
        reading = [
            await lanes.enter_async_context(
                open_lane(
                    path,
                    READER,
                    patience=busy_timeout,
                    busy_timeout=busy_timeout,
                    telemetry=telemetry,
                )
            )
            for _ in range(readers)
        ]
        yield SqliteStore(
            Writer(writer, patience=busy_timeout), Readers(reading, patience=busy_timeout)
        )
