"""Who has been revoked is turned away, on every process, within two seconds."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

import pytest
from msgspec.structs import replace

from cortex_core import Cortex, Ports, Principal
from cortex_core.contract import make
from cortex_core.domain.commands import ChangeMe, CreateWorkspace
from cortex_core.domain.errors import UnauthenticatedError, UnavailableError
from cortex_core.domain.paging import PageRequest
from cortex_core.domain.sessions import Revocation, RevocationKind
from cortex_core.ports import Store
from cortex_core.services.following import Resume
from cortex_core.services.revocation import RevocationList
from tests.unit.services.scene import Clock, Link, Scene, someone, turns

DAY = 86_400


def _bearer(*, issued_at: datetime | None = make.NOON, session: str | None = None) -> Principal:
    return replace(
        someone("ada"), session_id="sid", token_id="jti", issued_at=issued_at, session=session
    )


async def _revoke(store: Store, *revocations: Revocation) -> None:
    async with store.begin() as work:
        for revocation in revocations:
            await work.revocations.add(revocation)


def _of(kind: RevocationKind, **changes) -> Revocation:
    value = {"session": "sid", "subject": "ada", "token": "jti"}[kind]
    return replace(make.revocation(kind, value, expires_at=make.at(DAY)), **changes)


@pytest.fixture
def revocations(ports: Ports) -> RevocationList:
    return RevocationList(ports)


async def _is_refused(revocations: RevocationList, principal: Principal) -> bool:
    try:
        await revocations.check(principal)
    except UnauthenticatedError as error:
        return error.reason == "revoked"
    return False


@pytest.mark.parametrize("kind", RevocationKind)
async def test_what_another_process_revokes_is_known_two_seconds_later(
    revocations: RevocationList, link: Link, clock: Clock, kind: RevocationKind
) -> None:
    assert not await _is_refused(revocations, _bearer())
    await _revoke(link, _of(kind))
    clock.advance(2)
    assert await _is_refused(revocations, _bearer())
    assert revocations.knows(_bearer())


@pytest.mark.parametrize("kind", RevocationKind)
async def test_only_whom_it_is_about_is_refused(
    revocations: RevocationList, link: Link, kind: RevocationKind
) -> None:
    await _revoke(link, _of(kind))
    ada = _bearer()
    others = [
        replace(ada, issuer="https://other.example/"),
        replace(ada, subject="ADA", session_id="SID", token_id="JTI"),
        replace(ada, subject="jti", session_id="ada", token_id="sid"),
        replace(ada, subject="eve", session_id=None, token_id=None),
    ]
    for other in others:
        assert not await _is_refused(revocations, other)
    assert await _is_refused(revocations, ada)


@pytest.mark.parametrize(
    ("issued", "bearer", "browser"),
    [
        pytest.param(None, True, False, id="unknown"),
        pytest.param(-1, True, True, id="the second before"),
        pytest.param(0, True, False, id="the same second"),
        pytest.param(1, False, False, id="the second after"),
    ],
)
@pytest.mark.parametrize("kind", [RevocationKind.SESSION, RevocationKind.SUBJECT])
async def test_who_signs_on_again_is_not_refused(
    revocations: RevocationList,
    link: Link,
    kind: RevocationKind,
    issued: int | None,
    bearer: bool,
    browser: bool,
) -> None:
    """Times of issue are in whole seconds; a browser's session ends with its row in any case."""
    await _revoke(link, _of(kind, before=make.at(0.7)))
    issued_at = None if issued is None else make.at(issued)
    assert await _is_refused(revocations, _bearer(issued_at=issued_at)) == bearer
    signed_on = _bearer(issued_at=issued_at, session="0" * 64)
    assert await _is_refused(revocations, signed_on) == browser


async def test_a_token_that_was_revoked_stays_so_in_a_browser(
    revocations: RevocationList, link: Link
) -> None:
    await _revoke(link, _of(RevocationKind.TOKEN))
    assert await _is_refused(revocations, _bearer(session="0" * 64, issued_at=make.at(9)))


async def test_asking_costs_one_statement_every_two_seconds(
    revocations: RevocationList, link: Link, clock: Clock
) -> None:
    link.distance = 3
    for _ in range(3):
        before = link.units
        for _ in range(2):
            await asyncio.gather(*(revocations.check(_bearer()) for _ in range(100)))
        clock.advance(1.999999)
        await revocations.check(_bearer())
        assert link.units == before + 1
        clock.advance(0.000001)


async def test_what_is_learned_here_holds_at_once(revocations: RevocationList, link: Link) -> None:
    await revocations.check(_bearer())
    revocations.learn(_of(RevocationKind.SESSION))
    before = link.units
    assert await _is_refused(revocations, _bearer())
    assert link.units == before


async def test_what_was_learned_is_not_undone_by_an_older_word(revocations: RevocationList) -> None:
    kind, late = RevocationKind.SUBJECT, make.at(9)
    revocations.learn(_of(kind, before=late, revoked_at=late))
    revocations.learn(_of(kind))
    assert await _is_refused(revocations, _bearer(issued_at=late))


async def test_a_unit_that_committed_late_is_noticed(
    revocations: RevocationList, link: Link, clock: Clock
) -> None:
    """It took its time before the last look, or its clock is behind."""
    clock.advance(120)
    await revocations.check(_bearer())
    await _revoke(link, _of(RevocationKind.TOKEN, revoked_at=make.at(61)))
    clock.advance(2)
    assert await _is_refused(revocations, _bearer())


async def test_what_was_revoked_while_the_clock_was_ahead_is_noticed_when_it_is_put_back(
    revocations: RevocationList, link: Link, clock: Clock
) -> None:
    await revocations.check(_bearer())
    clock.advance(300)
    await revocations.check(_bearer())
    await _revoke(link, _of(RevocationKind.TOKEN, revoked_at=make.NOON))
    clock.advance(120)
    assert not await _is_refused(revocations, _bearer())
    clock.advance(-300)
    assert await _is_refused(revocations, _bearer())


async def test_only_what_is_new_is_read_and_everything_once_in_a_while(
    revocations: RevocationList, link: Link, clock: Clock
) -> None:
    clock.advance(3_600)
    await revocations.check(_bearer())
    await _revoke(link, _of(RevocationKind.TOKEN, revoked_at=make.NOON))
    clock.advance(2)
    assert not await _is_refused(revocations, _bearer())
    clock.advance(600)
    assert await _is_refused(revocations, _bearer())


async def test_what_has_ended_is_forgotten(
    revocations: RevocationList, link: Link, clock: Clock
) -> None:
    await _revoke(link, _of(RevocationKind.TOKEN, expires_at=make.at(60)))
    assert await _is_refused(revocations, _bearer())
    clock.advance(601)
    assert not await _is_refused(revocations, _bearer())


async def test_a_clock_that_is_put_back_hides_nothing(
    revocations: RevocationList, link: Link, clock: Clock
) -> None:
    await revocations.check(_bearer())
    await _revoke(link, _of(RevocationKind.SESSION))
    clock.advance(-3_600)
    assert await _is_refused(revocations, _bearer())


async def test_who_is_cut_off_from_the_store_knows_as_soon_as_it_is_back(
    revocations: RevocationList, link: Link, clock: Clock
) -> None:
    await revocations.check(_bearer())
    await _revoke(link.store, _of(RevocationKind.SESSION))
    link.away = True
    clock.advance(2)
    for _ in range(3):
        with pytest.raises(UnavailableError):
            await revocations.check(_bearer())
    clock.advance(3_600)
    link.away = False
    assert await _is_refused(revocations, _bearer())


async def test_a_caller_that_is_gone_takes_nobodys_look_away(
    revocations: RevocationList, link: Link
) -> None:
    link.distance = 20
    await _revoke(link, _of(RevocationKind.SESSION))
    before = link.units
    asking = [asyncio.create_task(_is_refused(revocations, _bearer())) for _ in range(3)]
    await turns(5)
    asking[0].cancel()
    assert await asyncio.gather(*asking[1:]) == [True, True]
    assert link.units == before + 1


async def test_a_look_that_nobody_waits_for_fails_in_silence(
    revocations: RevocationList, link: Link
) -> None:
    link.away, link.distance = True, 20
    asking = asyncio.create_task(revocations.check(_bearer()))
    await turns(5)
    asking.cancel()
    await turns(50)
    with pytest.raises(asyncio.CancelledError):
        await asking


async def test_every_use_case_turns_away_who_was_revoked(
    scene: Scene, link: Link, clock: Clock
) -> None:
    """Also one who was seen before, and before anything is said about what there is."""
    cortex, owner = scene.cortex, scene.owner
    place, talk, page = scene.workspace.id, scene.conversation.id, PageRequest()
    asks: dict[str, Callable[[], Awaitable[object]]] = {
        "me": lambda: cortex.users.me(owner),
        "change me": lambda: cortex.users.change_me(owner, ChangeMe(name="Ada")),
        "create": lambda: cortex.workspaces.create(owner, CreateWorkspace(name="Lab 2")),
        "workspace": lambda: cortex.workspaces.get(owner, place),
        "workspaces": lambda: cortex.workspaces.mine(owner, page),
        "members": lambda: cortex.members.page(owner, place, page),
        "leave": lambda: cortex.members.remove(owner, place, make.user_id()),
        "conversation": lambda: cortex.conversations.get(owner, talk),
        "conversations": lambda: cortex.conversations.mine(owner, page),
        "invite": lambda: cortex.participants.put(owner, talk, make.user_id()),
        "post": lambda: scene.say(who=owner),
        "page": lambda: cortex.exchange.page(owner, talk, page),
        "follow": lambda: cortex.following.open(owner, talk, Resume()),
    }
    await _revoke(link, make.revocation(RevocationKind.SUBJECT, owner.subject))
    clock.advance(2)
    for name, ask in asks.items():
        with pytest.raises(UnauthenticatedError) as caught:
            await ask()
        assert caught.value.reason == "revoked", name
    await cortex.users.me(scene.editor)


async def test_all_parts_of_a_core_share_what_is_known(
    cortex: Cortex, scene: Scene, link: Link
) -> None:
    before = link.units
    await cortex.revocations.check(scene.owner)
    assert link.units == before
