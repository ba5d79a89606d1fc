"""What may happen to a unit of work while it runs."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from cortex_adapters.postgres import schema
from cortex_adapters.postgres.store import PostgresStore, open_store
from cortex_core.contract import make
from cortex_core.contract.store import Scene, stored_scene, stored_user
from cortex_core.domain.errors import (
    BusyError,
    CollisionError,
    ConflictError,
    CortexError,
    DeadlineError,
    OutcomeUnknownError,
    UnavailableError,
)
from cortex_core.domain.models import Message
from cortex_core.domain.policy import WRITERS
from tests.unit.postgres.waiting import until

_TERMINATE = """
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE application_name = 'cortex' AND datname = current_database()
    """
_WAITING = """
    SELECT count(*) FROM pg_stat_activity
    WHERE application_name = 'cortex' AND datname = current_database() AND wait_event_type = 'Lock'
    """
_UNDER_WAY = """
    SELECT pid FROM pg_stat_activity
    WHERE application_name = 'cortex' AND datname = current_database()
        AND state = 'idle in transaction'
    """


class Operator:
    """Somebody else at the same database."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection
        self._stopped = 0

    def terminate(self) -> None:
        self._connection.execute(_TERMINATE)

    def lock(self, scene: Scene) -> None:
        """Lock the conversation until `let_go`."""
        self._connection.execute("BEGIN")
        self._connection.execute(
            "SELECT FROM conversations WHERE id = %s FOR UPDATE", [scene.conversation.id]
        )

    def let_go(self) -> None:
        self._connection.execute("ROLLBACK")

    def stop(self) -> None:
        """Make the process of a unit that is under way stand still until `go_on`."""
        [self._stopped] = self._connection.execute(_UNDER_WAY).fetchone() or [0]
        os.kill(self._stopped, signal.SIGSTOP)

    def go_on(self) -> None:
        os.kill(self._stopped, signal.SIGCONT)

    def waiting(self) -> int:
        with psycopg.connect(self._connection.info.dsn) as another:
            [count] = another.execute(_WAITING).fetchone() or [0]
        return int(count)


@pytest.fixture
async def operator(database: str) -> AsyncIterator[Operator]:
    with psycopg.connect(database, autocommit=True) as connection:
        yield Operator(connection)


async def _post(store: PostgresStore, note: Message) -> None:
    async with store.begin(single=True) as work:
        assert await work.messages.post(note, turn=None, roles=WRITERS)


async def _assert_well(store: PostgresStore, *, size: int = 10) -> None:
    """Every connection that may be had is of use."""
    scene = await stored_scene(store)
    async with asyncio.timeout(5):
        await asyncio.gather(
            *(_post(store, make.message(scene.conversation, scene.owner)) for _ in range(3 * size))
        )
    async with store.begin(read_only=True) as work:
        assert (await work.conversations.get(scene.conversation.id)).last_seq == 3 * size


async def test_a_backend_that_ends_between_two_writes_undoes_the_unit(
    store: PostgresStore, operator: Operator
) -> None:
    scene = await stored_scene(store)

    async def write() -> None:
        async with store.begin() as work:
            await work.messages.add(make.message(scene.conversation, scene.owner))
            operator.terminate()
            await work.events.append(make.event(scene.conversation, scene.owner))

    with pytest.raises(UnavailableError) as caught:
        await write()
    assert type(caught.value) is UnavailableError
    assert isinstance(caught.value.__cause__, psycopg.Error)
    async with store.begin(read_only=True) as work:
        assert await work.events.since(scene.conversation.id, seq=0, limit=9) == []
    await _assert_well(store)


async def test_a_backend_that_ends_between_a_read_and_a_write_is_not_noticed(
    store: PostgresStore, operator: Operator
) -> None:
    """Nothing was done yet, so the unit goes on over a fresh connection."""
    scene = await stored_scene(store)
    async with store.begin() as work:
        await work.users.get(scene.owner.id)
        operator.terminate()
        await work.messages.add(make.message(scene.conversation, scene.owner))
    async with store.begin(read_only=True) as work:
        await work.users.get(scene.owner.id)
        operator.terminate()
        assert (await work.conversations.get(scene.conversation.id)).last_seq == 1


async def test_a_connection_lost_in_a_single_write_leaves_the_outcome_unknown(
    store: PostgresStore, operator: Operator
) -> None:
    scene = await stored_scene(store)
    operator.lock(scene)
    note = make.message(scene.conversation, scene.owner)
    posting = asyncio.create_task(_post(store, note))
    await until(lambda: operator.waiting() == 1, seconds=2)
    operator.terminate()
    with pytest.raises(OutcomeUnknownError):
        await posting
    operator.let_go()
    await _assert_well(store)


async def test_fault_18_a_connection_lost_in_the_commit_leaves_the_outcome_unknown(
    store: PostgresStore, database: str, operator: Operator
) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(
            """
            CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS
                'BEGIN PERFORM pg_advisory_xact_lock(7); RETURN NULL; END';
            CREATE CONSTRAINT TRIGGER dawdle AFTER INSERT ON registry
                DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION dawdle()
            """
        )
        connection.execute("SELECT pg_advisory_lock(7)")

        async def write() -> None:
            async with store.begin() as work:
                await work.registry.ensure("dawdle", "1")

        writing = asyncio.create_task(write())
        await until(lambda: operator.waiting() == 1, seconds=2)
        operator.terminate()
        with pytest.raises(OutcomeUnknownError):
            await writing
        connection.execute("DROP FUNCTION dawdle CASCADE")
    await _assert_well(store)


async def test_fault_14_a_lock_that_is_not_had_in_time_is_busy(
    store: PostgresStore, operator: Operator
) -> None:
    scene = await stored_scene(store)
    operator.lock(scene)
    for single in (False, True):
        began = time.monotonic()
        with pytest.raises(BusyError):
            async with store.begin(single=single) as work:
                await work.messages.add(make.message(scene.conversation, scene.owner))
        assert 1.5 < time.monotonic() - began < 3
    operator.let_go()
    await _assert_well(store)


async def test_fault_15_a_deadlock_is_a_collision_for_one_and_lets_the_other_go_on(
    store: PostgresStore,
) -> None:
    one, two = await stored_scene(store), await stored_scene(store)
    met = asyncio.Barrier(2)

    async def write(first: Scene, second: Scene) -> None:
        async with store.begin() as work:
            await work.events.append(make.event(first.conversation, first.owner))
            await met.wait()
            await work.events.append(make.event(second.conversation, second.owner))

    began = time.monotonic()
    outcomes = await asyncio.gather(write(one, two), write(two, one), return_exceptions=True)
    assert time.monotonic() - began < 3
    assert [type(outcome) for outcome in outcomes if outcome] == [CollisionError]
    await _assert_well(store)


async def test_fault_13_a_statement_that_takes_too_long_is_undone(
    database: str, operator: Operator
) -> None:
    quick = make_conninfo(database, options="-c statement_timeout=300ms")
    async with open_store(quick) as store:
        scene = await stored_scene(store)
        operator.lock(scene)
        for single in (False, True):
            with pytest.raises(DeadlineError):
                async with store.begin(single=single) as work:
                    await work.messages.add(make.message(scene.conversation, scene.owner))
        operator.let_go()
        await _assert_well(store)


async def test_fault_19_a_server_that_says_nothing_is_left_in_time(
    store: PostgresStore, operator: Operator
) -> None:
    """Its process stands still, so that no timeout of its own can end the wait."""
    ada = await stored_user(store)

    async def write() -> None:
        async with store.begin() as work:
            await work.users.update(ada)
            operator.stop()
            await work.users.get(ada.id)

    began = time.monotonic()
    with pytest.raises(UnavailableError):
        await write()
    assert 4 < time.monotonic() - began < 7
    operator.go_on()
    await _assert_well(store)


async def test_who_is_cancelled_while_the_server_says_nothing_leaves_in_time_too(
    store: PostgresStore, operator: Operator
) -> None:
    ada = await stored_user(store)

    async def write() -> None:
        async with store.begin() as work:
            await work.users.update(ada)
            operator.stop()
            await work.users.get(ada.id)

    writing = asyncio.create_task(write())
    began = time.monotonic()
    await asyncio.sleep(0.1)
    writing.cancel()
    await asyncio.wait([writing])
    assert time.monotonic() - began < 7
    operator.go_on()
    await _assert_well(store)


async def test_a_failure_that_is_passed_over_still_undoes_the_unit(store: PostgresStore) -> None:
    ada = await stored_user(store)

    async def write() -> None:
        async with store.begin() as work:
            await work.workspaces.add(make.workspace("Lab"), owner_id=ada.id)
            for _ in range(2):
                with pytest.raises(ConflictError):
                    await work.workspaces.add(make.workspace("Lab"), owner_id=ada.id)

    with pytest.raises(ConflictError):
        await write()
    async with store.begin(read_only=True) as work:
        assert await work.workspaces.of_user(ada.id, after=None, limit=9) == []
    await _assert_well(store)


async def test_a_timeout_around_a_call_undoes_the_unit(
    store: PostgresStore, operator: Operator
) -> None:
    scene = await stored_scene(store)
    operator.lock(scene)

    async def write() -> None:
        async with store.begin() as work:
            await work.registry.ensure("timed", "1")
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await work.messages.add(make.message(scene.conversation, scene.owner))

    with pytest.raises(DeadlineError):
        await write()
    operator.let_go()
    async with store.begin(read_only=True) as work:
        assert await work.registry.get("timed") is None
    await _assert_well(store)


async def test_a_statement_that_was_prepared_before_the_schema_changed_is_prepared_anew(
    fresh_database: str,
) -> None:
    await schema.upgrade(fresh_database)
    async with open_store(fresh_database, max_size=1) as store:
        ada = await stored_user(store)
        for _ in range(10):
            async with store.begin(read_only=True) as work:
                await work.users.get(ada.id)
        with psycopg.connect(fresh_database, autocommit=True) as connection:
            connection.execute("ALTER TABLE users ALTER COLUMN name TYPE varchar(200)")
        async with store.begin(read_only=True) as work:
            assert await work.users.get(ada.id) == ada


async def test_units_that_are_cancelled_leave_every_connection_of_use(
    store: PostgresStore, operator: Operator
) -> None:
    scene = await stored_scene(store)
    for delay in range(40):
        tasks = [
            asyncio.create_task(_post(store, make.message(scene.conversation, scene.owner)))
            for _ in range(20)
        ]
        await asyncio.sleep(delay / 4_000)
        for task in tasks:
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert not [outcome for outcome in outcomes if isinstance(outcome, CortexError)]
    await _assert_well(store)


async def test_fault_17_backends_that_end_all_the_time_never_give_a_wrong_answer(
    store: PostgresStore, operator: Operator
) -> None:
    scene = await stored_scene(store)
    placed: list[int] = []
    unknown = 0
    leaving = time.monotonic() + 3

    async def write() -> None:
        nonlocal unknown
        while time.monotonic() < leaving:
            note = make.message(scene.conversation, scene.owner)
            try:
                async with store.begin() as work:
                    message = await work.messages.add(note)
                    await work.events.append(make.event(scene.conversation, scene.owner))
            except OutcomeUnknownError:
                unknown += 1
            except UnavailableError:
                pass
            else:
                placed.append(message.seq)

    async def terminate() -> None:
        while time.monotonic() < leaving:
            await asyncio.sleep(0.1)
            operator.terminate()

    await asyncio.gather(terminate(), *(write() for _ in range(8)))
    async with store.begin(read_only=True) as work:
        log = await work.events.since(scene.conversation.id, seq=0, limit=10**6)
    assert [event.seq for event in log] == list(range(1, len(log) + 1))
    assert set(placed) <= {event.seq for event in log if event.data.type == "message.created"}
    assert len(set(placed)) == len(placed) > 10
    assert 0 <= len(log) / 2 - len(placed) <= unknown
    await _assert_well(store)
