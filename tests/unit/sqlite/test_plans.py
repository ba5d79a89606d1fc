"""Every statement finds its rows by an index, however many there are."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import Final, TypeVar, cast

import pytest

from cortex_adapters.sqlite import repositories
from cortex_adapters.sqlite.connections import MIGRATOR, Work
from cortex_adapters.sqlite.schema import upgrade
from cortex_adapters.sqlite.store import SqliteUnitOfWork
from cortex_adapters.sqlite.transaction import Counted
from cortex_core.domain.errors import CortexError
from tests.calls import CALLS, Call
from tests.statements import written

T = TypeVar("T")

# As the seed of PostgreSQL has it. Times are microseconds since 1970, `now` among them.
_SEED: Final = """
    CREATE TEMP TABLE n AS
        WITH RECURSIVE up (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < 20000)
        SELECT n, CAST(unixepoch() AS INTEGER) * 1000000 AS now FROM up;
    INSERT INTO users (id, issuer, subject, name, email, email_verified, status, metadata,
        created_at, updated_at)
        SELECT id(1, n), 'issuer', 'subject ' || n, '', n || '@example.org', 0, 'active', '{}',
            now, now FROM n WHERE n <= 2000;
    INSERT INTO users (id, issuer, subject, name, email_verified, status, metadata, created_at,
        updated_at, linked_to, linked_at, linked_by, linked_how)
        SELECT id(6, n), 'issuer', 'other ' || n, '', 0, 'active', '{}', now, now, id(1, n), now,
            'operator', 'command' FROM n WHERE n <= 1000;
    INSERT INTO workspaces SELECT id(2, n), 'name ' || n, '', '{}', 1, now, now FROM n
        WHERE n <= 2000;
    INSERT INTO memberships SELECT id(2, n), id(1, n), 'owner', 'name ' || n FROM n
        WHERE n <= 2000;
    INSERT INTO memberships SELECT id(2, 1 + n % 10), id(1, n), 'editor', 'name' FROM n
        WHERE n > 10 AND n <= 2000;
    INSERT INTO conversations (id, workspace_id, topic, metadata, last_seq, version, created_at,
        updated_at)
        SELECT id(3, n), id(2, 1 + n % 10), 'topic', '{}', 40, 1, now,
        now - n * 60000000 FROM n;
    INSERT INTO participants SELECT id(3, 1 + (a.n * 7 + b.n * 1313) % 20000), id(1, a.n)
        FROM n AS a, n AS b WHERE a.n <= 2000 AND b.n <= 10;
    INSERT INTO messages (id, conversation_id, seq, author_kind, author_id, role, content,
        metadata, created_at)
        SELECT id(4, a.n * 100 + b.n), id(3, a.n), b.n, 'user', id(1, 1), 'user', 'Hello', '{}',
            a.now FROM n AS a, n AS b WHERE a.n <= 1000 AND b.n <= 20;
    INSERT INTO message_words (rowid, words)
        SELECT rowid, printf(' hello  number%d  word%d ', seq % 10, rowid % 5000) FROM messages
        WHERE conversation_id < id(3, 990);
    UPDATE messages SET words = rowid WHERE conversation_id < id(3, 990);
    INSERT INTO events (conversation_id, seq, type, at, actor_kind, data)
        SELECT id(3, a.n), 20 + b.n, 'turn.started', a.now, 'assistant',
            '{"turn_id": "", "message_id": "", "attempt": 1}'
            FROM n AS a, n AS b WHERE a.n <= 1000 AND b.n <= 20;
    INSERT INTO turns (id, conversation_id, message_id, status, attempts, due_at, created_at,
        updated_at)
        SELECT id(5, a.n * 100 + b.n), id(3, a.n), id(4, a.n * 100 + b.n),
            iif(b.n = 1, 'queued', 'completed'), 0, iif(b.n = 1, a.now + a.n * 60000000, NULL),
            a.now, a.now FROM n AS a, n AS b WHERE a.n <= 1000 AND b.n <= 10;
    INSERT INTO sessions SELECT printf('%064x', n), 'issuer', 'subject ' || n % 2000, 'sid ' || n,
        x'00', 1, now, now, now + n * 60000000 FROM n;
    INSERT INTO revocations SELECT 'issuer', 'session', 'sid ' || n, now, now - n * 60000000,
        now + n * 60000000 FROM n;
    INSERT INTO replays SELECT 'key ' || n, now + n * 60000000 FROM n;
    INSERT INTO registry SELECT 'name ' || n, '' FROM n WHERE n <= 2000;
    """
_WITHOUT_INDEX: Final = """
    SELECT t.name, f."from" FROM pragma_table_list AS t, pragma_foreign_key_list(t.name) AS f
    WHERE t.schema = 'main' AND NOT EXISTS (
        SELECT 1 FROM pragma_index_list(t.name) AS l, pragma_index_info(l.name) AS i
        WHERE i.seqno = f.seq AND i.name = f."from"
    )
    """


# What a statement brings along, and what a query within it yields, may be read as a whole.
SCAN: Final = re.compile(
    r"SCAN (?!pair|mine|wanted|new|place|\(subquery|CONSTANT ROW|\d+ CONSTANT ROW"
    r"|each$|p VIRTUAL TABLE|w VIRTUAL TABLE INDEX 0:M)"  # the phrases; what FTS5 has found
)
SORTING: Final = [
    CALLS[name]
    for name in (
        "conversations.of_user",  # of one user: a page of each workspace, and those by name
        "conversations.of_user, on",
        "conversations.visible",  # the pairs that were given
        "users.with_email",  # the users of one address
        "links.of_user",  # the identities of one user
        "turns.backlog",  # two states
        "search.find",  # what was found, the best of it
        "search.find, on",
    )
]


class _Noting(sqlite3.Connection):
    """Keeps what it is sent, with what goes into it."""

    def __init__(self, *arguments: object, **named: object) -> None:
        super().__init__(*arguments, **named)  # type: ignore[arg-type]  # handed on
        self.sent: dict[str, object] = {}

    def execute(self, sql: str, parameters: object = (), /) -> sqlite3.Cursor:
        self.sent[sql] = parameters
        return super().execute(sql, parameters)  # type: ignore[arg-type]  # handed on


class _Working:
    """Takes the place of a transaction: does the work where it is."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    async def read(self, work: Work[T]) -> T:
        return work(self._connection)

    write = read


@pytest.fixture(scope="module", params=["never analyzed", "analyzed"])
async def seeded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = str(tmp_path_factory.mktemp("plans") / "cortex.db")
    await upgrade(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.create_function("id", 2, lambda kind, n: f"{kind:08d}-0000-0000-0000-{n:012x}")
        connection.executescript(_SEED)
        if request.param == "analyzed":
            connection.execute("ANALYZE")
        connection.commit()
    return path


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
async def test_no_statement_reads_a_whole_table(seeded: str, call: Call) -> None:
    with _noting(seeded) as connection:
        await _make(call, connection)
        sent = list(connection.sent.items())
        connection.rollback()
        assert sent
        for statement, parameters in sent:
            explained = connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            plan = [row[3] for row in explained]
            assert not [step for step in plan if SCAN.match(step)], (statement, plan)
            if call not in SORTING:
                assert not [step for step in plan if "TEMP B-TREE" in step], (statement, plan)


async def test_no_statement_is_forgotten(seeded: str) -> None:
    explained: set[str] = set()
    for call in CALLS.values():
        with _noting(seeded) as connection:
            await _make(call, connection)
            explained |= connection.sent.keys()
            connection.rollback()
    places = written(repositories, {"execute", "one", "many", "changes"})
    assert len(places) > 60
    forgotten = [place for statement, place in places.items() if statement not in explained]
    assert forgotten == [], "No call in tests/calls.py sends what is written there."


def test_whatever_is_pointed_at_finds_those_who_point_by_an_index(seeded: str) -> None:
    with closing(sqlite3.connect(seeded)) as connection:
        assert connection.execute(_WITHOUT_INDEX).fetchall() == []


@contextmanager
def _noting(path: str) -> Iterator[_Noting]:
    with closing(sqlite3.connect(path, factory=_Noting, isolation_level=None)) as connection:
        for pragma in MIGRATOR:
            connection.execute(pragma)
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("BEGIN")
        connection.sent.clear()
        yield connection


async def _make(call: Call, connection: _Noting) -> None:
    with suppress(CortexError):
        await call(SqliteUnitOfWork(cast("Counted", _Working(connection))))
