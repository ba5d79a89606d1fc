"""The schema moves by whole steps, whoever moves it and whatever stops them."""

import re
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from cortex_adapters.migrations import Step, load_steps
from cortex_adapters.sqlite.files import exists, make_file
from cortex_adapters.sqlite.schema import check, downgrade, require_built_with, status, upgrade
from cortex_adapters.sqlite.store import open_store
from cortex_adapters.sqlite.structure import statements
from cortex_core.domain.errors import SchemaError, UnavailableError
from tests.unit.sqlite import child
from tests.unit.sqlite.child import STEPS


@pytest.fixture
def empty(tmp_path: Path) -> str:
    return str(tmp_path / "empty.db")


def _tables(path: str) -> set[str]:
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        return {name for (name,) in rows}


def test_an_sqlite_that_cannot_search_is_named() -> None:
    require_built_with(["json_each", "fts5"])
    with pytest.raises(SchemaError, match="FTS5"):
        require_built_with(["json_each", "fts3"])


async def test_an_upgrade_applies_what_is_pending_and_keeps_a_ledger(empty: str) -> None:
    assert (await status(empty, steps=STEPS)).current == 0
    assert not exists(empty)
    assert await upgrade(empty, steps=STEPS[:1]) == STEPS[:1]
    found = await status(empty, steps=STEPS)
    assert (found.current, found.latest, found.pending) == (1, 3, STEPS[1:])
    assert await upgrade(empty, steps=STEPS) == STEPS[1:]
    assert await upgrade(empty, steps=STEPS) == []
    with closing(sqlite3.connect(empty)) as connection:
        ledger = connection.execute("SELECT number, name, checksum FROM schema_steps").fetchall()
        assert ledger == [(step.number, step.name, step.checksum) for step in STEPS]
        times = connection.execute("SELECT min(applied_at) > 1e15 FROM schema_steps").fetchone()
        assert times == (1,)
        assert connection.execute("SELECT count(*), max(y) FROM b").fetchone() == (2, None)


async def test_the_file_is_for_its_user_alone(empty: str) -> None:
    await upgrade(empty)
    async with open_store(empty):
        modes = {file.name: file.stat().st_mode & 0o777 for file in Path(empty).parent.iterdir()}
    assert modes == {"empty.db": 0o600, "empty.db-wal": 0o600, "empty.db-shm": 0o600}


async def test_a_step_that_fails_leaves_nothing(empty: str) -> None:
    broken = replace(STEPS[1], sql="CREATE TABLE b (x TEXT); INSERT INTO nowhere VALUES (1);")
    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        await upgrade(empty, steps=[STEPS[0], broken])
    assert (await status(empty, steps=STEPS)).current == 1
    assert _tables(empty) == {"a", "schema_steps"}
    await upgrade(empty, steps=STEPS)


async def test_a_step_may_not_leave_rows_without_their_owner(empty: str) -> None:
    orphans = Step(
        number=1,
        name="orphans",
        sql="CREATE TABLE p (id PRIMARY KEY); CREATE TABLE c (p REFERENCES p (id));"
        "INSERT INTO c VALUES (1);",
    )
    with pytest.raises(SchemaError, match=re.escape("Step 1 (orphans)")):
        await upgrade(empty, steps=[orphans])
    assert _tables(empty) == set()


async def test_a_step_may_build_a_table_anew(empty: str) -> None:
    """Dropping the old one must not take away what refers to it."""
    steps = [
        Step(
            number=1,
            name="first",
            sql="CREATE TABLE p (id PRIMARY KEY);"
            "CREATE TABLE c (p REFERENCES p (id) ON DELETE CASCADE);"
            "INSERT INTO p VALUES (1); INSERT INTO c VALUES (1);",
        ),
        Step(
            number=2,
            name="anew",
            sql="CREATE TABLE q (id PRIMARY KEY, more); INSERT INTO q (id) SELECT id FROM p;"
            "DROP TABLE p; ALTER TABLE q RENAME TO p;",
        ),
    ]
    await upgrade(empty, steps=steps)
    with closing(sqlite3.connect(empty)) as connection:
        assert connection.execute("SELECT * FROM c").fetchall() == [(1,)]


async def test_a_step_that_was_changed_is_refused(path: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE schema_steps SET checksum = ?", ("0" * 64,))
    for attempt in (status(path), upgrade(path), open_store(path).__aenter__()):
        with pytest.raises(SchemaError, match="was changed after it was applied"):
            await attempt


async def test_a_database_ahead_of_this_release_is_refused(empty: str) -> None:
    await upgrade(empty, steps=STEPS)
    with pytest.raises(SchemaError, match=re.escape("step 3 (three)")):
        await upgrade(empty, steps=STEPS[:2])


async def test_a_store_on_a_schema_that_is_behind_says_the_command(empty: str) -> None:
    for _ in range(2):
        with pytest.raises(SchemaError, match="at step"):
            async with open_store(empty):
                pass
        make_file(empty)


async def test_a_database_of_something_else_is_left_alone(empty: str) -> None:
    with closing(sqlite3.connect(empty)) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    for attempt in (upgrade(empty), status(empty), open_store(empty).__aenter__()):
        with pytest.raises(SchemaError, match=re.escape(empty)):
            await attempt
    assert _tables(empty) == {"theirs"}


async def test_where_there_can_be_no_file_the_error_names_it(tmp_path: Path) -> None:
    for place in (tmp_path / "nowhere" / "cortex.db", tmp_path):
        with pytest.raises(UnavailableError, match=re.escape(str(place))):
            await upgrade(str(place))


async def test_a_path_may_hold_what_an_address_may_not(tmp_path: Path) -> None:
    odd = str(tmp_path / "a b?mode=memory#%41\N{PILE OF POO}.db")
    await upgrade(odd)
    async with open_store(odd):
        assert exists(odd)


def test_fault_50_eight_processes_upgrade_at_once_and_each_step_is_applied_once(empty: str) -> None:
    children = [child.start("upgrade", empty) for _ in range(8)]
    for process in children:
        assert child.said(process) == "ready"
    for process in children:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    applied = [number for process in children for number in child.end(process)]
    assert sorted(applied) == ["1", "2", "3"]
    assert [process.returncode for process in children] == [0] * 8


async def test_fault_49_an_upgrade_that_is_killed_leaves_whole_steps(
    empty: str, tmp_path: Path
) -> None:
    """At any statement: the tables are those of the ledger, and the next upgrade goes on."""
    tables = [set(), {"schema_steps", "a"}, {"schema_steps", "a", "b"}, {"schema_steps", "b"}]
    seen = set()
    for at in (*range(1, 40, 3), 99):
        path = str(tmp_path / f"{at}.db")
        process = child.start("upgrade-and-die", path, at)
        finished = child.end(process) == ["done"]
        assert process.returncode == (0 if finished else -signal.SIGKILL)
        current = (await status(path, steps=STEPS)).current
        seen.add(current)
        assert _tables(path) == tables[current] if current else _tables(path) <= tables[0]
        await upgrade(path, steps=STEPS)
        assert _tables(path) == tables[3]
        assert (await status(path, steps=STEPS)).pending == []
    assert seen == {0, 1, 2, 3}


def test_a_script_is_cut_at_the_ends_of_its_statements() -> None:
    script = """
        -- a comment; with a semicolon
        CREATE TABLE a (x DEFAULT ';');
        CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM a; SELECT 1; END;

    """
    cut = list(statements(script))
    assert len(cut) == 2
    assert cut[0].endswith("(x DEFAULT ';');")
    assert cut[1].endswith("END;")
    with pytest.raises(SchemaError):
        list(statements("SELECT 1; SELECT 'open"))


OURS = load_steps("cortex_adapters.sqlite.migrations")
LATER = Step(
    number=len(OURS) + 1,
    name="later",
    sql=f"-- runs: {len(OURS)}\nALTER TABLE messages ADD COLUMN more TEXT;\n"
    "CREATE TABLE more (id TEXT PRIMARY KEY) STRICT;\n",
    down="DROP TABLE more;\nALTER TABLE messages DROP COLUMN more;\n",
)


async def test_fault_51_code_runs_on_a_later_schema_within_its_window(empty: str) -> None:
    await upgrade(empty, steps=[*OURS, LATER])
    found = await status(empty)
    assert ([line.name for line in found.ahead], found.pending) == (["later"], [])
    async with open_store(empty):
        pass
    assert await check(empty, steps=[*OURS, LATER]) == []
    strict = replace(
        LATER, number=len(OURS) + 2, name="strict", sql="CREATE TABLE strict (id TEXT);"
    )
    await upgrade(empty, steps=[*OURS, LATER, strict])
    with pytest.raises(SchemaError, match="does not know"):
        await status(empty)


async def test_fault_51_a_ledger_from_before_the_window_was_written_down(empty: str) -> None:
    await upgrade(empty, steps=OURS[:3])
    with closing(sqlite3.connect(empty, isolation_level=None)) as connection:
        connection.execute("ALTER TABLE schema_steps DROP COLUMN runs")
    assert (await status(empty)).current == 3
    await upgrade(empty)
    assert await check(empty) == []


async def test_a_step_that_is_taken_back_and_taken_again_leaves_the_same_schema(empty: str) -> None:
    steps = [*OURS, LATER]
    await upgrade(empty, steps=steps)
    first = next(step.number for step in OURS if step.down is not None) - 1
    with pytest.raises(SchemaError, match="this is lost"):
        await downgrade(empty, first, steps=steps)
    back = await downgrade(empty, first, losing=True, steps=steps)
    assert [step.number for step in back] == list(range(LATER.number, first, -1))
    assert (await status(empty)).current == first
    assert await check(empty, steps=steps) == []
    await upgrade(empty, steps=steps)
    assert await check(empty, steps=steps) == []


async def test_a_check_names_each_part_that_is_not_as_it_should_be(empty: str) -> None:
    assert await check(empty) == []
    await upgrade(empty)
    with closing(sqlite3.connect(empty, isolation_level=None)) as connection:
        connection.execute("DROP INDEX users_email")
        connection.execute("CREATE TABLE theirs (id INT)")
    assert await check(empty) == ["missing: index users_email", "not of a step: table theirs"]
