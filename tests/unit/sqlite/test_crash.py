"""A server that is killed leaves each acknowledged message once, and nothing to repair."""

import asyncio
import random
import sqlite3
from collections.abc import Sequence
from contextlib import closing

from cortex_adapters.sqlite.store import open_store
from cortex_core.domain.events import MessageCreated
from cortex_core.domain.ids import ConversationId
from tests.unit.sqlite import child


async def test_fault_2_what_was_acknowledged_survives_a_kill(path: str) -> None:
    for _ in range(4):
        process = child.start("post", path, module="poster")
        acknowledged: list[Sequence[str]] = [child.said(process).split() for _ in range(8)]
        await asyncio.sleep(random.uniform(0, 0.05))
        process.kill()
        rest = child.end(process)
        acknowledged += [rest[at : at + 3] for at in range(0, len(rest) - 2, 3)]
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        [inside] = {conversation_id for conversation_id, _, _ in acknowledged}
        async with open_store(path) as store, store.begin(read_only=True) as work:
            log = await work.events.since(ConversationId(inside), seq=0, limit=99_999)
            talk = await work.conversations.get(ConversationId(inside))
            due = await work.messages.in_conversation(talk.id, after=None, limit=99_999)
        assert [recorded.seq for recorded in log] == list(range(1, talk.last_seq + 1))
        assert [message.seq for message in due] == list(range(1, talk.last_seq + 1))
        stored = {
            (recorded.data.message.id, str(recorded.seq))
            for recorded in log
            if isinstance(recorded.data, MessageCreated)
        }
        assert {(id_, seq) for _, id_, seq in acknowledged} <= stored
        # Each of the four that were on their way is there as a whole, or not at all.
        assert len(stored) - len(acknowledged) <= 4
        with closing(sqlite3.connect(path)) as connection:
            turns = connection.execute(
                "SELECT count(*) FROM turns WHERE conversation_id = ?", (inside,)
            ).fetchone()
        assert turns == (talk.last_seq,)
