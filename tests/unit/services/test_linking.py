"""Identities are linked to the users of others: by an operator, or by one verified address."""

import asyncio
from datetime import datetime

import pytest
from msgspec.structs import replace

from cortex_adapters.memory.ports import ports_around
from cortex_core import Cortex, Ports, Principal
from cortex_core.contract import make
from cortex_core.domain.commands import ChangeMe, CreateWorkspace
from cortex_core.domain.errors import (
    ConflictError,
    NotFoundError,
    UnauthenticatedError,
    UnavailableError,
    UserDisabledError,
)
from cortex_core.domain.links import LinkKind
from cortex_core.domain.models import UserStatus
from cortex_core.domain.paging import PageRequest
from cortex_core.domain.policy import PERMISSIONS
from cortex_core.services.accounts import Identity
from cortex_core.services.linking import EmailLinks
from tests.unit.services.scene import Clock, Link, Scene

FORMER = make.ISSUER
TENANT = "https://tenant.example/"
OTHER = "https://other.example/"
RULE = EmailLinks(former=FORMER, issuers=frozenset({TENANT, OTHER}))
OWNER = Identity(make.ISSUER, "owner")
NEW = Identity(TENANT, "auth0|1")


def person(
    subject: str = NEW.subject,
    *,
    issuer: str = TENANT,
    email: str | None = "ada@example.org",
    verified: bool = True,
    issued_at: datetime = make.NOON,
    name: str = "",
) -> Principal:
    return Principal(
        kind="user",
        issuer=issuer,
        subject=subject,
        permissions=PERMISSIONS,
        name=name,
        email=email,
        email_verified=verified,
        issued_at=issued_at,
    )


async def id_of(cortex: Cortex, principal: Principal) -> str:
    return (await cortex.users.me(principal)).user.id


async def test_a_linked_identity_finds_all_that_the_former_one_had(scene: Scene) -> None:
    link = await scene.cortex.accounts.link(OWNER, NEW, by="operator")
    assert (link.kind, link.linked_by, link.linked_at) == (
        LinkKind.COMMAND,
        "operator",
        make.NOON,
    )
    mine = await scene.cortex.workspaces.mine(person(), PageRequest())
    assert [workspace.id for workspace in mine.items] == [scene.workspace.id]
    assert await id_of(scene.cortex, person()) == await scene.id_of(scene.owner)
    account = await scene.cortex.accounts.find(NEW)
    assert (account.user.subject, account.links) == ("owner", [link])
    assert await scene.cortex.accounts.get(account.user.id) == account


async def test_other_processes_see_a_link_at_their_next_request(
    scene: Scene, link: Link, clock: Clock
) -> None:
    """One that knew the identity by a user of its own refuses once, and makes nothing for it."""
    there = Cortex(ports_around(link, clock=clock))
    empty = await id_of(there, person())
    await scene.cortex.accounts.link(OWNER, NEW, by="operator")
    with pytest.raises(UnavailableError):
        await there.workspaces.create(person(), CreateWorkspace(name="Lost"))
    assert await id_of(there, person()) == await scene.id_of(scene.owner) != empty


async def test_who_has_something_is_not_linked(scene: Scene) -> None:
    await scene.cortex.workspaces.create(person(), CreateWorkspace(name="Mine"))
    before = await scene.cortex.users.me(person())
    with pytest.raises(ConflictError, match="nothing is merged"):
        await scene.cortex.accounts.link(OWNER, NEW, by="operator")
    assert await scene.cortex.users.me(person()) == before


async def test_what_cannot_be_linked_says_why(scene: Scene) -> None:
    accounts = scene.cortex.accounts
    with pytest.raises(NotFoundError, match="nobody has no user here"):
        await accounts.link(Identity(FORMER, "nobody"), NEW, by="operator")
    with pytest.raises(ConflictError, match="of the identity itself"):
        await accounts.link(OWNER, OWNER, by="operator")
    first = await accounts.link(OWNER, NEW, by="operator")
    assert await accounts.link(OWNER, NEW, by="somebody else") == first
    assert await accounts.link(NEW, NEW, by="somebody else") == first
    with pytest.raises(ConflictError, match="unlink it first"):
        await accounts.link(Identity(FORMER, "editor"), NEW, by="operator")
    with pytest.raises(ConflictError, match="of the identity itself"):
        await accounts.link(NEW, OWNER, by="operator")
    with pytest.raises(NotFoundError, match="linked to no user"):
        await accounts.unlink(OWNER)


async def test_a_link_that_is_taken_away_is_gone_on_all_processes(
    scene: Scene, link: Link, clock: Clock
) -> None:
    """Tokens from before are refused within seconds; a new one proves a new user."""
    there = Cortex(ports_around(link, clock=clock))
    made = await scene.cortex.accounts.link(OWNER, NEW, by="operator")
    old = await id_of(there, person())
    clock.advance(10)
    assert await scene.cortex.accounts.unlink(NEW) == made
    clock.advance(3)
    with pytest.raises(UnauthenticatedError):
        await there.users.me(person())
    again = person(issued_at=clock.now)
    assert await id_of(there, again) != old
    assert await id_of(scene.cortex, again) == await id_of(there, again)
    assert await scene.id_of(scene.owner) == old


async def test_a_disabled_user_stays_so_through_a_link(scene: Scene) -> None:
    owner_id = await scene.id_of(scene.owner)
    user = await scene.cortex.accounts.set_status(owner_id, UserStatus.DISABLED)
    assert user.status is UserStatus.DISABLED
    await scene.cortex.accounts.link(OWNER, NEW, by="operator")
    for caller in (scene.owner, person()):
        with pytest.raises(UserDisabledError):
            await scene.cortex.users.me(caller)
    await scene.cortex.accounts.set_status(owner_id, UserStatus.ACTIVE)
    assert await id_of(scene.cortex, person()) == owner_id
    with pytest.raises(NotFoundError):
        await scene.cortex.accounts.set_status(make.user_id(), UserStatus.DISABLED)


async def test_who_shares_an_address_is_found_by_it(scene: Scene) -> None:
    for subject in ("a", "b"):
        await scene.cortex.users.me(person(subject))
    found = await scene.cortex.accounts.with_email("ada@example.org")
    assert {account.user.subject for account in found} == {"a", "b"}


# By a verified address.


@pytest.fixture
def cortex(ports: Ports) -> Cortex:
    return Cortex(ports, email_links=RULE)


async def _former(cortex: Cortex, subject: str = "ada", *, verified: bool = True) -> str:
    return await id_of(cortex, person(subject, issuer=FORMER, verified=verified))


async def test_one_verified_address_links_a_newcomer(cortex: Cortex, ports: Ports) -> None:
    former = await _former(cortex)
    assert await id_of(cortex, person()) == former
    [link] = (await cortex.accounts.find(NEW)).links
    assert (link.kind, link.linked_by) == (LinkKind.EMAIL, "cortex")
    assert (link.issuer, link.subject) == (NEW.issuer, NEW.subject)


async def test_nobody_is_linked_unless_that_is_asked_for(ports: Ports) -> None:
    cortex = Cortex(ports)
    assert await _former(cortex) != await id_of(cortex, person())


async def test_fifty_first_requests_at_once_are_one_user(ports: Ports) -> None:
    processes = [Cortex(ports, email_links=RULE) for _ in range(5)]
    former = await _former(processes[0])
    ids = await asyncio.gather(
        *(id_of(process, person()) for process in processes for _ in range(10))
    )
    assert set(ids) == {former}


@pytest.mark.parametrize(
    "newcomer",
    [
        person(verified=False),
        person(email=None),
        person(email="Ada@example.org"),
        person(email="eve@example.org"),
        person(issuer="https://stranger.example/"),
        person("eve", issuer=FORMER),
        replace(person("ada@clients"), kind="machine"),
    ],
    ids=["unverified", "none", "other case", "other", "other issuer", "former", "machine"],
)
async def test_who_has_not_that_address_is_not_linked(cortex: Cortex, newcomer: Principal) -> None:
    former = await _former(cortex)
    assert await id_of(cortex, newcomer) != former


async def test_an_address_that_the_former_user_did_not_verify_links_nobody(
    cortex: Cortex,
) -> None:
    former = await _former(cortex, verified=False)
    assert await id_of(cortex, person()) != former


async def test_an_address_that_two_former_users_have_links_nobody(cortex: Cortex) -> None:
    """Whether or not the second one has verified it."""
    ids = {await _former(cortex), await _former(cortex, "other", verified=False)}
    assert await id_of(cortex, person()) not in ids


async def test_one_tenant_never_links_to_another(cortex: Cortex) -> None:
    """Neither straight nor by way of a former user."""
    tenant = await id_of(cortex, person())
    assert await id_of(cortex, person(issuer=OTHER)) != tenant
    former = await _former(cortex)
    assert await id_of(cortex, person("auth0|2")) == former
    assert await id_of(cortex, person("auth0|3", issuer=OTHER)) != former


async def test_who_is_a_user_already_is_not_linked(ports: Ports, cortex: Cortex) -> None:
    there = Cortex(ports)
    own = await id_of(there, person())
    await _former(cortex)
    assert await id_of(cortex, person()) == own


# What tokens say of people.


async def test_a_newer_token_says_who_somebody_is(ports: Ports, clock: Clock) -> None:
    cortex = Cortex(ports)
    await cortex.users.me(person(name="Ada", email=None))
    clock.advance(5)
    later = person(name="Lovelace", issued_at=clock.now)
    user = (await cortex.users.me(later)).user
    assert (user.name, user.email, user.email_verified) == ("Lovelace", "ada@example.org", True)
    assert user.updated_at == clock.now


async def test_an_older_token_changes_nothing_on_any_process(
    ports: Ports, clock: Clock, link: Link
) -> None:
    old, new = person(name="Ada"), person(name="Lovelace", issued_at=make.at(5))
    clock.advance(9)
    here, there = Cortex(ports), Cortex(ports)
    for cortex, caller in ((here, old), (here, new), (here, old), (there, old), (there, new)):
        await cortex.users.me(caller)
    await there.users.me(old)
    assert (await here.users.me(old)).user.name == "Lovelace"


async def test_what_is_said_again_costs_no_statement(ports: Ports, link: Link) -> None:
    cortex = Cortex(ports)
    first, second = person(name="Ada"), person(name="Ada", issued_at=make.at(5))
    older = person(name="Byron", issued_at=make.at(-5))
    await cortex.users.me(first)
    before = link.units
    for caller in (first, second, older, first):
        await cortex.users.me(caller)
    assert link.units - before == 4


async def test_a_name_that_the_person_gave_stays(ports: Ports, clock: Clock) -> None:
    cortex = Cortex(ports)
    await cortex.users.me(person(name="Ada"))
    await cortex.users.change_me(person(name="Ada"), ChangeMe(name="Countess"))
    clock.advance(5)
    later = person(name="Lovelace", email="new@example.org", issued_at=clock.now)
    user = (await cortex.users.me(later)).user
    assert (user.name, user.email) == ("Countess", "new@example.org")
    assert (await Cortex(ports).users.me(later)).user == user


@pytest.mark.parametrize("name", [None, ""])
async def test_a_name_that_was_taken_away_is_what_tokens_say_again(
    ports: Ports, clock: Clock, name: str | None
) -> None:
    """On each process, and from now on."""
    here, there = Cortex(ports), Cortex(ports)
    for cortex in (here, there):
        await cortex.users.me(person(name="Ada"))
    await here.users.change_me(person(name="Ada"), ChangeMe(name="Countess"))
    await here.users.change_me(person(name="Ada"), ChangeMe(name=name))
    for cortex in (here, there):
        assert (await cortex.users.me(person(name="Ada"))).user.name == "Ada"
    clock.advance(5)
    await there.users.me(person(name="Lovelace", issued_at=clock.now))
    assert (await here.users.me(person(name="Ada"))).user.name == "Lovelace"


async def test_a_token_that_says_nothing_takes_nothing_away(ports: Ports, clock: Clock) -> None:
    cortex = Cortex(ports)
    await cortex.users.me(person(name="Ada"))
    clock.advance(5)
    user = (await cortex.users.me(person(email=None, issued_at=clock.now))).user
    assert (user.name, user.email) == ("Ada", "ada@example.org")
