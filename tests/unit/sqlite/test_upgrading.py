"""Ways back, comparisons, and releases of another age, on a file."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from cortex_adapters.migrations import Step, load_steps, require_current
from cortex_adapters.sqlite.schema import check, downgrade, status, upgrade
from cortex_adapters.sqlite.store import open_store
from cortex_core.contract import make
from cortex_core.contract.store import stored_scene
from cortex_core.domain.errors import NoWayBackError, SchemaError
from cortex_core.domain.policy import WRITERS

STEPS = load_steps("cortex_adapters.sqlite.migrations")
LATEST = len(STEPS)
LATER = Step(
    number=LATEST + 1,
    name="later",
    sql=f"-- runs: {LATEST}\nALTER TABLE messages ADD COLUMN more TEXT;\n"
    "CREATE TABLE more (id TEXT PRIMARY KEY) STRICT;\n",
    down="DROP TABLE more;\nALTER TABLE messages DROP COLUMN more;\n",
)
BEYOND = Step(number=LATEST + 1, name="beyond", sql="CREATE TABLE more (id TEXT) STRICT;\n")


@pytest.fixture
def empty(tmp_path: Path) -> str:
    return str(tmp_path / "empty.db")


def _changed(path: str, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


@pytest.mark.parametrize(
    ("steps", "runs"),
    [
        (STEPS[:-1], False),
        (STEPS, True),
        ([*STEPS, LATER], True),
        ([*STEPS, BEYOND], False),
    ],
    ids=["behind", "equal", "ahead, within the window", "ahead, beyond it"],
)
async def test_fault_51_which_release_runs_on_which_schema(
    empty: str, steps: Sequence[Step], *, runs: bool
) -> None:
    await upgrade(empty, steps=steps)
    if not runs:
        with pytest.raises(SchemaError):
            require_current(await status(empty))
        with pytest.raises(SchemaError):
            await open_store(empty).__aenter__()
        return
    require_current(await status(empty))
    async with open_store(empty) as store:
        scene = await stored_scene(store)
        async with store.begin(single=True) as work:
            note = make.message(scene.conversation, scene.owner)
            assert await work.messages.post(note, turn=None, roles=WRITERS)
    assert await upgrade(empty) == []


async def test_a_ledger_of_an_earlier_release_gets_its_column(empty: str) -> None:
    await upgrade(empty, steps=STEPS[:-1])
    _changed(empty, "ALTER TABLE schema_steps DROP COLUMN runs")
    assert (await status(empty)).current == LATEST - 1
    assert await upgrade(empty) == STEPS[-1:]
    assert (await status(empty, steps=STEPS)).current == LATEST


async def test_a_step_that_is_taken_back_and_taken_again_leaves_the_same_schema(
    empty: str,
) -> None:
    steps = [*STEPS, LATER]
    await upgrade(empty, steps=steps)
    back = await downgrade(empty, 1, losing=True, steps=steps)
    assert [step.number for step in back] == list(range(LATER.number, 1, -1))
    assert (await status(empty)).current == 1
    assert await check(empty, steps=steps) == []
    await upgrade(empty, steps=steps)
    assert await check(empty, steps=steps) == []


async def test_what_would_be_lost_is_lost_only_on_purpose(empty: str) -> None:
    await upgrade(empty)
    with pytest.raises(NoWayBackError, match="where logs begin"):
        await downgrade(empty, 3)
    with pytest.raises(NoWayBackError, match="no way back from step 1"):
        await downgrade(empty, 0, losing=True)
    assert (await status(empty)).current == LATEST


async def test_a_check_names_each_part_that_is_not_as_it_should_be(empty: str) -> None:
    await upgrade(empty)
    _changed(
        empty, "DROP INDEX users_email", "CREATE TABLE theirs (id)", "DROP INDEX sessions_expiry"
    )
    _changed(empty, "CREATE INDEX sessions_expiry ON sessions (updated_at)")
    made = "CREATE INDEX sessions_expiry ON sessions (expires_at)"
    assert await check(empty) == [
        "missing: index users_email",
        "not of a step: table theirs",
        f"differs: index sessions_expiry: {made.replace('expires', 'updated')}, not {made}",
    ]
