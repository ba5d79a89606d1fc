"""A store in PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from types import TracebackType

from cortex_adapters import migrations
from cortex_adapters.postgres import schema, walls
from cortex_adapters.postgres.connection import hardened, pooled
from cortex_adapters.postgres.line import Line
from cortex_adapters.postgres.pool import Pool, open_pool
from cortex_adapters.postgres.pooler import require_sessions
from cortex_adapters.postgres.replica import ReadLine, Replica, open_replica
from cortex_adapters.postgres.repositories.conversations import PostgresConversations
from cortex_adapters.postgres.repositories.events import PostgresEvents
from cortex_adapters.postgres.repositories.links import PostgresLinks
from cortex_adapters.postgres.repositories.messages import PostgresMessages
from cortex_adapters.postgres.repositories.registry import PostgresRegistry
from cortex_adapters.postgres.repositories.replays import PostgresReplays
from cortex_adapters.postgres.repositories.retention import PostgresRetention
from cortex_adapters.postgres.repositories.revocations import PostgresRevocations
from cortex_adapters.postgres.repositories.search import PostgresSearch
from cortex_adapters.postgres.repositories.sessions import PostgresSessions
from cortex_adapters.postgres.repositories.turns import PostgresTurns
from cortex_adapters.postgres.repositories.users import PostgresUsers
from cortex_adapters.postgres.repositories.workspaces import PostgresWorkspaces
from cortex_adapters.postgres.session import Session
from cortex_core.domain.ids import UserId
from cortex_core.ports import NoTelemetry, Telemetry

__all__ = ["PostgresStore", "PostgresUnitOfWork", "open_store"]


class PostgresUnitOfWork:
    """Repositories over one session."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    @property
    def users(self) -> PostgresUsers:
        return PostgresUsers(self._session)

    @property
    def links(self) -> PostgresLinks:
        return PostgresLinks(self._session)

    @property
    def workspaces(self) -> PostgresWorkspaces:
        return PostgresWorkspaces(self._session)

    @property
    def conversations(self) -> PostgresConversations:
        return PostgresConversations(self._session)

    @property
    def messages(self) -> PostgresMessages:
        return PostgresMessages(self._session)

    @property
    def search(self) -> PostgresSearch:
        return PostgresSearch(self._session)

    @property
    def turns(self) -> PostgresTurns:
        return PostgresTurns(self._session)

    @property
    def events(self) -> PostgresEvents:
        return PostgresEvents(self._session)

    @property
    def sessions(self) -> PostgresSessions:
        return PostgresSessions(self._session)

    @property
    def revocations(self) -> PostgresRevocations:
        return PostgresRevocations(self._session)

    @property
    def replays(self) -> PostgresReplays:
        return PostgresReplays(self._session)

    @property
    def registry(self) -> PostgresRegistry:
        return PostgresRegistry(self._session)

    @property
    def retention(self) -> PostgresRetention:
        return PostgresRetention(self._session)


class _Begun:
    """The context of one unit of work; a class, because each request pays for it."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    async def __aenter__(self) -> PostgresUnitOfWork:
        return PostgresUnitOfWork(self._session)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._session.end(error)


class PostgresStore:
    """Keeps everything in one PostgreSQL database, which may be *walled*."""

    def __init__(self, pool: Pool, replica: Replica | None = None, *, walled: bool = False) -> None:
        self.replica = replica
        self._pool = pool
        self._walled = walled

    @property
    def statements(self) -> int:
        """How many statements were sent so far, BEGIN and COMMIT included."""
        return self._pool.statements

    def begin(
        self, *, read_only: bool = False, single: bool = False, caller: UserId | None = None
    ) -> AbstractAsyncContextManager[PostgresUnitOfWork]:
        if read_only and self.replica is not None:
            line: Line = ReadLine(self._pool, self.replica)
        else:
            line = Line(self._pool)
        acting = (caller or walls.SYSTEM) if self._walled else None
        return _Begun(Session(line, read_only=read_only, single=single, acting=acting))


@asynccontextmanager
async def open_store(
    conninfo: str,
    *,
    min_size: int = 1,
    max_size: int = 10,
    max_waiting: int = 200,
    wait: float = 2.0,
    telemetry: Telemetry | None = None,
    moving: bool = False,
    pooler: str | None = None,
    replica: str | None = None,
) -> AsyncIterator[PostgresStore]:
    """Open the store in the database at *conninfo*, whose schema must be current.

    *min_size* connections are made at once. At most *max_size* units of work use one at a time;
    up to *max_waiting* more wait for their turn, up to *wait* seconds. *moving* is for a move.
    Units of work go through *pooler*, if there is one: the address of the same database behind a
    pooler in transaction mode. Those that only read may use the standby at *replica*, which need
    not be there.

    Raises:
        MovedError: The data has gone elsewhere, or is not all there yet.
        SchemaError: The schema is not the one this release needs.
        SettingsError: An address cannot be read, or sessions of *pooler* are not as they must be.
        UnavailableError: The database cannot be reached, or its pooler.
    """
    migrations.require_current(await schema.status(conninfo, moving=moving))
    walled = await walls.stand(conninfo)
    session = walls.session(walled=walled)
    if pooler is not None:
        await require_sessions(pooler)
    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(
            open_pool(
                hardened(conninfo, **session) if pooler is None else pooled(pooler),
                min_size=min_size,
                max_size=max_size,
                max_waiting=max_waiting,
                wait=wait,
                telemetry=telemetry or NoTelemetry(),
                prepares=pooler is None,
            )
        )
        near = None
        if replica is not None:
            near = await stack.enter_async_context(
                open_replica(
                    conninfo,
                    replica,
                    session=session,
                    max_size=max_size,
                    max_waiting=max_waiting,
                    telemetry=telemetry,
                )
            )
        yield PostgresStore(pool, near, walled=walled)
