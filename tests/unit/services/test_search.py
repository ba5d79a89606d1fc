"""Finding messages by what they say."""

import asyncio

import pytest

from cortex_adapters.memory.telemetry import MemoryTelemetry
from cortex_core import Principal
from cortex_core.domain.errors import (
    CortexError,
    InvalidCursorError,
    InvalidInputError,
)
from cortex_core.domain.paging import PageRequest, encode_cursor
from cortex_core.services.reception import Reception
from cortex_core.services.search import FoundMessage, Search
from tests.unit.services.pages import all_of
from tests.unit.services.rights import Ask, Right, cases, check, check_disabled
from tests.unit.services.scene import Link, Scene, until

RIGHTS = [
    Right(
        "find",
        lambda s, p: s.cortex.search.find(p, "hello", PageRequest()),
        "read:messages",
        "oevgs",
    )
]


@pytest.mark.parametrize(("ask", "permission", "person", "expected"), cases(RIGHTS, blind=""))
async def test_who_may(
    scene: Scene, ask: Ask, permission: str, person: str, expected: type[CortexError] | None
) -> None:
    await check(scene, ask, permission, person, expected)


async def test_who_is_disabled_may_do_nothing(scene: Scene) -> None:
    await check_disabled(scene, RIGHTS[0].ask)


async def test_a_hit_says_where_it_is_and_why(scene: Scene) -> None:
    posted = await scene.say("Well, <b>hello</b> there.")
    await scene.say("Goodbye.")
    [found] = await _find(scene, scene.viewer, "HELLO")
    assert (found.id, found.conversation_id) == (posted.id, scene.conversation.id)
    assert (found.seq, found.author, found.role) == (posted.seq, posted.author, posted.role)
    assert found.created_at == posted.created_at
    assert found.rank > 0
    assert [(piece.text, piece.match) for piece in found.snippet] == [
        ("Well, <b>", False),
        ("hello", True),
        ("</b> there.", False),
    ]


async def test_a_stranger_finds_nothing(scene: Scene) -> None:
    await scene.say("hello")
    assert await _find(scene, scene.stranger, "hello") == []


async def test_whoever_leaves_finds_nothing_more(scene: Scene) -> None:
    await scene.say("hello")
    assert await _find(scene, scene.guest, "hello")
    assert await _find(scene, scene.viewer, "hello")
    guest, viewer = [await scene.id_of(who) for who in (scene.guest, scene.viewer)]
    await scene.cortex.participants.remove(scene.owner, scene.conversation.id, guest)
    await scene.cortex.members.remove(scene.owner, scene.workspace.id, viewer)
    assert await _find(scene, scene.guest, "hello") == []
    assert await _find(scene, scene.viewer, "hello") == []


async def test_a_cursor_goes_on_and_gives_no_rights(scene: Scene) -> None:
    for count in (1, 3, 2):
        await scene.say("hello " * count)
    page = await scene.cortex.search.find(scene.guest, "hello", PageRequest(limit=1))
    again = PageRequest(limit=1, cursor=page.next_cursor)
    assert (await scene.cortex.search.find(scene.guest, "hello", again)).items
    guest = await scene.id_of(scene.guest)
    await scene.cortex.participants.remove(scene.owner, scene.conversation.id, guest)
    assert not (await scene.cortex.search.find(scene.guest, "hello", again)).items


async def test_a_cursor_is_good_for_one_query_of_one_user(scene: Scene) -> None:
    for _ in range(3):
        await scene.say("hello world")
    page = await scene.cortex.search.find(scene.viewer, "hello", PageRequest(limit=1))
    again = PageRequest(limit=1, cursor=page.next_cursor)
    for who, text in ((scene.editor, "hello"), (scene.viewer, "world"), (scene.viewer, "Hello")):
        with pytest.raises(InvalidCursorError):
            await scene.cortex.search.find(who, text, again)
    user_id = await scene.id_of(scene.viewer)
    for place in ([], [1], [-1, user_id], [1 << 63, user_id], [1, "x"], ["1", user_id], 1):
        forged = PageRequest(cursor=encode_cursor(f"search:{user_id}:hello", place))
        with pytest.raises(InvalidCursorError):
            await scene.cortex.search.find(scene.viewer, "hello", forged)


async def test_a_query_that_names_nothing_is_refused(scene: Scene) -> None:
    for text in ("", "-hello", "?", "x" * 501):
        with pytest.raises(InvalidInputError):
            await scene.cortex.search.find(scene.viewer, text, PageRequest())


async def test_what_is_looked_for_is_told_to_nobody(scene: Scene) -> None:
    telemetry = scene.cortex.ports.telemetry
    assert isinstance(telemetry, MemoryTelemetry)
    await scene.say("the secret word")
    await _find(scene, scene.viewer, "secret")
    kept = (telemetry.spans, telemetry.counts, telemetry.measurements, telemetry.lines)
    assert any(span.attributes.get("operation") == "search.find" for span in telemetry.spans)
    assert "secret" not in repr(kept)


async def test_keeping_up_goes_on_after_a_failure(scene: Scene, link: Link) -> None:
    search = Search(scene.cortex.ports, Reception(scene.cortex.ports), period=0.001)
    link.away = True
    keeper = asyncio.create_task(search.keep_up())
    for away in (True, False):
        link.away, link.units = away, 0
        await until(lambda: link.units >= 3)
    assert not keeper.done()
    keeper.cancel()


async def _find(scene: Scene, who: Principal, text: str) -> list[FoundMessage]:
    return await all_of(lambda page: scene.cortex.search.find(who, text, page), 2)
