"""Every statement finds its rows by an index, however many there are."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final, cast

import psycopg
import pytest
from psycopg import sql

from cortex_adapters.postgres import move_state, repositories, schema
from cortex_adapters.postgres.connection import Connection, Row, connect, hardened
from cortex_adapters.postgres.moving.snapshot import PostgresSnapshot
from cortex_adapters.postgres.moving.tables import describe
from cortex_adapters.postgres.session import Session
from cortex_adapters.postgres.store import PostgresUnitOfWork
from cortex_core.domain.errors import CortexError
from tests import postgres
from tests.calls import CALLS, Call
from tests.statements import written

# Ten workspaces with two thousand conversations each; everybody is in one of them, owns another
# one, and was added to ten conversations by name; a thousand of these have messages and turns.
_SEED = """
    CREATE FUNCTION id(kind int, number bigint) RETURNS uuid IMMUTABLE LANGUAGE sql AS
        $$ SELECT (lpad(kind::text, 8, '0') || lpad(to_hex(number), 24, '0'))::uuid $$;
    INSERT INTO users SELECT id(1, n), 'issuer', 'subject ' || n, '', n || '@example.org', false,
        'active', '{}', now(), now() FROM generate_series(1, 2000) n;
    INSERT INTO users SELECT id(6, n), 'issuer', 'other ' || n, '', NULL, false, 'active', '{}',
        now(), now(), id(1, n), now(), 'operator', 'command' FROM generate_series(1, 1000) n;
    INSERT INTO workspaces SELECT id(2, n), 'name ' || n, '', '{}', 1, now(), now()
        FROM generate_series(1, 2000) n;
    INSERT INTO memberships SELECT id(2, n), id(1, n), 'owner', 'name ' || n
        FROM generate_series(1, 2000) n;
    INSERT INTO memberships SELECT id(2, 1 + n % 10), id(1, n), 'editor', 'name'
        FROM generate_series(11, 2000) n;
    INSERT INTO conversations SELECT id(3, n), id(2, 1 + n % 10), 'topic', '{}', 40, 1, now(),
        now() - n * interval '1 minute' FROM generate_series(1, 20000) n;
    INSERT INTO participants SELECT id(3, 1 + (n * 7 + k * 1313) % 20000), id(1, n)
        FROM generate_series(1, 2000) n, generate_series(1, 10) k;
    INSERT INTO messages SELECT id(4, c * 100 + n), id(3, c), n, 'user', id(1, 1), 'user', 'Hello',
        NULL, '{}', now() FROM generate_series(1, 1000) c, generate_series(1, 20) n;
    UPDATE messages
        SET words = format(' hello  number%s  word%s ', seq % 10, hashtext(id::text) % 5000)
        WHERE conversation_id < id(3, 990);
    INSERT INTO events SELECT id(3, c), 20 + n, 'turn.started', now(), 'assistant', NULL,
        '{"turn_id": "", "message_id": "", "attempt": 1}'
        FROM generate_series(1, 1000) c, generate_series(1, 20) n;
    INSERT INTO turns SELECT id(5, c * 100 + n), id(3, c), id(4, c * 100 + n),
        CASE n WHEN 1 THEN 'queued' ELSE 'completed' END, 0, NULL, now() + c * interval '1 minute',
        NULL, NULL, now(), now() FROM generate_series(1, 1000) c, generate_series(1, 10) n;
    INSERT INTO sessions SELECT lpad(to_hex(n), 64, '0'), 'issuer', 'subject ' || n % 2000,
        'sid ' || n, 'sealed', 1, now(), now(), now() + n * interval '1 minute'
        FROM generate_series(1, 20000) n;
    INSERT INTO revocations SELECT 'issuer', 'session', 'sid ' || n, now(),
        now() - n * interval '1 minute', now() + n * interval '1 minute'
        FROM generate_series(1, 20000) n;
    INSERT INTO replays SELECT 'key ' || n, now() + n * interval '1 minute'
        FROM generate_series(1, 20000) n;
    INSERT INTO registry SELECT 'name ' || n, '' FROM generate_series(1, 2000) n;
    ANALYZE;
    """


_CHANGES: Final = """
    INSERT INTO move_changes (tbl, key) SELECT 'messages', n::text FROM generate_series(1, 20000) n;
    ANALYZE move_changes
    """
SENT: Final = "force_generic_plan"
"""How the server plans. However few messages a conversation is thought to have, a page of them
comes in order by the index: who sorts reads the whole conversation, and that may be a long one."""
SORTED: Final = 500
"""The most rows that a statement may put in order: a page and some more, whatever there is."""
RANKING: Final = [CALLS[name] for name in ("search.find", "search.find, on")]
"""What is found has no order in an index: all of it is ranked, and the best are kept."""
# Deleting a row looks for those that point at it, in no statement that anybody wrote.
_WITHOUT_INDEX: Final = """
    SELECT o.conrelid::regclass::text, o.conname::text FROM pg_constraint o
    WHERE o.contype = 'f' AND o.connamespace = current_schema()::regnamespace AND NOT EXISTS (
        SELECT FROM pg_index i
        WHERE i.indrelid = o.conrelid AND (i.indkey::int2[])[0:cardinality(o.conkey) - 1] = o.conkey
    )
    """


class _Explaining:
    """Takes the place of a session: keeps the plan of each statement, then sends it."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.plans: dict[str, dict[str, Any]] = {}
        self._connection = connection

    async def read(self, statement: str, *parameters: object) -> list[Row]:
        literals = sql.SQL(", ").join(sql.Literal(value) for value in parameters)
        self._connection.execute(b"PREPARE planned AS " + statement.encode())
        call = sql.SQL("planned ({})").format(literals) if parameters else sql.SQL("planned")
        explain = sql.SQL("EXPLAIN (FORMAT JSON) EXECUTE {}").format(call)
        [plan] = self._connection.execute(explain).fetchone() or [None]
        self.plans[statement] = plan[0]["Plan"]
        cursor = self._connection.execute(sql.SQL("EXECUTE {}").format(call))
        rows = cursor.fetchall() if cursor.description else []
        self._connection.execute("DEALLOCATE planned")
        return [tuple(_as_sent(value) for value in row) for row in rows]

    write = read

    async def several(self, *, patient: bool = False) -> None:
        pass


def _as_sent(value: object) -> object:
    return json.dumps(value) if isinstance(value, dict) else value


@pytest.fixture(scope="module")
def seeded(postgres_server: str) -> Iterator[str]:
    with postgres.fresh_database(postgres_server) as uri:
        asyncio.run(schema.upgrade(uri))
        with psycopg.connect(uri) as connection:
            connection.execute(_SEED)
        yield uri


@pytest.mark.parametrize("mode", ["force_custom_plan", SENT])
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
async def test_no_statement_reads_a_whole_table(seeded: str, mode: str, call: Call) -> None:
    with _explaining(seeded, mode) as session:
        await _make(call, session)
    assert session.plans
    for plan in session.plans.values():
        _require_bounded(plan)
        if mode == SENT:
            sorts = [node for node in _nodes(plan) if "Sort" in node["Node Type"]]
            sorts = sorts if call not in RANKING else []
            below = [node.get("Relation Name") for sort in sorts for node in _nodes(sort)]
            assert not {"messages", "events"} & set(below), json.dumps(plan)


async def test_the_server_plans_without_values(seeded: str) -> None:
    connection = await connect(hardened(seeded))
    try:
        cursor = await connection.execute("SHOW plan_cache_mode")
        assert await cursor.fetchone() == (SENT,)
    finally:
        await connection.close()


async def test_no_statement_is_forgotten(seeded: str) -> None:
    explained: set[str] = set()
    for call in CALLS.values():
        with _explaining(seeded, "auto") as session:
            await _make(call, session)
        explained |= session.plans.keys()
    places = written(repositories, {"read", "write"})
    assert len(places) > 60
    forgotten = [place for statement, place in places.items() if statement not in explained]
    assert forgotten == [], "No call in tests/calls.py sends what is written there."


def test_whatever_is_pointed_at_finds_those_who_point_by_an_index(seeded: str) -> None:
    with psycopg.connect(seeded) as connection:
        assert connection.execute(_WITHOUT_INDEX).fetchall() == []


@contextmanager
def _explaining(uri: str, mode: str) -> Iterator[_Explaining]:
    with psycopg.connect(uri) as connection:
        connection.execute(sql.SQL("SET plan_cache_mode = {}").format(mode))
        yield _Explaining(connection)
        connection.rollback()


async def _make(call: Call, session: _Explaining) -> None:
    with suppress(CortexError):
        await call(PostgresUnitOfWork(cast("Session", session)))


def _require_bounded(plan: dict[str, Any]) -> None:
    nodes = list(_nodes(plan))
    assert not [node for node in nodes if node["Node Type"] == "Seq Scan"], json.dumps(plan)
    sorts = [node["Plan Rows"] for node in nodes if "Sort" in node["Node Type"]]
    assert all(rows <= SORTED for rows in sorts), json.dumps(plan)


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from _nodes(below)


class _ExplainingConnection:
    """Takes the place of a connection: keeps the plan of what reads or deletes, then sends it."""

    def __init__(self, connection: Connection) -> None:
        self.plans: list[dict[str, Any]] = []
        self._connection = connection

    async def execute(
        self, statement: bytes | str, parameters: Sequence[object] | None = None
    ) -> object:
        sent = statement if isinstance(statement, bytes) else statement.encode()
        if sent.startswith((b"DECLARE", b"SELECT")) and b"to_regclass" not in sent:
            explain = b"EXPLAIN (FORMAT JSON) " + sent
            cursor = await self._connection.execute(explain, parameters)
            [[told]] = await cursor.fetchall()
            self.plans.append(json.loads(told)[0]["Plan"])
        return await self._connection.execute(sent, parameters)


async def test_a_move_goes_from_page_to_page_and_from_change_to_change_by_an_index(
    seeded: str,
) -> None:
    connection = await connect(hardened(seeded))
    try:
        await connection.execute("BEGIN")
        tables = await describe(connection)
        await move_state.capture(connection, tables)
        await connection.execute(_CHANGES)
        explaining = _ExplainingConnection(connection)
        snapshot = PostgresSnapshot(cast("Connection", explaining))
        for table in tables:
            page = await snapshot.page(table, after=None)
            keys = [tuple(row[place] for place in table.key_places) for row in page]
            await snapshot.page(table, after=keys[0])
            await snapshot.page(table, after=keys[0], upto=keys[9])
            await snapshot.these(table, keys[:20])
        assert len(await snapshot.changes(7, limit=500)) == 500
        assert len(explaining.plans) == 4 * len(tables) + 1
        for plan in explaining.plans:
            _require_bounded(plan)
    finally:
        await connection.close()
