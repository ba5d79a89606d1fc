"""Search over HTTP: the same on both databases, for whoever may read, and told to nobody."""

import asyncio
import sqlite3
from contextlib import closing
from typing import Any
from urllib.parse import quote

import psycopg

from tests.e2e.server import ServerProcess
from tests.e2e.wire import Api

SAID = (
    "The cat sat on the mat.",
    "A dog chased the cat, and the cat ran.",
    "Un caf\u00e9 na\u00efve \u00e0 la Stra\u00dfe",
    "\u4eca\u65e5\u306f\u6771\u4eac\u90fd\u306b\u884c\u304d\u307e\u3059",
    "Well done \U0001f44d\U0001f3fd",
    "'; DROP TABLE messages; -- OR 1=1",
)
FINDS = {
    "CAT": [1, 0],
    "cat -dog": [0],
    '"the cat" ran': [1],
    '"cat the"': [],
    "mat OR cafe": [2, 0],
    "cafe strasse": [2],
    "\u6771\u4eac": [3],
    "\U0001f44d": [4],
    "'; DROP TABLE messages; --": [5],
    'cat" OR "1': [],
    "cat*": [1, 0],
    "100%": [],
}
PATIENCE = 30


async def test_each_query_finds_the_same_on_either_database(server: ServerProcess) -> None:
    ada = await Api(server.port).sign_in()
    talk = await ada.conversation()
    posted = [await _say(ada, talk, content) for content in SAID]
    found = {text: [hit["id"] for hit in await _hits(ada, text)] for text in FINDS}
    assert found == {text: [posted[n] for n in places] for text, places in FINDS.items()}
    for text in ("", "-cat", "?", "x" * 501):
        answer = await ada.get(f"/v1/search?q={quote(text)}")
        assert (answer.status, answer.json()["errors"][0]["pointer"]) == (422, "/q")
    assert (await Api(server.port).get("/v1/search?q=cat")).status == 401
    assert not any(word in server.said() for word in ("DROP TABLE", "strasse", "%F0%9F%91%8D"))


async def test_whoever_may_not_read_finds_nothing(server: ServerProcess) -> None:
    ada, bob, eve = [
        await Api(server.port).sign_in(f"{name}@example.com") for name in ("ada", "bob", "eve")
    ]
    lab = await ada.workspace()
    talk = await ada.conversation(lab)
    note = await _say(ada, talk, "the secret")
    theirs = await _say(eve, await eve.conversation(), "another secret")
    user = (await bob.get("/v1/me")).json()["user"]["id"]
    for path, body in (
        (f"/v1/workspaces/{lab}/members/{user}", {"role": "viewer"}),
        (f"{talk}/participants/{user}", None),
    ):
        assert await _hits(bob, "secret") == []
        assert (await ada.ask("PUT", path, body)).status == 200
        assert [hit["id"] for hit in await _hits(bob, "secret")] == [note]
        assert (await ada.ask("DELETE", path)).status == 204
        assert await _hits(bob, "secret") == []
    assert [hit["id"] for hit in await _hits(eve, "secret")] == [theirs]
    assert (await ada.ask("DELETE", talk)).status == 204
    assert await _hits(ada, "secret") == []


async def test_pages_go_on_while_more_is_said(server: ServerProcess) -> None:
    ada = await Api(server.port).sign_in()
    talk = await ada.conversation()
    posted = {await _say(ada, talk, "cat " * (1 + n % 4)) for n in range(12)}
    seen, ranks, cursor = [], [], ""
    while True:
        page = (await ada.get(f"/v1/search?q=cat&limit=5{cursor}")).json()
        seen += [hit["id"] for hit in page["items"]]
        ranks += [hit["rank"] for hit in page["items"]]
        if page["next_cursor"] is None:
            break
        await _say(ada, talk, "dog " * 50)
        cursor = f"&cursor={page['next_cursor']}"
    assert (len(seen), set(seen)) == (12, posted)
    assert ranks == sorted(ranks, reverse=True)


async def test_what_was_stored_without_its_words_is_found_after_a_while(
    server: ServerProcess, database_url: str
) -> None:
    ada = await Api(server.port).sign_in()
    talk = await ada.conversation()
    posted = {await _say(ada, talk, f"cat {n}") for n in range(50)}
    await server.terminate()
    _forget(database_url)
    await server.start()
    ada = await Api(server.port).sign_in()
    async with asyncio.timeout(PATIENCE):
        while {hit["id"] for hit in await _hits(ada, "cat")} != posted:  # noqa: ASYNC110 - nothing rings
            await asyncio.sleep(0.1)


def _forget(database_url: str) -> None:
    """Leave messages as an older release stores them."""
    if database_url.startswith("postgres"):
        with psycopg.connect(database_url) as connection:
            connection.execute("UPDATE messages SET words = NULL")
    else:
        path = database_url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("DELETE FROM message_words")
            connection.execute("UPDATE messages SET words = NULL")


async def _say(api: Api, talk: str, content: str) -> str:
    answer = await api.post(f"{talk}/messages", {"content": content})
    assert answer.status == 201, answer.body
    return str(answer.json()["id"])


async def _hits(api: Api, text: str) -> list[dict[str, Any]]:
    answer = await api.get(f"/v1/search?q={quote(text)}&limit=200")
    assert answer.status == 200, answer.body
    items: list[dict[str, Any]] = answer.json()["items"]
    return items
