"""Where callers become users."""

from __future__ import annotations

from typing import Final, TypeVar

from cortex_core.domain.errors import NotFoundError, UnavailableError
from cortex_core.domain.ids import UserId
from cortex_core.domain.models import User
from cortex_core.domain.policy import require_active
from cortex_core.domain.text import IDENTITY_LENGTH, USER_NAME_LENGTH, unstorable
from cortex_core.ports import Ports, Principal, UserRepository
from cortex_core.services.revocation import RevocationList

T = TypeVar("T")

CAPACITY: Final = 100_000


class Reception:
    """Makes users on first sight, and remembers their ids; turns away who has been revoked.

    An identity keeps its user for good, so a caller who was seen before costs no statement;
    whether that user may do anything is read anew in each use case.
    """

    def __init__(
        self, ports: Ports, revocations: RevocationList | None = None, *, capacity: int = CAPACITY
    ) -> None:
        self.revocations = revocations or RevocationList(ports)
        self._ports = ports
        self._capacity = capacity
        self._known: dict[tuple[str, str], UserId] = {}

    async def admit(self, principal: Principal) -> UserId:
        """Return the id of the user behind *principal*, making that user on first sight.

        Raises:
            UnauthenticatedError: *principal* has been revoked.
        """
        await self.revocations.check(principal)
        known = self._known.get((principal.issuer, principal.subject))
        if known is not None:
            return known
        now = self._ports.clock()
        newcomer = User(
            id=UserId(self._ports.new_id()),
            issuer=principal.issuer,
            subject=principal.subject,
            name=_fitting(principal.name, USER_NAME_LENGTH),
            email=_fitting(principal.email or "", IDENTITY_LENGTH) or None,
            email_verified=principal.email_verified,
            created_at=now,
            updated_at=now,
        )
        async with self._ports.store.begin(single=True) as work:
            user = await work.users.ensure(newcomer)
        if len(self._known) >= self._capacity:
            self._known.clear()
        self._known[principal.issuer, principal.subject] = user.id
        return user.id

    async def active(self, principal: Principal, users: UserRepository, user_id: UserId) -> User:
        """Return the caller's user, who may do something.

        Raises:
            UserDisabledError: The user may do nothing.
            UnavailableError: The user was removed behind our back.
        """
        try:
            found = await users.get(user_id)
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
            self._known.pop((principal.issuer, principal.subject), None)
            raise UnavailableError("The caller's user is being made again.")
        return found


def _fitting(text: str, most: int) -> str:
    return "" if unstorable(text) else text[:most]
