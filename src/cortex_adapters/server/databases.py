"""Which adapters keep the data: one choice, by the address of the database."""

from __future__ import annotations

from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Coroutine,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    asynccontextmanager,
    contextmanager,
    nullcontext,
)
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from cortex_adapters.backup.ends import BackupEnd
from cortex_adapters.litestar.health import DEGRADED
from cortex_adapters.memory.store import MemoryStore
from cortex_adapters.memory.stream import MemoryEventStream
from cortex_adapters.migrations import SchemaStatus, Step
from cortex_adapters.moving.ends import End
from cortex_adapters.settings import (
    DatabaseUrl,
    MemoryUrl,
    PostgresUrl,
    RedisUrl,
    Settings,
    SqliteUrl,
)
from cortex_core.domain.errors import StorageForbiddenError, UnavailableError
from cortex_core.ports import EventStream, Store, Telemetry

Checks = Mapping[str, Callable[[], Awaitable[str | None]]]
Listening = tuple[EventStream, Checks]


def _none(_: Store) -> Checks:
    return {}


class Downgrade(Protocol):
    """Takes steps of the schema back, until it stands at step *to*."""

    def __call__(self, to: int, *, losing: bool) -> Coroutine[None, None, Sequence[Step]]: ...


class Grants(Protocol):
    """Returns the SQL that gives roles what they need, and no more."""

    def __call__(
        self, *, server: str, reader: str | None, schema: str, row_security: bool | None
    ) -> str: ...


class OpenStore(Protocol):
    """Opens the store, and tells *telemetry* of its statements."""

    def __call__(
        self, *, telemetry: Telemetry | None = None
    ) -> AbstractAsyncContextManager[Store]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """What can be done with the database that was chosen.

    *alone* keeps other servers away where there may be one only; *upgrades_itself* says that
    a developer's machine brings the schema up to date at each start; *end* makes it one end of
    a move, and *open_moving* opens the store of one. Where there are roles, *grants* is about them,
    and *excess* names that of the address, and what it can do beyond what a server needs. *checks*
    are those of an open store.
    """

    status: Callable[[], Coroutine[None, None, SchemaStatus]]
    upgrade: Callable[[], Coroutine[None, None, Sequence[Step]]]
    downgrade: Downgrade
    check: Callable[[], Coroutine[None, None, Sequence[str]]]
    open_store: OpenStore
    open_stream: Callable[[], AbstractAsyncContextManager[Listening]]
    alone: Callable[[], AbstractContextManager[None]] = nullcontext
    upgrades_itself: bool = False
    end: Callable[[], End] | None = None
    backup: Callable[[Path | None], BackupEnd] | None = None
    open_moving: Callable[[], AbstractAsyncContextManager[Store]] | None = None
    grants: Grants | None = None
    excess: Callable[[], Awaitable[tuple[str, Sequence[str]]]] | None = None
    checks: Callable[[Store], Checks] = _none


def database(
    url: DatabaseUrl, *, pooler: PostgresUrl | None = None, replica: PostgresUrl | None = None
) -> Database:
    """Choose the adapters for *url*; only those that are chosen need to be installed.

    Its store goes through *pooler*, and may read from *replica*, where there are such.
    """
    match url:
        case SqliteUrl(path=path):
            return _sqlite(path)
        case PostgresUrl(conninfo=conninfo):
            return _postgres(conninfo.reveal(), str(url), pooler, replica)
        case MemoryUrl():
            return _memory()


def chosen_database(settings: Settings) -> Database:
    """Choose the adapters for the database that *settings* name, with all that is beside it."""
    return database(
        settings.database_url,
        pooler=settings.database_pooler_url,
        replica=settings.database_replica_url,
    )


def open_events(url: RedisUrl | None, chosen: Database) -> AbstractAsyncContextManager[Listening]:
    """Open what carries signals: Redis where it is named, else what comes with the database."""
    return chosen.open_stream() if url is None else _redis(url)


@contextmanager
def naming(url: DatabaseUrl) -> Iterator[None]:
    """Name the database in an error that says no more than that something is away or forbidden."""
    try:
        yield
    except StorageForbiddenError as error:
        role = isinstance(url, PostgresUrl) and url.user
        who = f"the role {role}" if role else "this role"
        raise StorageForbiddenError(f"{url} does not let {who} do what is needed.") from error
    except UnavailableError as error:
        if type(error) is not UnavailableError or str(error) != error.meaning():
            raise
        raise UnavailableError(f"{url} cannot be reached.") from error


def _sqlite(path: str) -> Database:
    from cortex_adapters.sqlite import lock, schema, store  # noqa: PLC0415 - may be missing
    from cortex_adapters.sqlite.backup import SqliteBackup  # noqa: PLC0415 - may be missing
    from cortex_adapters.sqlite.moving.end import SqliteEnd  # noqa: PLC0415 - may be missing

    return Database(
        status=partial(schema.status, path),
        upgrade=partial(schema.upgrade, path),
        downgrade=partial(schema.downgrade, path),
        check=partial(schema.check, path),
        open_store=partial(store.open_store, path),
        open_stream=_in_process,
        alone=partial(lock.serving, path),
        upgrades_itself=True,
        end=partial(SqliteEnd, path),
        backup=partial(SqliteBackup, path),
        open_moving=partial(store.open_store, path, moving=True),
    )


def _postgres(
    conninfo: str, shown: str, pooler: PostgresUrl | None, replica: PostgresUrl | None
) -> Database:
    from cortex_adapters.postgres import (  # noqa: PLC0415 - may be missing
        grants,
        schema,
        store,
        stream,
    )
    from cortex_adapters.postgres.backup import PostgresBackup  # noqa: PLC0415 - may be missing
    from cortex_adapters.postgres.moving.end import PostgresEnd  # noqa: PLC0415 - may be missing

    @asynccontextmanager
    async def open_stream() -> AsyncIterator[Listening]:
        async with stream.open_stream(conninfo, MemoryEventStream()) as events:

            async def listening() -> str | None:
                if not events.connected:
                    raise UnavailableError("Events of other processes do not come in.")
                return None

            yield events, {"events": listening}

    def checks(opened: Store) -> Checks:
        near = opened.replica if isinstance(opened, store.PostgresStore) else None

        async def fresh() -> str | None:
            return None if near is None or await near.fresh() else DEGRADED

        return {} if near is None else {"replica": fresh}

    return Database(
        status=partial(schema.status, conninfo),
        upgrade=partial(schema.upgrade, conninfo),
        downgrade=partial(schema.downgrade, conninfo),
        check=partial(schema.check, conninfo),
        open_store=partial(
            store.open_store,
            conninfo,
            pooler=pooler.conninfo.reveal() if pooler else None,
            replica=replica.conninfo.reveal() if replica else None,
        ),
        open_stream=open_stream,
        end=partial(PostgresEnd, conninfo, shown),
        backup=partial(PostgresBackup, conninfo, shown),
        open_moving=partial(store.open_store, conninfo, moving=True),
        grants=grants.grants,
        excess=partial(grants.excess, conninfo),
        checks=checks,
    )


@asynccontextmanager
async def _redis(url: RedisUrl) -> AsyncIterator[Listening]:
    from cortex_adapters.redis import stream  # noqa: PLC0415 - may be missing

    async with stream.open_stream(url.url.reveal(), MemoryEventStream()) as events:

        async def listening() -> str | None:
            # All servers would be out of service at once, for a delay of seconds.
            return None if events.connected else DEGRADED

        yield events, {"events": listening}


def _memory() -> Database:
    async def status() -> SchemaStatus:
        return SchemaStatus(current=0, latest=0, pending=())

    async def upgrade() -> Sequence[Step]:
        return ()

    async def downgrade(to: int, *, losing: bool) -> Sequence[Step]:  # noqa: ARG001
        return ()

    async def check() -> Sequence[str]:
        return ()

    return Database(
        status=status,
        upgrade=upgrade,
        downgrade=downgrade,
        check=check,
        open_store=_open_memory,
        open_stream=_in_process,
    )


def _open_memory(*, telemetry: Telemetry | None = None) -> AbstractAsyncContextManager[Store]:  # noqa: ARG001
    return nullcontext(MemoryStore())


@asynccontextmanager
async def _in_process() -> AsyncIterator[Listening]:
    yield MemoryEventStream(), {}
