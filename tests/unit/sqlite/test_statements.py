"""How the statements are written, and how SQLite carries them out."""

import ast
import asyncio
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from cortex_adapters.sqlite import repositories
from cortex_adapters.sqlite.store import SqliteStore, open_store
from cortex_core.contract import make
from cortex_core.contract.store import stored_scene
from cortex_core.domain.links import Profile
from cortex_core.domain.models import Role, TurnStatus
from cortex_core.domain.policy import WRITERS

MODULES = sorted(Path(str(repositories.__file__)).parent.glob("*.py"))
EXECUTES = {"execute", "one", "many", "changes"}
SQL = re.compile(r"\b(SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH)\b")


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            name = node.func.id if isinstance(node.func, ast.Name) else name
            if name in EXECUTES:
                yield node


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.stem)
def test_every_statement_is_written_out_and_its_parameters_are_bound(module: Path) -> None:
    tree = ast.parse(module.read_text())
    constants = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.AnnAssign) and isinstance(target := node.target, ast.Name)
    }
    for call in _calls(tree):
        sql, parameters = call.args[:2]
        if isinstance(sql, ast.Name):
            if sql.id == "sql":
                continue  # handed on as it came
            sql = constants[sql.id] or sql
        assert isinstance(sql, ast.Constant), f"{module.name}:{call.lineno}"
        assert isinstance(sql.value, str)
        assert isinstance(parameters, ast.Tuple), f"{module.name}:{call.lineno}"
        assert ("?" in sql.value) == bool(parameters.elts)
        assert not re.search(r"\b(lower|upper|nocase|like|glob)\b", sql.value, re.IGNORECASE)
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr | ast.BinOp):
            assert not SQL.search(ast.unparse(node)), f"{module.name}:{node.lineno}"


async def test_every_connection_is_set_up(store: SqliteStore) -> None:
    readers = list(store._readers._free._queue)  # type: ignore[attr-defined]
    assert len(readers) == 3
    for lane, query_only in ((store._writer._lane, 0), *((reader, 1) for reader in readers)):
        for pragma, expected in {
            "foreign_keys": 1,
            "journal_mode": "wal",
            "synchronous": 2,  # FULL
            "query_only": query_only,
            "busy_timeout": 5_000 * query_only,  # the writer's patience can be called off
        }.items():
            statement = f"PRAGMA {pragma}"
            found = await lane.run(lambda c, s=statement: c.execute(s).fetchone())
            assert found == (expected,), pragma


async def test_no_statement_reads_a_whole_table(path: str) -> None:
    seen: set[str] = set()
    async with open_store(path, readers=1) as store:
        for lane in (store._writer._lane, store._readers._free.get_nowait()):
            await lane.run(lambda connection: connection.set_trace_callback(seen.add))
            if lane is not store._writer._lane:
                store._readers._free.put_nowait(lane)
        await _use_everything(store)
        await _sign_on_and_off(store)
        await _link(store)
    statements = {statement for statement in seen if SQL.search(statement)}
    assert len(statements) > 30
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}")]
            scans = [
                step
                for step in plan
                if step.startswith("SCAN")
                and not re.match(r"SCAN (pair|mine|wanted|new|CONSTANT ROW|\d+ CONSTANT ROW)", step)
                and step != "SCAN turns USING INDEX turns_due"  # of those that are not at their end
            ]
            assert not scans, (statement, plan)


async def _use_everything(store: SqliteStore) -> None:
    scene = await stored_scene(store)
    ada, lab, talk = scene.owner, scene.workspace, scene.conversation
    after = (make.at(9), talk.id)
    async with store.begin() as work:
        bob = await work.users.ensure(make.user())
        await work.users.update(bob)
        await work.workspaces.update(replace(lab, name="New", version=2), version=1)
        await work.workspaces.put_member(make.membership(lab, bob, Role.OWNER))
        await work.workspaces.put_member(make.membership(lab, bob, Role.EDITOR))
        await work.workspaces.remove_member(lab.id, bob.id)
        await work.conversations.update(replace(talk, version=2), version=1)
        await work.conversations.add_participant(make.participant(talk, bob))
        await work.events.append(make.event(talk, ada))
        await work.messages.add(make.message(talk, ada))
        note = make.message(talk, bob)
        turn = make.turn(note)
        assert await work.messages.post(note, turn=turn, roles=WRITERS)
        [taken] = await work.turns.lease(worker="w", now=make.at(1), until=make.at(2), limit=9)
        await work.turns.renew(taken, worker="w", until=make.at(3))
        await work.turns.release(taken, worker="w", due=make.at(0))
        [taken] = await work.turns.lease(worker="w", now=make.at(1), until=make.at(2), limit=9)
        done = replace(taken, status=TurnStatus.COMPLETED)
        await work.turns.finish(done, worker="w")
        await work.registry.ensure("epoch", "1")
    async with store.begin(read_only=True) as work:
        await work.users.get(ada.id)
        await work.workspaces.access(ada.id, lab.id)
        await work.workspaces.of_user(ada.id, after=lab.id, limit=9)
        await work.workspaces.members(lab.id, after=None, limit=9)
        await work.conversations.access(ada.id, talk.id)
        await work.conversations.get(talk.id)
        await work.conversations.visible([(ada.id, talk.id)])
        await work.conversations.in_workspace(lab.id, after=after, limit=9)
        await work.conversations.of_user(ada.id, after=after, limit=9)
        await work.conversations.participants(talk.id, after=None, limit=9)
        await work.messages.get(talk.id, note.id)
        await work.messages.in_conversation(talk.id, after=None, limit=9)
        await work.messages.in_conversation(talk.id, after=None, limit=9, order="desc")
        await work.events.since(talk.id, seq=0, limit=9)
        await work.turns.get(turn.id)
        await work.turns.backlog()
        await work.registry.get("epoch")
    async with store.begin() as work:
        await work.conversations.remove_participant(make.participant(talk, bob))
        await work.conversations.delete(talk.id, version=None)
        await work.workspaces.delete(lab.id, version=2)
    await asyncio.sleep(0)


async def _sign_on_and_off(store: SqliteStore) -> None:
    async with store.begin() as work:
        session = make.session(session_id="sid")
        await work.sessions.add(session)
        await work.sessions.update(replace(session, version=2), version=1)
        await work.sessions.delete(session.digest)
        await work.sessions.delete_by_session_id(make.ISSUER, "sid")
        await work.sessions.delete_by_subject(make.ISSUER, "ada")
        await work.sessions.purge(now=make.NOON, limit=9)
        await work.revocations.add(make.revocation())
        await work.revocations.purge(now=make.NOON, limit=9)
        await work.replays.spend("key", now=make.NOON, until=make.at(1))
        await work.replays.purge(now=make.NOON, limit=9)
    async with store.begin(read_only=True) as work:
        await work.sessions.get(session.digest, now=make.NOON)
        await work.sessions.present([session.digest], now=make.NOON)
        await work.revocations.since(make.NOON, now=make.NOON)


async def _link(store: SqliteStore) -> None:
    async with store.begin() as work:
        bob = await work.users.ensure(make.user())
        empty = await work.users.ensure(make.user())
        await work.users.refresh(bob.id, Profile(name="Bob", said_at=make.at(1)), now=make.at(1))
        await work.links.add(make.link(bob, subject="other"), sole=True)
        await work.users.find(make.ISSUER, "other")
        await work.users.with_email("bob@example.org", limit=2)
        await work.links.of_user(bob.id)
        await work.links.add(make.link(bob, subject=empty.subject))
        await work.links.remove(make.ISSUER, "other")
