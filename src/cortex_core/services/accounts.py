"""What an operator does with users: finding, linking, disabling them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
from msgspec.structs import replace

from cortex_core.domain.errors import ConflictError, NotFoundError
from cortex_core.domain.ids import UserId
from cortex_core.domain.links import Link, LinkKind
from cortex_core.domain.models import User, UserStatus
from cortex_core.ports import Ports, UnitOfWork
from cortex_core.services.anew import anew
from cortex_core.services.operation import operation
from cortex_core.services.sessions import Sessions

MOST: Final = 100


class Identity(msgspec.Struct, frozen=True):
    """Who somebody is to an issuer of tokens: `iss` and `sub`."""

    issuer: str
    subject: str


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """A user, and the links of other identities to it."""

    user: User
    links: Sequence[Link]


class Accounts:
    """What can be done with anybody's user; it asks nobody for a right."""

    def __init__(self, ports: Ports, sessions: Sessions) -> None:
        self._ports = ports
        self._sessions = sessions

    async def get(self, user_id: UserId) -> Account:
        """Return the user of that id.

        Raises:
            NotFoundError: There is none.
        """
        with operation(self._ports, "accounts.get"):
            async with self._ports.store.begin(read_only=True) as work:
                return await _account(work, await work.users.get(user_id))

    async def find(self, identity: Identity) -> Account:
        """Return the user of an identity, its own or the one it is linked to.

        Raises:
            NotFoundError: It has none.
        """
        with operation(self._ports, "accounts.find"):
            async with self._ports.store.begin(read_only=True) as work:
                return await _account(work, await _found(work, identity))

    async def with_email(self, email: str) -> Sequence[Account]:
        """Return up to 100 users who have exactly this address."""
        with operation(self._ports, "accounts.with_email"):
            async with self._ports.store.begin(read_only=True) as work:
                users = await work.users.with_email(email, limit=MOST)
                return [await _account(work, user) for user in users]

    @anew
    async def link(self, former: Identity, identity: Identity, *, by: str) -> Link:
        """Let *identity* answer with the user of *former* from now on, and return its link.

        If it does already, the link is the one from before. Nothing is merged: a user that
        *identity* had of its own goes, if it owns nothing, and a process that knows it still
        refuses that caller once.

        Raises:
            NotFoundError: *former* has no user.
            ConflictError: *identity* is linked elsewhere, or has a user that is in use.
        """
        with operation(self._ports, "accounts.link"):
            async with self._ports.store.begin() as work:
                user = await _found(work, former)
                if (user.issuer, user.subject) == (identity.issuer, identity.subject):
                    raise ConflictError("The user of both is that of the identity itself.")
                link = Link(
                    issuer=identity.issuer,
                    subject=identity.subject,
                    user_id=user.id,
                    kind=LinkKind.COMMAND,
                    linked_by=by,
                    linked_at=self._ports.clock(),
                )
                return await work.links.add(link)

    @anew
    async def unlink(self, identity: Identity) -> Link:
        """Take a link away, and return it; whoever came through it is signed off everywhere.

        The next time that this identity signs in, it is a new user.

        Raises:
            NotFoundError: There is no link.
        """
        with operation(self._ports, "accounts.unlink"):
            async with self._ports.store.begin() as work:
                link = await work.links.remove(identity.issuer, identity.subject)
                if link is None:
                    raise NotFoundError("The identity is linked to no user.")
                await self._sessions.end_subject(work, identity.issuer, identity.subject)
            return link

    @anew
    async def set_status(self, user_id: UserId, status: UserStatus) -> User:
        """Let a user do nothing from now on, or everything again.

        Raises:
            NotFoundError: There is none of that id.
        """
        with operation(self._ports, "accounts.set_status"):
            async with self._ports.store.begin() as work:
                user = await work.users.get(user_id, lock=True)
                if user.status is not status:
                    user = replace(user, status=status, updated_at=self._ports.clock())
                    await work.users.update(user)
            return user


async def _found(work: UnitOfWork, identity: Identity) -> User:
    user = await work.users.find(identity.issuer, identity.subject)
    if user is None:
        raise NotFoundError(f"{identity.issuer} {identity.subject} has no user here.")
    return user


async def _account(work: UnitOfWork, user: User) -> Account:
    return Account(user=user, links=await work.links.of_user(user.id))
