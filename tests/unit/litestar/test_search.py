"""Search, as HTTP has it."""

from urllib.parse import quote, quote_plus

import pytest

from tests.unit.litestar.asgi import Client
from tests.unit.litestar.problems import pointers, problem
from tests.unit.services.scene import Scene


async def test_a_hit_is_told_with_its_place_and_a_snippet(api: Client, scene: Scene) -> None:
    posted = await scene.say('The <i>caf\u00e9</i> "on" 東京 \U0001f44d')
    answer = await api.get(f"/v1/search?q={quote('CAFE 東京')}")
    assert answer.status == 200
    [found] = answer.json()["items"]
    assert answer.json()["next_cursor"] is None
    assert found.pop("created_at").endswith("Z")
    assert found.pop("rank") > 0
    assert found == {
        "id": posted.id,
        "conversation_id": scene.conversation.id,
        "author": {"kind": "user", "id": posted.author.id},
        "role": "user",
        "seq": posted.seq,
        "snippet": [
            {"text": "The <i>", "match": False},
            {"text": "caf\u00e9", "match": True},
            {"text": '</i> "on" ', "match": False},
            {"text": "東京", "match": True},
            {"text": " \U0001f44d", "match": False},
        ],
    }


async def test_hits_come_page_after_page(api: Client, scene: Scene) -> None:
    posted = [(await scene.say("hello " * count)).id for count in (1, 3, 2)]
    path, found = "/v1/search?q=hello&limit=1", []
    answer = (await api.get(path)).json()
    while True:
        found += [hit["id"] for hit in answer["items"]]
        if answer["next_cursor"] is None:
            break
        answer = (await api.get(f"{path}&cursor={answer['next_cursor']}")).json()
    assert found == [posted[1], posted[2], posted[0]]


@pytest.mark.parametrize("text", ["", " ", "?", "-cat", '-"cat dog"', "x" * 501, "\0", "a OR -b"])
async def test_what_cannot_be_looked_for_is_refused(api: Client, text: str) -> None:
    assert pointers(await api.get(f"/v1/search?q={quote_plus(text)}")) == ["/q"]


async def test_a_query_is_needed_and_given_once(api: Client) -> None:
    assert pointers(await api.get("/v1/search")) == ["/q"]
    assert pointers(await api.get("/v1/search?q=a&q=b")) == [""]
    assert pointers(await api.get("/v1/search?query=a")) == ["/query"]
    assert pointers(await api.get("/v1/search?q=a&limit=0")) == ["/limit"]
    problem(await api.get("/v1/search?q=%ff"), 400, "malformed-request")


async def test_a_cursor_of_another_query_is_no_cursor(api: Client, scene: Scene) -> None:
    for _ in range(3):
        await scene.say("hello world")
    cursor = (await api.get("/v1/search?q=hello&limit=1")).json()["next_cursor"]
    assert (await api.get(f"/v1/search?q=hello&cursor={cursor}")).status == 200
    for query in (f"q=world&cursor={cursor}", f"q=hello&cursor={cursor}A", "q=hello&cursor="):
        problem(await api.get(f"/v1/search?{query}"), 400, "invalid-cursor")
