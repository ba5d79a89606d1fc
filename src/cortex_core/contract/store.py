"""What every clause about a store starts from."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
import pytest

from cortex_core.contract import make
from cortex_core.domain.models import Conversation, Membership, Role, User, Workspace
from cortex_core.ports import Store, UnitOfWork


class StoreContract:
    """Asks for a fixture `store`: an empty store, ready to use."""

    pytestmark = pytest.mark.anyio

    @pytest.fixture(scope="session")
    @classmethod
    def anyio_backend(cls) -> str:
        return "asyncio"

    @pytest.fixture
    def store(self) -> Store:
        """Give an empty store, ready to use."""
        raise NotImplementedError


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """A workspace with its owner, and a conversation in it."""

    owner: User
    workspace: Workspace
    conversation: Conversation


async def stored_scene(store: Store) -> Scene:
    """Store a scene of its own."""
    owner = await stored_user(store)
    workspace = await stored_workspace(store, owner)
    conversation = await stored_conversation(store, workspace)
    return Scene(owner=owner, workspace=workspace, conversation=conversation)


async def stored_user(store: Store, user: User | None = None) -> User:
    async with store.begin() as work:
        return await work.users.ensure(user or make.user())


async def stored_workspace(
    store: Store, owner: User, workspace: Workspace | None = None
) -> Workspace:
    workspace = workspace or make.workspace()
    async with store.begin() as work:
        await work.workspaces.add(workspace, owner_id=owner.id)
    return workspace


async def stored_member(store: Store, workspace: Workspace, role: Role) -> User:
    user = await stored_user(store)
    async with store.begin() as work:
        await work.workspaces.put_member(
            Membership(workspace_id=workspace.id, user_id=user.id, role=role)
        )
    return user


async def stored_conversation(
    store: Store, workspace: Workspace, conversation: Conversation | None = None
) -> Conversation:
    conversation = conversation or make.conversation(workspace)
    async with store.begin() as work:
        await work.conversations.add(conversation)
    return conversation


async def stored_guest(store: Store, conversation: Conversation) -> User:
    user = await stored_user(store)
    async with store.begin() as work:
        await work.conversations.add_participant(make.participant(conversation, user))
    return user


async def undone(
    store: Store,
    work_in: Callable[[UnitOfWork], Awaitable[object]],
    error: BaseException | None = None,
) -> None:
    """Do some work in a unit that ends with *error*; see the same error come out."""
    error = error or ZeroDivisionError("The unit is to be undone.")

    async def unit() -> None:
        async with store.begin() as work:
            await work_in(work)
            raise error

    with pytest.raises(type(error)) as caught:
        await unit()
    assert caught.value is error


def same(found: object, expected: object) -> bool:
    """Say whether two values are equal, and stay so to the byte when they become JSON."""
    return found == expected and msgspec.json.encode(found) == msgspec.json.encode(expected)
