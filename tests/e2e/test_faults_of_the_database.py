"""What callers are told while a database is locked, full of others, or away: in time, in one form.

Each test is named after its row in the table of faults. What is in the database afterwards is
looked at by the tests of the stores.
"""

import asyncio
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, closing, contextmanager
from pathlib import Path
from statistics import median

import psycopg
import pytest

from cortex_adapters.postgres import schema
from cortex_core.contract import make
from tests.e2e.eventually import eventually
from tests.e2e.server import ServerProcess
from tests.e2e.wire import Answer, Api
from tests.unit.postgres.cluster import Cluster, running_cluster

TOO_MUCH = ("select", "insert", "psycopg", "sqlite", "postgresql", "127.0.0.1", ".db", "/tmp/")
"""Words that nobody outside should read."""


@pytest.fixture
async def postgres(fresh_database: str, tmp_path: Path) -> AsyncIterator[ServerProcess]:
    await schema.upgrade(fresh_database)
    process = ServerProcess(fresh_database, tmp_path)
    try:
        yield await process.start()
    finally:
        await process.stop()


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with running_cluster() as cluster:
        yield cluster


def assert_not_now(answer: Answer, *codes: str) -> None:
    """It says that it is none of the caller's doing and when to come again, and nothing else."""
    problem = answer.json()
    assert answer.status == 503, problem
    assert problem["code"] in codes
    assert problem["retryable"] is (problem["code"] != "outcome-unknown")
    assert int(answer.headers.get("retry-after", 0)) >= problem["retryable"]
    assert ("retry-after" in answer.headers) is problem["retryable"]
    assert problem["correlation_id"] == answer.headers["x-correlation-id"]
    said = f"{problem['title']} {problem['detail']}".lower()
    assert not [word for word in TOO_MUCH if word in said]


@contextmanager
def held(url: str, statement: str) -> Iterator[None]:
    """Hold what *statement* locks, as somebody else."""
    with psycopg.connect(url) as connection:
        connection.execute(statement.encode())
        yield
        connection.rollback()


async def post(ada: Api, talk: str) -> Answer:
    return await ada.post(f"{talk}/messages", {"content": "hello"})


async def timed(ada: Api, talk: str) -> tuple[float, Answer]:
    began = time.monotonic()
    answer = await post(ada, talk)
    return time.monotonic() - began, answer


def row(talk: str) -> str:
    return f"SELECT FROM conversations WHERE id = '{talk.rpartition('/')[2]}' FOR UPDATE"


async def test_fault_6_a_restart_without_warning_is_no_failure_of_ours(
    cluster: Cluster, tmp_path: Path
):
    await schema.upgrade(cluster.uri)
    server = ServerProcess(cluster.uri, tmp_path)
    try:
        ada = await Api((await server.start()).port).sign_in()
        talk = await ada.conversation()
        sent = [asyncio.create_task(post(ada, talk)) for _ in range(30)]
        await asyncio.to_thread(cluster.restart, "immediate")
        back = time.monotonic()
        for answer in await asyncio.gather(*sent):
            if answer.status != 201:
                assert_not_now(answer, "dependency-unavailable", "outcome-unknown", "overloaded")
        while (await post(ada, talk)).status != 201:
            assert time.monotonic() - back < 2
        assert server.lines("incident") == []
    finally:
        await server.stop()


async def test_fault_8_a_start_without_its_database_ends_with_one_line(
    cluster: Cluster, tmp_path: Path
):
    """Whatever starts the server starts it again; a server that is not ready is none."""
    await schema.upgrade(cluster.uri)
    cluster.stop()
    server = ServerProcess(cluster.uri, tmp_path)
    ended = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "cortex_adapters.cli.main", "serve"],
        env=server.environment(),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    cluster.start()
    assert (ended.returncode, ended.stdout) == (1, ""), ended.stderr
    assert "Traceback" not in ended.stderr
    assert ended.stderr.startswith("cortex: Dependency unavailable: ")
    assert ended.stderr.endswith("Start PostgreSQL there, or correct CORTEX_DATABASE_URL.\n")
    assert len(ended.stderr.splitlines()) <= 4


async def test_fault_11_where_the_database_takes_no_more_connections_those_there_are_go_on(
    postgres: ServerProcess,
):
    url = postgres.database_url
    role = f"few_{make.new_id()[-12:]}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {role} SUPERUSER LOGIN CONNECTION LIMIT 5".encode())
        connection.execute(f"ALTER ROLE {role} NOSUPERUSER".encode())
        connection.execute(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}".encode())
    await postgres.stop()
    postgres.database_url = url.replace("postgres:@", f"{role}@")
    assert postgres.database_url != url
    ada = await Api((await postgres.start()).port).sign_in()
    talk = await ada.conversation()
    with held(url, row(talk)):
        answers = await asyncio.gather(*(post(ada, talk) for _ in range(10)))
    for answer in answers:
        assert_not_now(answer, "overloaded", "busy")
    assert {answer.json()["code"] for answer in answers} == {"overloaded", "busy"}
    assert {(await post(ada, talk)).status for _ in range(20)} == {201}
    assert (await ada.get("/health/ready")).status == 200
    assert postgres.lines("incident") == []


async def test_fault_12_more_callers_than_can_wait_are_told_at_once(postgres: ServerProcess):
    ada = await Api(postgres.port).sign_in()
    talk = await ada.conversation()
    async with AsyncExitStack() as stack:
        for _ in range(30):  # far more than there are connections; none of them holds one
            stream = await ada.follow(f"{talk}/events")
            stack.callback(stream.close)
        assert (await post(ada, talk)).status == 201
        with held(postgres.database_url, row(talk)):
            asking = [asyncio.create_task(timed(ada, talk)) for _ in range(300)]
            await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.sleep(0.5)  # ten have a connection, 200 wait, and the rest were told
            beyond = [await timed(ada, talk) for _ in range(20)]
            answers = await asyncio.gather(*asking)
    for _, answer in answers + beyond:
        assert_not_now(answer, "overloaded", "busy")
    at_once = [took for took, _ in answers if took < 1.8]
    assert len(at_once) >= 80
    assert {answer.json()["code"] for _, answer in beyond} == {"overloaded"}
    assert median(took for took, _ in beyond) < 0.05
    assert max(took for took, _ in answers) < 10
    assert (await post(ada, talk)).status == 201


async def test_fault_13_a_statement_that_takes_too_long_is_a_timeout(postgres: ServerProcess):
    ada = await Api(postgres.port).sign_in()
    talk = await ada.conversation()
    with psycopg.connect(postgres.database_url, autocommit=True) as connection:
        connection.execute(
            "CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql"
            " AS 'BEGIN PERFORM pg_sleep(60); RETURN NEW; END'"
        )
        connection.execute(
            "CREATE TRIGGER slowly BEFORE INSERT ON messages FOR EACH ROW EXECUTE FUNCTION slowly()"
        )
        took, answer = await timed(ada, talk)
        connection.execute("DROP TRIGGER slowly ON messages")
    assert_not_now(answer, "timeout")
    assert took < 8
    assert (await post(ada, talk)).status == 201
    assert len(await ada.pages(f"{talk}/messages")) == 1


@pytest.mark.parametrize("whole", [False, True], ids=["row", "table"])
async def test_fault_14_a_lock_that_is_not_had_in_time_is_busy(
    postgres: ServerProcess, *, whole: bool
):
    ada = await Api(postgres.port).sign_in()
    talk = await ada.conversation()
    with held(postgres.database_url, "LOCK TABLE conversations" if whole else row(talk)):
        took, answer = await timed(ada, talk)
    assert_not_now(answer, "busy")
    assert took < 4
    word = answer.headers["x-correlation-id"]
    [line] = await eventually(
        lambda: [each for each in postgres.lines("http.request") if each["correlation_id"] == word]
    )
    assert "lock timeout" in line["reason"], "the log says why"
    assert (await post(ada, talk)).status == 201


async def test_fault_15_deadlocks_are_undone_and_done_again_without_anybody_noticing(
    fresh_database: str, tmp_path: Path
):
    """Each message locks another conversation, too: two by two they wait for each other."""
    await schema.upgrade(fresh_database)
    server = ServerProcess(fresh_database, tmp_path)
    with psycopg.connect(fresh_database, autocommit=True) as connection:
        name = connection.info.dbname
        connection.execute(f"ALTER DATABASE {name} SET deadlock_timeout = '50ms'".encode())
        connection.execute("CREATE TABLE crossing (id uuid, other uuid)")
        connection.execute(
            "CREATE FUNCTION cross_over() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " PERFORM pg_sleep(0.1); PERFORM FROM conversations WHERE id ="
            " (SELECT other FROM crossing WHERE id = NEW.conversation_id) FOR UPDATE;"
            " RETURN NEW; END $$"
        )
        connection.execute(
            "CREATE TRIGGER cross_over BEFORE INSERT ON messages"
            " FOR EACH ROW EXECUTE FUNCTION cross_over()"
        )
        try:
            ada = await Api((await server.start()).port).sign_in()
            workspace = await ada.workspace()
            talks = [await ada.conversation(workspace) for _ in range(8)]
            ids = [talk.rpartition("/")[2] for talk in talks]
            for one, other in zip(ids[::2], ids[1::2], strict=True):
                for pair in [(one, other), (other, one)]:
                    connection.execute("INSERT INTO crossing VALUES (%s, %s)", pair)
            for _ in range(4):
                answers = await asyncio.gather(*(post(ada, talk) for talk in talks))
                assert [answer.status for answer in answers] == [201] * 8
            for talk in talks:
                assert len(await ada.pages(f"{talk}/messages")) == 4
            query = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
            [deadlocks] = connection.execute(query).fetchone() or [0]
            assert deadlocks >= 4
        finally:
            await server.stop()


async def test_fault_22_a_file_that_another_process_has_locked_is_busy_for_writers(tmp_path: Path):
    server = ServerProcess(f"sqlite:///{tmp_path}/cortex.db", tmp_path)
    try:
        ada = await Api((await server.start()).port).sign_in()
        talk = await ada.conversation()
        with closing(sqlite3.connect(f"{tmp_path}/cortex.db", isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            waiting = asyncio.create_task(timed(ada, talk))
            while not waiting.done():
                assert (await ada.get(talk)).status == 200
                await asyncio.sleep(0.1)
            took, answer = await waiting
            other.execute("ROLLBACK")
        assert_not_now(answer, "busy")
        assert 4 < took < 9
        assert (await post(ada, talk)).status == 201
    finally:
        await server.stop()
