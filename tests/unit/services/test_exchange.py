"""Messages: posting and reading them, and the log they stand in."""

import asyncio

import pytest

from cortex_adapters.memory.ports import ports_around
from cortex_core import Cortex, Principal
from cortex_core.contract import make
from cortex_core.domain.commands import PostMessage
from cortex_core.domain.errors import (
    CortexError,
    InvalidCursorError,
    InvalidInputError,
    NotFoundError,
    UnavailableError,
)
from cortex_core.domain.events import Bell, MessageCreated
from cortex_core.domain.models import MessageRole, TurnStatus
from cortex_core.domain.paging import PageRequest, encode_cursor
from cortex_core.services.exchange import Exchange
from cortex_core.services.reception import Reception
from tests.unit.services.pages import all_of
from tests.unit.services.rights import Ask, Right, cases, check, check_disabled
from tests.unit.services.scene import Clock, Link, Scene, log_of, set_scene
from tests.unit.services.streams import untraced

RIGHTS = [
    Right("post", lambda s, p: s.say(who=p), "write:messages", "oeg"),
    Right("respond", lambda s, p: s.say(who=p, respond=True), "write:messages", "oeg"),
    Right(
        "page",
        lambda s, p: s.cortex.exchange.page(p, s.conversation.id, PageRequest()),
        "read:messages",
        "oevg",
    ),
    Right(
        "log",
        lambda s, p: s.cortex.exchange.log(p, s.conversation.id, PageRequest()),
        "read:messages",
        "oevg",
    ),
]


@pytest.mark.parametrize(("ask", "permission", "person", "expected"), cases(RIGHTS, blind="s"))
async def test_who_may(
    scene: Scene, ask: Ask, permission: str, person: str, expected: type[CortexError] | None
) -> None:
    await check(scene, ask, permission, person, expected)


@pytest.mark.parametrize("right", RIGHTS, ids=lambda right: right.name)
async def test_who_is_disabled_may_do_nothing(scene: Scene, right: Right) -> None:
    await check_disabled(scene, right.ask)


async def test_what_is_refused_leaves_nothing(scene: Scene) -> None:
    here = scene.conversation.id
    before = await log_of(scene.cortex.ports.store, here)
    for who in (scene.viewer, scene.stranger):
        with pytest.raises(CortexError):
            await scene.say(who=who, respond=True)
    assert await log_of(scene.cortex.ports.store, here) == before
    async with scene.cortex.ports.store.begin() as work:
        assert not await work.turns.lease(
            worker="any", now=make.at(999), until=make.at(1000), limit=9
        )


async def test_what_is_posted_is_what_is_read(scene: Scene, clock: Clock) -> None:
    here = scene.conversation.id
    clock.advance(7)
    async with scene.cortex.ports.events.subscribe(here) as live:
        posted = await scene.cortex.exchange.post(
            scene.guest, here, PostMessage(content="Hi \N{WAVING HAND SIGN}", metadata={"a": 1})
        )
        assert untraced(await live.next(timeout=0)) == Bell(conversation_id=here, seq=posted.seq)
    assert (posted.seq, posted.turn_id, posted.role) == (2, None, MessageRole.USER)
    assert posted.author == scene.guest.actor(await scene.id_of(scene.guest))
    assert (posted.created_at, posted.metadata) == (make.at(7), {"a": 1})
    message = await scene.cortex.exchange.get(scene.viewer, here, posted.id)
    assert message.content == "Hi \N{WAVING HAND SIGN}"
    [event] = (await log_of(scene.cortex.ports.store, here))[1:]
    assert (event.seq, event.at, event.actor) == (posted.seq, make.at(7), posted.author)
    assert event.data == MessageCreated(message=message)
    conversation = await scene.cortex.conversations.get(scene.viewer, here)
    assert (conversation.last_seq, conversation.updated_at) == (2, make.at(7))


async def test_a_message_that_asks_opens_its_turn_in_the_same_unit(
    scene: Scene, link: Link
) -> None:
    woken: list[bool] = []
    ports = scene.cortex.ports
    exchange = Exchange(ports, Reception(ports), on_turn=lambda: woken.append(True))
    command = PostMessage(content="Well?", respond=True)
    await exchange.post(scene.editor, scene.conversation.id, PostMessage(content="No."))
    assert not woken
    before = link.units
    posted = await exchange.post(scene.editor, scene.conversation.id, command)
    assert link.units == before + 1
    assert woken == [True]
    assert posted.turn_id is not None
    async with ports.store.begin() as work:
        turn = await work.turns.get(posted.turn_id)
        assert (turn.message_id, turn.status, turn.attempts) == (posted.id, TurnStatus.QUEUED, 0)
        due = await work.turns.lease(worker="any", now=ports.clock(), until=make.at(9), limit=9)
        assert [each.id for each in due] == [posted.turn_id]


@pytest.mark.parametrize(
    ("content", "codes"),
    [
        ("", ["length"]),
        ("x" * 32_001, ["length"]),
        (" \n\t\u2003", ["blank"]),
        ("a\x00b", ["characters"]),
        ("a\ud800b", ["characters"]),
        ("\x00" * 32_001, ["length", "characters"]),
    ],
)
async def test_content_that_breaks_a_rule_is_named(
    scene: Scene, content: str, codes: list[str]
) -> None:
    command = PostMessage(content=content, metadata={"deep": {"~/": 1 << 63}}, respond=True)
    with pytest.raises(InvalidInputError) as caught:
        await scene.cortex.exchange.post(scene.editor, scene.conversation.id, command)
    faults = [(fault.pointer, fault.code) for fault in caught.value.faults]
    assert faults == [
        *(("/content", code) for code in codes),
        ("/metadata/deep/~0~1", "range"),
    ]


async def test_the_longest_and_the_shortest_pass(scene: Scene) -> None:
    for content in ("x", "\N{PILE OF POO}" * 32_000):
        posted = await scene.say(content)
        found = await scene.cortex.exchange.get(scene.guest, scene.conversation.id, posted.id)
        assert found.content == content


async def test_a_message_is_found_in_its_own_conversation_only(scene: Scene) -> None:
    posted = await scene.say()
    there = await set_scene(Cortex(ports_around(Link())))
    get = scene.cortex.exchange.get
    with pytest.raises(NotFoundError):
        await get(scene.stranger, scene.conversation.id, posted.id)
    with pytest.raises(NotFoundError):
        await get(scene.owner, there.conversation.id, posted.id)
    with pytest.raises(NotFoundError):
        await get(scene.owner, scene.conversation.id, make.message_id())


async def test_writers_at_once_get_a_place_each(scene: Scene) -> None:
    posted = await asyncio.gather(*(scene.say(f"{n}") for n in range(50)))
    assert sorted(message.seq for message in posted) == list(range(2, 52))
    seqs = [event.seq for event in await log_of(scene.cortex.ports.store, scene.conversation.id)]
    assert seqs == list(range(1, 52))


async def test_an_outage_is_an_outage_and_nothing_is_told(scene: Scene, link: Link) -> None:
    async with scene.cortex.ports.events.subscribe(scene.conversation.id) as live:
        link.away = True
        with pytest.raises(UnavailableError):
            await scene.say()
        assert await live.next(timeout=0) is None


@pytest.mark.parametrize("limit", range(1, 9))
async def test_pages_of_any_size_give_each_once_either_way(scene: Scene, limit: int) -> None:
    exchange, here, who = scene.cortex.exchange, scene.conversation.id, scene.viewer
    said = [await scene.say(f"{n}") for n in range(7)]
    ids = [message.id for message in said]
    up = await all_of(lambda page: exchange.page(who, here, page), limit)
    down = await all_of(lambda page: exchange.page(who, here, page, order="desc"), limit)
    assert [message.id for message in up] == ids
    assert [message.id for message in down] == ids[::-1]
    log = await all_of(lambda page: exchange.log(who, here, page), limit)
    assert [event.seq for event in log] == list(range(1, 9))
    tail = await all_of(lambda page: exchange.log(who, here, page, after=5), limit)
    assert [event.seq for event in tail] == [6, 7, 8]
    assert not await all_of(lambda page: exchange.log(who, here, page, after=99), limit)


async def test_a_page_begun_before_goes_on_over_what_came_since(scene: Scene) -> None:
    exchange, here, who = scene.cortex.exchange, scene.conversation.id, scene.viewer
    for n in range(4):
        await scene.say(f"{n}")
    first = await exchange.page(who, here, PageRequest(limit=2), order="desc")
    await scene.say("late")
    rest = await exchange.page(who, here, PageRequest(cursor=first.next_cursor), order="desc")
    assert [message.content for message in [*first.items, *rest.items]] == ["3", "2", "1", "0"]


async def test_a_cursor_is_good_for_its_own_list_only(scene: Scene) -> None:
    exchange, here, who = scene.cortex.exchange, scene.conversation.id, scene.viewer
    for _ in range(3):
        await scene.say()
    up = await exchange.page(who, here, PageRequest(limit=1))
    forged = [
        encode_cursor(f"{kind}:{here}{order}", place)
        for kind, order in (("messages", ":asc"), ("messages", ":desc"), ("events", ""))
        for place in (-1, 1 << 63, 10**30, 1.5, "1", True, None, [1])
    ]
    for cursor in (up.next_cursor, *forged):
        request = PageRequest(cursor=cursor)
        with pytest.raises(InvalidCursorError):
            await exchange.page(who, here, request, order="desc")
        with pytest.raises(InvalidCursorError):
            await exchange.log(who, here, request)


async def test_a_machine_is_the_author_of_what_it_says(scene: Scene, cortex: Cortex) -> None:
    guest = scene.guest
    program = Principal(
        kind="machine",
        issuer=guest.issuer,
        subject=guest.subject,
        permissions=guest.permissions,
    )
    posted = await scene.say(who=program)
    assert posted.author.kind == "machine"
