"""Every statement finds its rows by an index, however many there are."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import psycopg
import pytest
from psycopg import sql

from cortex_adapters.postgres import schema
from cortex_adapters.postgres.connection import Row
from cortex_adapters.postgres.session import Session
from cortex_adapters.postgres.store import PostgresUnitOfWork
from cortex_core.contract import make
from cortex_core.domain.errors import CortexError
from cortex_core.domain.ids import ConversationId, MessageId, UserId, WorkspaceId
from cortex_core.domain.links import Profile
from cortex_core.domain.models import Conversation, Message, Role, Turn, TurnStatus, User, Workspace
from cortex_core.domain.policy import WRITERS
from cortex_core.ports import UnitOfWork
from tests import postgres

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


def _id(kind: int, number: int) -> str:
    return f"{kind:08d}-0000-0000-0000-{number:012x}"


ADA = UserId(_id(1, 77))
LAB = WorkspaceId(_id(2, 3))
TALK = ConversationId(_id(3, 55))
NOTE = MessageId(_id(4, 5507))
SOON = datetime.now(UTC) + timedelta(hours=1)
RECENTLY = datetime.now(UTC) - timedelta(minutes=1)
BEFORE: tuple[datetime, ConversationId] = (make.at(10**7), TALK)

user: User = User(
    id=ADA, issuer="issuer", subject="subject 77", created_at=make.NOON, updated_at=make.NOON
)
workspace = Workspace(id=LAB, name="other", created_at=make.NOON, updated_at=make.NOON)
conversation = Conversation(
    id=TALK, workspace_id=LAB, topic="other", created_at=make.NOON, updated_at=make.NOON
)
note: Message = make.message(conversation, user)
turn = Turn(
    id=make.turn_id(),
    conversation_id=TALK,
    message_id=NOTE,
    attempts=1,
    status=TurnStatus.RUNNING,
    created_at=make.NOON,
    updated_at=make.NOON,
)
session = make.session(issuer="issuer", session_id="sid 77")

Call = Callable[[UnitOfWork], Awaitable[object]]
CALLS: dict[str, Call] = {
    "users.ensure": lambda work: work.users.ensure(user),
    "users.ensure, linked": lambda work: work.users.ensure(
        make.user(issuer="issuer", subject="other 7")
    ),
    "users.ensure, new": lambda work: work.users.ensure(make.user()),
    "users.find": lambda work: work.users.find("issuer", "other 77"),
    "users.with_email": lambda work: work.users.with_email("77@example.org", limit=2),
    "users.refresh": lambda work: work.users.refresh(
        ADA, Profile(name="Ada", said_at=SOON), now=make.NOON
    ),
    "links.add": lambda work: work.links.add(make.link(user), sole=True),
    "links.add, instead": lambda work: work.links.add(
        make.link(user, issuer="issuer", subject="subject 78")
    ),
    "links.remove": lambda work: work.links.remove("issuer", "other 77"),
    "links.of_user": lambda work: work.links.of_user(ADA),
    "users.get": lambda work: work.users.get(ADA),
    "users.get, locked": lambda work: work.users.get(ADA, lock=True),
    "users.update": lambda work: work.users.update(user),
    "workspaces.add": lambda work: work.workspaces.add(make.workspace(), owner_id=ADA),
    "workspaces.access": lambda work: work.workspaces.access(ADA, LAB),
    "workspaces.access, locked": lambda work: work.workspaces.access(ADA, LAB, lock=True),
    "workspaces.of_user": lambda work: work.workspaces.of_user(ADA, after=LAB, limit=51),
    "workspaces.update": lambda work: work.workspaces.update(workspace, version=1),
    "workspaces.delete": lambda work: work.workspaces.delete(LAB, version=1),
    "workspaces.members": lambda work: work.workspaces.members(LAB, after=ADA, limit=51),
    "workspaces.put_member": lambda work: work.workspaces.put_member(
        make.membership(workspace, user, Role.VIEWER)
    ),
    "workspaces.remove_member": lambda work: work.workspaces.remove_member(LAB, ADA),
    "conversations.add": lambda work: work.conversations.add(make.conversation(workspace)),
    "conversations.access": lambda work: work.conversations.access(ADA, TALK),
    "conversations.access, locked": lambda work: work.conversations.access(ADA, TALK, lock=True),
    "conversations.get": lambda work: work.conversations.get(TALK),
    "conversations.visible": lambda work: work.conversations.visible([(ADA, TALK)] * 3),
    "conversations.in_workspace": lambda work: work.conversations.in_workspace(
        LAB, after=None, limit=51
    ),
    "conversations.in_workspace, on": lambda work: work.conversations.in_workspace(
        LAB, after=BEFORE, limit=51
    ),
    "conversations.of_user": lambda work: work.conversations.of_user(ADA, after=None, limit=51),
    "conversations.of_user, on": lambda work: work.conversations.of_user(
        ADA, after=BEFORE, limit=51
    ),
    "conversations.update": lambda work: work.conversations.update(conversation, version=1),
    "conversations.delete": lambda work: work.conversations.delete(TALK, version=None),
    "conversations.participants": lambda work: work.conversations.participants(
        TALK, after=None, limit=51
    ),
    "conversations.add_participant": lambda work: work.conversations.add_participant(
        make.participant(conversation, user)
    ),
    "conversations.remove_participant": lambda work: work.conversations.remove_participant(
        make.participant(conversation, user)
    ),
    "messages.add": lambda work: work.messages.add(note),
    "messages.post": lambda work: work.messages.post(note, turn=None, roles=WRITERS),
    "messages.post, asking": lambda work: work.messages.post(note, turn=turn, roles=WRITERS),
    "messages.get": lambda work: work.messages.get(TALK, NOTE),
    "messages.in_conversation": lambda work: work.messages.in_conversation(TALK, after=3, limit=51),
    "messages.in_conversation, back": lambda work: work.messages.in_conversation(
        TALK, after=None, limit=51, order="desc"
    ),
    "turns.get": lambda work: work.turns.get(turn.id),
    "turns.backlog": lambda work: work.turns.backlog(),
    "turns.lease": lambda work: work.turns.lease(
        worker="one", now=make.at(10**7), until=make.at(10**7), limit=4
    ),
    "turns.renew": lambda work: work.turns.renew(turn, worker="one", until=make.NOON),
    "turns.release": lambda work: work.turns.release(turn, worker="one", due=make.NOON),
    "turns.finish": lambda work: work.turns.finish(turn, worker="one"),
    "events.append": lambda work: work.events.append(make.event(conversation, user)),
    "events.since": lambda work: work.events.since(TALK, seq=3, limit=51),
    "sessions.add": lambda work: work.sessions.add(session),
    "sessions.get": lambda work: work.sessions.get(session.digest, now=make.NOON),
    "sessions.update": lambda work: work.sessions.update(session, version=1),
    "sessions.delete": lambda work: work.sessions.delete(session.digest),
    "sessions.delete_by_session_id": lambda work: work.sessions.delete_by_session_id(
        "issuer", "sid 77"
    ),
    "sessions.delete_by_subject": lambda work: work.sessions.delete_by_subject(
        "issuer", "subject 77"
    ),
    "sessions.present": lambda work: work.sessions.present([session.digest] * 3, now=make.NOON),
    "sessions.purge": lambda work: work.sessions.purge(now=SOON, limit=1_000),
    "revocations.add": lambda work: work.revocations.add(
        make.revocation(value="sid 77", issuer="issuer")
    ),
    "revocations.since": lambda work: work.revocations.since(RECENTLY, now=SOON),
    "revocations.purge": lambda work: work.revocations.purge(now=SOON, limit=1_000),
    "replays.spend": lambda work: work.replays.spend("key 77", now=make.NOON, until=SOON),
    "replays.purge": lambda work: work.replays.purge(now=SOON, limit=1_000),
    "registry.ensure": lambda work: work.registry.ensure("name 7", "value"),
    "registry.get": lambda work: work.registry.get("name 7"),
}


class _Explaining:
    """Takes the place of a session: keeps the plan of each statement, then sends it."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.plans: list[dict[str, Any]] = []
        self._connection = connection

    async def read(self, statement: str, *parameters: object) -> list[Row]:
        literals = sql.SQL(", ").join(sql.Literal(value) for value in parameters)
        self._connection.execute(b"PREPARE planned AS " + statement.encode())
        call = sql.SQL("planned ({})").format(literals) if parameters else sql.SQL("planned")
        explain = sql.SQL("EXPLAIN (FORMAT JSON) EXECUTE {}").format(call)
        [plan] = self._connection.execute(explain).fetchone() or [None]
        self.plans.append(plan[0]["Plan"])
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


@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
async def test_no_statement_reads_a_whole_table(seeded: str, mode: str, call: Call) -> None:
    with psycopg.connect(seeded) as connection:
        connection.execute(sql.SQL("SET plan_cache_mode = {}").format(mode))
        session = _Explaining(connection)
        with suppress(CortexError):
            await call(PostgresUnitOfWork(cast("Session", session)))
        connection.rollback()
        assert session.plans
        for plan in session.plans:
            nodes = list(_nodes(plan))
            scans = [node for node in nodes if node["Node Type"] == "Seq Scan"]
            assert not scans, json.dumps(plan, indent=1)
            sorts = [node["Plan Rows"] for node in nodes if "Sort" in node["Node Type"]]
            assert all(rows <= 500 for rows in sorts), json.dumps(plan, indent=1)


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from _nodes(below)
