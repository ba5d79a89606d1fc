"""Callers become users on first sight."""

import asyncio

import pytest

from cortex_adapters.memory.ports import ports_around
from cortex_adapters.memory.store import MemoryStore
from cortex_core import Cortex, Ports, Principal
from cortex_core.contract import make
from cortex_core.domain.commands import ChangeMe, CreateWorkspace
from cortex_core.domain.errors import CortexError, UnavailableError
from cortex_core.domain.ids import UserId
from cortex_core.domain.paging import PageRequest
from cortex_core.services.following import Resume
from cortex_core.services.reception import Reception
from tests.unit.services.scene import Link, Scene, someone, stored_user


@pytest.fixture
def reception(ports: Ports) -> Reception:
    return Reception(ports)


async def _admitted(reception: Reception, ports: Ports, principal: Principal):
    return await stored_user(ports.store, await reception.admit(principal))


async def test_first_sight_makes_the_user(reception: Reception, ports: Ports) -> None:
    principal = Principal(
        kind="machine",
        issuer="https://issuer.example/",
        subject="cli@clients",
        name="A program",
        email="cli@example.com",
        email_verified=True,
    )
    user = await _admitted(reception, ports, principal)
    assert (user.issuer, user.subject) == (principal.issuer, principal.subject)
    assert (user.name, user.email, user.email_verified) == ("A program", "cli@example.com", True)
    assert user.created_at == user.updated_at == make.NOON


async def test_who_was_seen_before_costs_no_statement(reception: Reception, link: Link) -> None:
    first = await reception.admit(someone("ada"))
    link.away = True
    assert await reception.admit(someone("ada")) == first


async def test_callers_that_race_are_one_user(ports: Ports) -> None:
    """As they would from several processes, each with a reception of its own."""
    receptions = [Reception(ports) for _ in range(5)]
    ids = await asyncio.gather(
        *(reception.admit(someone("ada")) for reception in receptions for _ in range(10))
    )
    assert len(set(ids)) == 1


async def test_the_identity_is_issuer_and_subject_never_the_address(reception: Reception) -> None:
    def caller(issuer: str, subject: str) -> Principal:
        return Principal(kind="user", issuer=issuer, subject=subject, email="ada@example.com")

    callers = [caller("a", "b"), caller("a", "B"), caller("b", "a"), caller("ab", "")]
    ids = [await reception.admit(each) for each in callers[:3]]
    assert len(set(ids)) == 3
    with pytest.raises(CortexError):
        await reception.admit(callers[3])


@pytest.mark.parametrize(
    ("name", "kept"), [("x" * 500, "x" * 200), ("a\x00b", ""), ("a\ud800b", ""), (" ", " ")]
)
async def test_a_name_that_does_not_fit_locks_nobody_out(
    reception: Reception, ports: Ports, name: str, kept: str
) -> None:
    principal = Principal(kind="user", issuer=make.ISSUER, subject="ada", name=name, email=name)
    user = await _admitted(reception, ports, principal)
    assert user.name == kept
    assert (user.email or "") in name


async def test_more_callers_than_are_remembered_are_still_themselves(
    ports: Ports, link: Link
) -> None:
    reception = Reception(ports, capacity=3)
    ids = [await reception.admit(someone(f"caller {n}")) for n in range(10)]
    before = link.units
    assert [await reception.admit(someone(f"caller {n}")) for n in range(10)] == ids
    assert link.units > before


async def test_a_user_removed_behind_our_back_is_made_again(scene: Scene, link: Link) -> None:
    """As when an older backup is restored under a running server: one refusal, then it works."""
    link.store = MemoryStore()
    cortex, owner = scene.cortex, scene.owner
    place, talk, anybody = scene.workspace.id, scene.conversation.id, UserId(make.new_id())
    page = PageRequest()
    asks = {
        "me": lambda: cortex.users.me(owner),
        "change me": lambda: cortex.users.change_me(owner, ChangeMe(name="Ada")),
        "create": lambda: cortex.workspaces.create(owner, CreateWorkspace(name="Lab")),
        "workspace": lambda: cortex.workspaces.get(owner, place),
        "workspaces": lambda: cortex.workspaces.mine(owner, page),
        "members": lambda: cortex.members.page(owner, place, page),
        "leave": lambda: cortex.members.remove(owner, place, anybody),
        "conversation": lambda: cortex.conversations.get(owner, talk),
        "conversations": lambda: cortex.conversations.mine(owner, page),
        "invite": lambda: cortex.participants.put(owner, talk, anybody),
        "post": lambda: scene.say(who=owner),
        "page": lambda: cortex.exchange.page(owner, talk, page),
        "follow": lambda: cortex.following.open(owner, talk, Resume()),
    }
    for name, ask in asks.items():
        link.store = MemoryStore()
        with pytest.raises(UnavailableError):
            await ask()
        assert (await cortex.users.me(owner)).user.name == "Owner", name


async def test_another_process_may_have_made_the_user_again(link: Link, ports: Ports) -> None:
    here, there = Cortex(ports), Cortex(ports_around(link))
    await here.users.me(someone("ada"))
    link.store = MemoryStore()
    fresh = (await there.users.me(someone("ada"))).user
    with pytest.raises(UnavailableError):
        await here.users.me(someone("ada"))
    assert (await here.users.me(someone("ada"))).user == fresh
