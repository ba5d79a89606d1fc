"""What is older than is kept goes while the server runs, and readers who come too late are told."""

import asyncio
import sqlite3
from contextlib import closing

import psycopg

from tests.e2e.eventually import eventually
from tests.e2e.server import ServerProcess
from tests.e2e.wire import Api

_DAYS = 3


async def test_a_reader_who_comes_too_late_is_told_where_the_log_begins(
    server: ServerProcess,
) -> None:
    ada = await Api(server.port).sign_in()
    talk = await ada.conversation()
    stream = await ada.follow(f"{talk}/events")
    await ada.post(f"{talk}/messages", {"content": "old", "respond": True})
    *_, last = await stream.until("turn.completed")
    stream.close()
    first = f"{str(last.id).partition('.')[0]}.1"
    await server.stop()
    _age(server)
    server.set(CORTEX_KEEP_MESSAGES=str(_DAYS - 1), CORTEX_KEEP_EVENTS=str(_DAYS - 1))
    await server.start()
    ada = ada.at(server.port)
    assert (await ada.post(f"{talk}/messages", {"content": "new"})).status == 201
    lines = await eventually(lambda: server.lines("retention.removed"), seconds=40)
    assert [(line["messages"], line["events"]) for line in lines] == [(2, 2)]
    assert [each["content"] for each in await ada.pages(f"{talk}/messages")] == ["new"]
    late = ["reset", "message.created"]
    for place, told in ((first, late), (str(last.id), late[1:])):
        stream = await ada.follow(f"{talk}/events", last_event_id=place)
        async with asyncio.timeout(10):
            events = await stream.until("message.created")
        stream.close()
        assert [each.type for each in events] == told
        assert events[-1].seq == last.seq + 1
        if told == late:
            assert events[0].data["data"] == {"oldest": last.seq + 1}


def _age(server: ServerProcess) -> None:
    """Have everything happened days ago."""
    if path := server.sqlite_path:
        with closing(sqlite3.connect(path)) as connection:
            ago = _DAYS * 24 * 3600 * 1_000_000
            connection.execute("UPDATE messages SET created_at = created_at - ?", (ago,))
            connection.execute("UPDATE events SET at = at - ?", (ago,))
            connection.commit()
    else:
        with psycopg.connect(server.database_url) as connection:
            days = (f"{_DAYS} days",)
            connection.execute("UPDATE messages SET created_at = created_at - %s::interval", days)
            connection.execute("UPDATE events SET at = at - %s::interval", days)
