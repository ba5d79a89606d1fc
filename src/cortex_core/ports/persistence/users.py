"""Users by id and by identity, and the identities that answer with the user of another."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from cortex_core.domain.ids import UserId
from cortex_core.domain.links import Link, Profile
from cortex_core.domain.models import User


class UserRepository(Protocol):
    """Users by id and by identity."""

    async def ensure(self, user: User, *, said_at: datetime | None = None) -> User:
        """Return the user of the identity (issuer, subject), adding *user* if there is none.

        Its name and address were said at *said_at*, or when it was made (`refresh`).
        That of an identity with a link is the one it links to. Units of work that race on one
        identity all return the same user, whether they make it or its link.
        """
        ...

    async def get(self, user_id: UserId, *, lock: bool = False) -> User:
        """Return a user; with *lock*, nobody else changes it before this unit ends."""
        ...

    async def find(self, issuer: str, subject: str) -> User | None:
        """Return the user of an identity, or None; that of one with a link is what it links to."""
        ...

    async def with_email(self, email: str, *, limit: int) -> Sequence[User]:
        """Return up to *limit* users who have exactly this address, by id."""
        ...

    async def update(self, user: User) -> None:
        """Store every field of *user* but id, issuer, subject and created_at."""
        ...

    async def refresh(self, user_id: UserId, profile: Profile, *, now: datetime) -> bool:
        """Store what is new in *profile*, and return whether anything is.

        Nothing is, if something was said later: `said_at` is that of the last profile which was
        stored, or before that what `ensure` was given. The address is what was said last. The
        name is, as long as it is empty or what was said before: a name that the person gave is
        theirs. Where there is something new, `updated_at` is *now*. It is no error if there is
        no such user.
        """
        ...


class LinkRepository(Protocol):
    """Identities that answer with the user of another one."""

    async def add(self, link: Link, *, sole: bool = False) -> Link:
        """Let an identity answer with the user of *link*, and return its link.

        If it does already, the link is the one from before. A user that the identity had is
        gone, with its id: it owned nothing. With *sole*, no other identity may have a link to
        that user. Units of work that race on one identity, or with *sole* on one user, do not
        both succeed.

        Raises:
            NotFoundError: There is no user of that id.
            ConflictError: The identity has a link to another user; or a user that is that one,
                is disabled, has metadata, takes part in something, or is linked to; or *sole*
                cannot be.
        """
        ...

    async def remove(self, issuer: str, subject: str) -> Link | None:
        """Let an identity have no user, and return the link it had; None if it had none."""
        ...

    async def of_user(self, user_id: UserId) -> Sequence[Link]:
        """Return the links to a user, by issuer and subject."""
        ...
