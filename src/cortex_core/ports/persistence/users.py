"""Users by id and by identity."""

from __future__ import annotations

from typing import Protocol

from cortex_core.domain.ids import UserId
from cortex_core.domain.models import User


class UserRepository(Protocol):
    """Users by id and by identity."""

    async def ensure(self, user: User) -> User:
        """Return the stored user with the identity (issuer, subject), adding *user* if none is.

        Units of work that race on one identity all return the same user.
        """
        ...

    async def get(self, user_id: UserId) -> User:
        """Return a user."""
        ...

    async def update(self, user: User) -> None:
        """Store every field of *user* but id, issuer, subject and created_at."""
        ...
