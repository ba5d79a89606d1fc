"""Upgrades meet crashes, each other, long queries, and releases of another age."""

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections.abc import Sequence

import psycopg
import pytest

from cortex_adapters.migrations import Step, load_steps, require_current
from cortex_adapters.postgres import schema
from cortex_adapters.postgres.store import open_store
from cortex_core.contract import make
from cortex_core.contract.store import stored_scene
from cortex_core.domain.errors import SchemaError
from cortex_core.domain.policy import WRITERS

STEPS = load_steps("cortex_adapters.postgres.migrations")
LATEST = len(STEPS)
ROUNDS = int(os.environ.get("CORTEX_TEST_UPGRADE_ROUNDS", "3"))  # twenty take a minute
LATER = Step(
    number=LATEST + 1,
    name="later",
    sql=f"-- runs: {LATEST}\nALTER TABLE messages ADD COLUMN more text;\n"
    "CREATE TABLE more (id uuid PRIMARY KEY);\n",
    down="DROP TABLE more;\nALTER TABLE messages DROP COLUMN more;\n",
)
ALONE = Step(
    number=LATEST + 1,
    name="index",
    sql="-- alone\nDROP INDEX CONCURRENTLY IF EXISTS more;\n"
    "CREATE INDEX CONCURRENTLY more ON messages (created_at);\n",
)
_UPGRADE = """
import asyncio, os, signal, sys
from cortex_adapters.postgres import schema
from cortex_adapters.postgres.connection import Connection
left = int(sys.argv[2])

async def counted(self, *arguments, execute=Connection.execute, **named):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return await execute(self, *arguments, **named)

Connection.execute = counted
asyncio.run(schema.upgrade(sys.argv[1]))
"""


def upgrading(database: str, *, dies_at: int = -1) -> subprocess.Popen[bytes]:
    """Upgrade in another process, which may die at one of its statements."""
    return subprocess.Popen([sys.executable, "-c", _UPGRADE, database, str(dies_at)])


async def ended(process: subprocess.Popen[bytes]) -> int:
    return await asyncio.to_thread(process.wait, 60)


async def test_fault_49_at_whichever_statement_it_dies_whole_steps_are_left(
    fresh_database: str,
) -> None:
    seen: set[int] = set()
    dies_at = 1
    while await ended(upgrading(fresh_database, dies_at=dies_at)) == -signal.SIGKILL:
        status = await schema.status(fresh_database)
        seen.add(status.current)
        assert await schema.check(fresh_database) == []
        dies_at += 1
        assert dies_at < 60
    assert (await schema.status(fresh_database)).current == LATEST
    assert await schema.check(fresh_database) == []
    assert len(seen) > 1


async def test_fault_50_eight_at_once_make_one_schema_though_some_are_killed(
    fresh_database: str,
) -> None:
    chance = random.Random(50)
    empty = "DROP SCHEMA public CASCADE; CREATE SCHEMA public"
    for _ in range(ROUNDS):
        with psycopg.connect(fresh_database, autocommit=True) as connection:
            connection.execute(empty)
        dying = [upgrading(fresh_database, dies_at=chance.randint(1, 30)) for _ in range(3)]
        others = [upgrading(fresh_database) for _ in range(5)]
        assert {await ended(process) for process in dying} <= {0, -signal.SIGKILL}
        assert [await ended(process) for process in others] == [0] * 5
        assert (await schema.status(fresh_database)).current == LATEST
        assert await schema.check(fresh_database) == []


async def test_fault_50_those_who_wait_do_not_keep_an_index_from_being_built(
    fresh_database: str,
) -> None:
    """It waits for every transaction there is: for theirs, too, if they waited in one."""
    await schema.upgrade(fresh_database)
    steps = [*STEPS, ALONE]
    taken = await asyncio.gather(
        *(schema.upgrade(fresh_database, steps=steps, patience=20) for _ in range(4))
    )
    assert [len(each) for each in sorted(taken, key=len)] == [0, 0, 0, 1]
    assert await schema.check(fresh_database, steps=steps) == []


async def test_fault_49_an_index_that_was_half_built_is_built_anew(fresh_database: str) -> None:
    await schema.upgrade(fresh_database)
    with psycopg.connect(fresh_database, autocommit=True) as connection:
        connection.execute("CREATE INDEX more ON messages (created_at)")
        connection.execute(
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'more'::regclass"
        )
    steps = [*STEPS, ALONE]
    assert await schema.check(fresh_database) == ["not of a step: index more"]
    assert await schema.upgrade(fresh_database, steps=steps) == [ALONE]
    assert await schema.check(fresh_database, steps=steps) == []


@pytest.mark.parametrize(
    ("steps", "known", "runs"),
    [
        (STEPS[:-1], STEPS, False),
        (STEPS, STEPS, True),
        ([*STEPS, LATER], STEPS, True),
        ([*STEPS, ALONE], STEPS, False),
    ],
    ids=["behind", "equal", "ahead, within the window", "ahead, beyond it"],
)
async def test_fault_51_which_release_runs_on_which_schema(
    fresh_database: str, steps: Sequence[Step], known: Sequence[Step], *, runs: bool
) -> None:
    await schema.upgrade(fresh_database, steps=steps)
    if not runs:
        with pytest.raises(SchemaError):
            require_current(await schema.status(fresh_database, steps=known))
        with pytest.raises(SchemaError):
            await open_store(fresh_database).__aenter__()
        return
    require_current(await schema.status(fresh_database, steps=known))
    async with open_store(fresh_database) as store:
        scene = await stored_scene(store)
        async with store.begin(single=True) as work:
            note = make.message(scene.conversation, scene.owner)
            assert await work.messages.post(note, turn=None, roles=WRITERS)
    assert await schema.upgrade(fresh_database, steps=known) == []


async def test_fault_52_an_upgrade_behind_a_long_query_holds_nobody_up(fresh_database: str) -> None:
    await schema.upgrade(fresh_database)
    async with open_store(fresh_database) as store:
        scene = await stored_scene(store)
        upgrade = schema.upgrade(fresh_database, steps=[*STEPS, LATER], patience=60)
        with psycopg.connect(fresh_database) as reader:
            reader.execute("SELECT count(*) FROM messages")
            waiting = asyncio.create_task(upgrade)
            for _ in range(30):
                async with store.begin(single=True) as work:
                    note = make.message(scene.conversation, scene.owner)
                    assert await work.messages.post(note, turn=None, roles=WRITERS)
                await asyncio.sleep(0.1)
            assert not waiting.done()
        assert await waiting == [LATER]


async def test_a_step_that_is_taken_back_and_taken_again_leaves_the_same_schema(
    fresh_database: str,
) -> None:
    steps = [*STEPS, LATER]
    await schema.upgrade(fresh_database, steps=steps)
    first = next(step.number for step in STEPS if step.down is not None) - 1
    back = await schema.downgrade(fresh_database, first, losing=True, steps=steps)
    assert [step.number for step in back] == list(range(LATER.number, first, -1))
    assert (await schema.status(fresh_database)).current == first
    assert await schema.check(fresh_database, steps=steps) == []
    await schema.upgrade(fresh_database, steps=steps)
    assert await schema.check(fresh_database, steps=steps) == []


async def test_what_would_be_lost_is_lost_only_on_purpose(fresh_database: str) -> None:
    await schema.upgrade(fresh_database)
    with pytest.raises(SchemaError, match="where logs begin"):
        await schema.downgrade(fresh_database, 3)
    with pytest.raises(SchemaError, match="no way back from step 1"):
        await schema.downgrade(fresh_database, 0, losing=True)
    assert (await schema.status(fresh_database)).current == LATEST


async def test_a_check_names_each_part_that_is_not_as_it_should_be(fresh_database: str) -> None:
    await schema.upgrade(fresh_database)
    with psycopg.connect(fresh_database, autocommit=True) as connection:
        connection.execute("DROP INDEX users_email")
        connection.execute("CREATE TABLE theirs (id int)")
        connection.execute("ALTER TABLE users ALTER COLUMN name DROP NOT NULL")
        found = await schema.check(fresh_database)
        left = connection.execute("SELECT FROM pg_namespace WHERE nspname ~ 'cortex'").fetchall()
    assert found == [
        "missing: index users_email",
        "not of a step: column theirs.id",
        "differs: column users.name: text, not text NOT NULL",
    ]
    assert left == []


async def test_what_an_extension_brings_is_no_difference(fresh_database: str) -> None:
    await schema.upgrade(fresh_database)
    with psycopg.connect(fresh_database, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION vector")
        assert await schema.check(fresh_database) == []
        connection.execute("CREATE FUNCTION theirs(x int) RETURNS int LANGUAGE sql RETURN x")
    assert await schema.check(fresh_database) == ["not of a step: function theirs(x integer)"]
