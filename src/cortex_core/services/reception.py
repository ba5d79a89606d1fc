"""Where callers become users."""

from __future__ import annotations

from datetime import datetime
from typing import Final, TypeVar

from cortex_core.domain.errors import NotFoundError, UnavailableError
from cortex_core.domain.ids import UserId
from cortex_core.domain.links import Profile
from cortex_core.domain.models import User
from cortex_core.domain.policy import require_active
from cortex_core.domain.text import IDENTITY_LENGTH, USER_NAME_LENGTH, unstorable
from cortex_core.ports import Ports, Principal, UserRepository
from cortex_core.services.anew import anew
from cortex_core.services.linking import EmailLinks, link_by_email
from cortex_core.services.revocation import RevocationList

T = TypeVar("T")

CAPACITY: Final = 100_000


class _Known:
    """A caller who was seen: whose user that is, and what the newest token said, and when."""

    __slots__ = ("said", "said_at", "user_id")

    def __init__(self, user_id: UserId, principal: Principal, said_at: datetime) -> None:
        self.user_id = user_id
        self.said = _said(principal)
        self.said_at = said_at


class Reception:
    """Makes users on first sight, and remembers their ids; turns away who has been revoked.

    A caller who was seen before costs no statement, unless a newer token says something else of
    them. Whether a user may do anything, and is there at all, is read anew in each use case: a
    user that was given up for a link is not, so a caller remembered with it is looked up again.
    A link that is taken away revokes the tokens of its identity, which is forgotten then.

    The name and the address of a user are those of the newest token that has any, whichever
    process sees it; but a name that the person gave (`Users.change_me`) stays until the person
    takes it away.

    email_links: which newcomers are linked to former users by their verified address; None for
        nobody.
    """

    def __init__(
        self,
        ports: Ports,
        revocations: RevocationList | None = None,
        *,
        capacity: int = CAPACITY,
        email_links: EmailLinks | None = None,
    ) -> None:
        self.revocations = revocations or RevocationList(ports)
        self.revocations.on_subject = self._forget
        self._ports = ports
        self._capacity = capacity
        self._email_links = email_links
        self._known: dict[tuple[str, str], _Known] = {}

    async def admit(self, principal: Principal) -> UserId:
        """Return the id of the user behind *principal*, making that user on first sight.

        Raises:
            UnauthenticatedError: *principal* has been revoked.
        """
        await self.revocations.check(principal)
        known = self._known.get((principal.issuer, principal.subject))
        if known is None:
            known = await self._meet(principal)
        elif known.said != _said(principal):
            await self._hear(known, principal)
        return known.user_id

    async def active(
        self,
        principal: Principal,
        users: UserRepository,
        user_id: UserId,
        *,
        lock: bool = False,
    ) -> User:
        """Return the caller's user, who may do something; with *lock*, to change it.

        Raises:
            UserDisabledError: The user may do nothing.
            UnavailableError: The user was removed behind our back.
        """
        try:
            found = await users.get(user_id, lock=lock)
        except NotFoundError:
            found = None
        user = self.present(principal, found)
        require_active(user)
        return user

    def present(self, principal: Principal, found: T | None) -> T:
        """Return *found*, which is None only if the user was removed behind our back.

        Raises:
            UnavailableError: It was; the next request makes the user again.
        """
        if found is None:
            self._forget(principal.issuer, principal.subject)
            raise UnavailableError("The caller's user is being made again.")
        return found

    @anew
    async def _meet(self, principal: Principal) -> _Known:
        now = self._ports.clock()
        said_at = principal.issued_at or now
        said = _profile(principal, said_at)
        newcomer = User(
            id=UserId(self._ports.new_id()),
            issuer=principal.issuer,
            subject=principal.subject,
            name=said.name,
            email=said.email,
            email_verified=said.email_verified,
            created_at=now,
            updated_at=now,
        )
        user = None
        if self._email_links is not None and self._email_links.covers(principal):
            user = await link_by_email(self._ports, self._email_links, newcomer)
        if user is None:
            async with self._ports.store.begin(single=True) as work:
                user = await work.users.ensure(newcomer, said_at=said_at)
        if _says_more(said, user):
            await self._store(user.id, said)
        if len(self._known) >= self._capacity:
            self._known.clear()
        known = _Known(user.id, principal, said_at)
        self._known[principal.issuer, principal.subject] = known
        return known

    async def _hear(self, known: _Known, principal: Principal) -> None:
        """Store what a newer token says of a caller."""
        said_at = principal.issued_at or self._ports.clock()
        if said_at > known.said_at:
            await self._store(known.user_id, _profile(principal, said_at))
            known.said, known.said_at = _said(principal), said_at

    @anew
    async def _store(self, user_id: UserId, said: Profile) -> None:
        async with self._ports.store.begin(single=True) as work:
            await work.users.refresh(user_id, said, now=self._ports.clock())

    def _forget(self, issuer: str, subject: str) -> None:
        self._known.pop((issuer, subject), None)


def said_name(principal: Principal) -> str:
    """Return what the credential says that the caller is called, as a user can have it."""
    return _fitting(principal.name, USER_NAME_LENGTH)


def _said(principal: Principal) -> tuple[str, str | None, bool]:
    return principal.name, principal.email, principal.email_verified


def _profile(principal: Principal, said_at: datetime) -> Profile:
    email = _fitting(principal.email or "", IDENTITY_LENGTH) or None
    return Profile(
        name=said_name(principal),
        email=email,
        email_verified=principal.email_verified and bool(email) and email == principal.email,
        said_at=said_at,
    )


def _says_more(said: Profile, user: User) -> bool:
    address = said.email, said.email_verified
    return (said.email is not None and address != (user.email, user.email_verified)) or (
        said.name not in {"", user.name}
    )


def _fitting(text: str, most: int) -> str:
    return "" if unstorable(text) else text[:most]
