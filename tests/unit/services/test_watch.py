"""The sweep: open streams end with their right, and a lost bell costs a delay and no event."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
from msgspec import structs

from cortex_adapters.memory.errors import MemoryErrorReporter
from cortex_adapters.memory.store import MemoryStore
from cortex_adapters.memory.stream import MemoryEventStream
from cortex_core import Cortex, Ports
from cortex_core.contract import make
from cortex_core.domain.errors import (
    CortexError,
    NotFoundError,
    UnauthenticatedError,
    UnavailableError,
)
from cortex_core.domain.events import Bell
from cortex_core.domain.models import UserStatus
from cortex_core.ports import Subscription
from cortex_core.services.following import Following
from cortex_core.services.reception import Reception
from cortex_core.services.watch import BATCH, Watch, Watchman
from tests.unit.services.scene import Clock, Link, Scene, disable, set_status, until
from tests.unit.services.streams import following

QUICK = 0.005


@pytest.fixture
def service(ports: Ports) -> Following:
    """Sweeps as often as it can, and never says that it is quiet."""
    return Following(ports, Reception(ports), heartbeat=3600, sweep=QUICK)


@pytest.fixture
def elsewhere(ports: Ports) -> Cortex:
    """Another process on the same store, whose bells never ring here."""
    return Cortex(_replaced(ports, events=MemoryEventStream()))


def _replaced(ports: Ports, **changes) -> Ports:
    kept = {name: getattr(ports, name) for name in Ports.__slots__}
    return Ports(**{**kept, **changes})


async def _leave_workspace(scene: Scene) -> None:
    viewer = await scene.id_of(scene.viewer)
    await scene.cortex.members.remove(scene.owner, scene.workspace.id, viewer)


async def _delete_conversation(scene: Scene) -> None:
    await scene.cortex.conversations.delete(scene.owner, scene.conversation.id)


async def _delete_workspace(scene: Scene) -> None:
    await scene.cortex.workspaces.delete(scene.owner, scene.workspace.id)


async def _disable(scene: Scene) -> None:
    await disable(scene, scene.viewer)


async def _lose_the_user(scene: Scene) -> None:
    link = scene.cortex.ports.store
    assert isinstance(link, Link)
    link.store = MemoryStore()


@pytest.mark.parametrize(
    "lose",
    [_leave_workspace, _delete_conversation, _delete_workspace, _disable, _lose_the_user],
)
async def test_a_stream_ends_with_its_right(
    scene: Scene, service: Following, lose: Callable[[Scene], Awaitable[None]]
) -> None:
    async with following(scene, service=service, after=1) as follower:
        waiting = asyncio.create_task(follower.goodbye())
        await until(lambda: service.streams == 1)
        await lose(scene)
        assert isinstance((await waiting).reason, NotFoundError)
    assert service.streams == 0


@pytest.mark.parametrize("outage", [False, True], ids=["", "after an outage"])
async def test_a_stream_ends_when_its_caller_is_revoked(
    scene: Scene, service: Following, elsewhere: Cortex, link: Link, outage: bool
) -> None:
    """On another process; the streams of others go on."""
    caller = structs.replace(scene.viewer, session_id="sid", issued_at=make.NOON)
    async with (
        following(scene, service=service, who=caller, after=1) as ends,
        following(scene, service=service, who=scene.viewer, after=1) as stays,
    ):
        both = asyncio.gather(ends.goodbye(), stays.seqs(1))
        await until(lambda: service.streams == 2)
        link.away = outage
        if outage:
            before = link.units
            await until(lambda: link.units > before + 3)
            link.away = False
        await elsewhere.sessions.end_all(make.ISSUER, session_id="sid")
        await until(lambda: service.streams == 1)
        await scene.say()
        goodbye, _ = await both
        assert isinstance(goodbye.reason, UnauthenticatedError)
        assert goodbye.reason.reason == "revoked"


async def test_a_browsers_stream_ends_with_its_session(
    scene: Scene, service: Following, elsewhere: Cortex
) -> None:
    """Also when nothing was revoked, because the session is no more than that."""
    sessions = [make.session() for _ in range(2)]
    for session in sessions:
        await elsewhere.sessions.open(session)
    one, other = (structs.replace(scene.viewer, session=session.digest) for session in sessions)
    async with (
        following(scene, service=service, who=one, after=1) as ends,
        following(scene, service=service, who=other, after=1) as stays,
    ):
        both = asyncio.gather(ends.goodbye(), stays.seqs(1))
        await until(lambda: service.streams == 2)
        await elsewhere.sessions.end(sessions[0].digest)
        await until(lambda: service.streams == 1)
        await scene.say()
        goodbye, _ = await both
        assert isinstance(goodbye.reason, UnauthenticatedError)
        assert goodbye.reason.reason == "session"


async def test_a_browsers_stream_ends_with_the_time_of_its_session(
    scene: Scene, service: Following, clock: Clock
) -> None:
    session = make.session(expires_at=make.at(60))
    await scene.cortex.sessions.open(session)
    browser = structs.replace(scene.viewer, session=session.digest)
    async with following(scene, service=service, who=browser, after=1) as follower:
        waiting = asyncio.create_task(follower.goodbye())
        await until(lambda: service.streams == 1)
        clock.advance(60)
        assert isinstance((await waiting).reason, UnauthenticatedError)


async def test_a_guests_stream_ends_when_it_is_removed_and_others_go_on(
    scene: Scene, service: Following
) -> None:
    """Whether the guest still hears of its own removal is for the sweep to say."""
    guest = await scene.id_of(scene.guest)
    async with (
        following(scene, service=service, who=scene.guest, after=1) as leaves,
        following(scene, service=service, who=scene.viewer, after=1) as stays,
    ):
        both = asyncio.gather(leaves.end(), stays.seqs(2))
        await until(lambda: service.streams == 2)
        await scene.cortex.participants.remove(scene.owner, scene.conversation.id, guest)
        await until(lambda: service.streams == 1)
        await scene.say()
        before, seqs = await both
        assert len(before) <= 1
        assert seqs == [2, 3]


async def test_a_right_lost_in_the_middle_of_a_long_replay_ends_it(
    scene: Scene, service: Following
) -> None:
    for _ in range(10):
        await scene.say()
    async with following(scene, service=service) as follower:
        assert await follower.seqs(3) == [1, 2, 3]
        await _leave_workspace(scene)
        swept = scene.cortex.ports.store
        assert isinstance(swept, Link)
        before = swept.units
        await until(lambda: swept.units >= before + 3)
        await follower.goodbye()


async def test_a_lost_bell_is_made_up_for(
    scene: Scene, service: Following, elsewhere: Cortex
) -> None:
    there = scene.at(elsewhere)
    async with following(scene, service=service) as follower:
        assert await follower.seqs(1) == [1]
        for seq in range(2, 6):
            waiting = asyncio.create_task(follower.seqs(1))
            await there.say()
            assert await waiting == [seq]


async def test_an_outage_is_survived_and_is_no_incident(
    scene: Scene, service: Following, elsewhere: Cortex, link: Link, ports: Ports
) -> None:
    async with following(scene, service=service, after=1) as follower:
        waiting = asyncio.create_task(follower.seqs(1))
        await until(lambda: service.streams == 1)
        link.away = True
        before = link.units
        await until(lambda: link.units > before + 5)
        assert not waiting.done()
        link.away = False
        await scene.at(elsewhere).say()
        assert await waiting == [2]
    assert isinstance(ports.errors, MemoryErrorReporter)
    assert not ports.errors.reports


async def test_a_stream_opened_right_after_the_last_one_closed_is_swept(
    scene: Scene, service: Following
) -> None:
    """As when the only reader connects again: no turn of the loop lies between the two."""
    async with following(scene, service=service) as follower:
        await follower.seqs(1)
        await asyncio.sleep(QUICK)
    async with following(scene, service=service) as follower:
        await follower.seqs(1)
        await _leave_workspace(scene)
        await follower.goodbye()


async def test_nobody_sweeps_where_there_is_no_stream(
    scene: Scene, service: Following, link: Link
) -> None:
    async with following(scene, service=service) as follower:
        await follower.next()
    before = link.units
    await asyncio.sleep(10 * QUICK)
    assert link.units == before


async def test_leaving_ends_with_the_first_reason(scene: Scene, service: Following) -> None:
    async with following(scene, service=service) as follower:
        await follower.next()
        service.leave()
        assert isinstance((await follower.goodbye()).reason, UnavailableError)


@pytest.fixture
async def live(ports: Ports) -> AsyncIterator[Subscription]:
    async with ports.events.subscribe(make.conversation_id()) as live:
        yield live


@pytest.mark.parametrize(("streams", "statements"), [(1, 1), (1_000, 1), (1_001, 2), (2_500, 3)])
async def test_one_statement_looks_after_a_thousand_streams(
    scene: Scene, link: Link, live: Subscription, streams: int, statements: int
) -> None:
    assert BATCH == 1_000
    watchman = Watchman(scene.cortex.ports, scene.cortex.revocations, period=3600)
    here, viewer = scene.conversation.id, await scene.id_of(scene.viewer)
    watches = [
        Watch(scene.viewer, viewer if n % 3 else make.user_id(), here, n % 2, live)
        for n in range(streams)
    ]
    async with AsyncExitStack() as stack:
        for watch in watches:
            stack.enter_context(watchman.watching(watch))
        assert watchman.watches == streams
        before = link.units
        await watchman.sweep()
        assert link.units == before + 1 + statements  # one more asks who was revoked
    assert [watch.ended is not None for watch in watches] == [n % 3 == 0 for n in range(streams)]
    assert watchman.watches == 0


async def test_one_statement_looks_after_the_browsers_among_a_thousand_streams(
    scene: Scene, link: Link, live: Subscription
) -> None:
    sessions = scene.cortex.sessions
    watchman = Watchman(scene.cortex.ports, scene.cortex.revocations, period=3600)
    here, viewer = scene.conversation.id, await scene.id_of(scene.viewer)
    session = make.session()
    await sessions.open(session)
    browsers = [
        structs.replace(scene.viewer, session=digest)
        for digest in (session.digest, make.session().digest)
    ]
    watches = [Watch(browsers[n % 2], viewer, here, 1, live) for n in range(BATCH)]
    async with AsyncExitStack() as stack:
        for watch in watches:
            stack.enter_context(watchman.watching(watch))
        before = link.units
        await watchman.sweep()
        assert link.units == before + 3
    assert [watch.ended is not None for watch in watches] == [n % 2 == 1 for n in range(BATCH)]


async def test_who_is_up_to_date_hears_no_bell(scene: Scene, ports: Ports) -> None:
    watchman = Watchman(ports, scene.cortex.revocations, period=3600)
    here, viewer = scene.conversation.id, await scene.id_of(scene.viewer)
    async with ports.events.subscribe(here) as one, ports.events.subscribe(here) as other:
        behind, ahead = (
            Watch(scene.viewer, viewer, here, 0, one),
            Watch(scene.viewer, viewer, here, 1, other),
        )
        with watchman.watching(behind), watchman.watching(ahead):
            await watchman.sweep()
        assert await one.next(timeout=0) == Bell(conversation_id=here, seq=1)
        assert await other.next(timeout=0) is None


async def test_a_watch_that_ends_wakes_its_stream(scene: Scene, live: Subscription) -> None:
    watch = Watch(scene.viewer, make.user_id(), scene.conversation.id, 5, live)
    reason = NotFoundError()
    watch.end(reason)
    assert watch.ended is reason
    assert await live.next(timeout=0) is not None


async def test_a_user_enabled_again_may_follow_again(
    scene: Scene, service: Following, ports: Ports
) -> None:
    viewer = await scene.id_of(scene.viewer)
    await set_status(ports.store, viewer, UserStatus.DISABLED)
    with pytest.raises(CortexError):
        async with following(scene, service=service):
            pass
    await set_status(ports.store, viewer, UserStatus.ACTIVE)
    async with following(scene, service=service) as follower:
        await follower.seqs(1)
