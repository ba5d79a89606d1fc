"""Users in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from cortex_adapters.memory.copies import copied
from cortex_adapters.memory.tables import Tables
from cortex_adapters.memory.transaction import Transaction
from cortex_core.domain.errors import ConflictError, NotFoundError
from cortex_core.domain.ids import UserId
from cortex_core.domain.links import Profile
from cortex_core.domain.models import User


class MemoryUsers:
    """Users by id and by identity."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def ensure(self, user: User, *, said_at: datetime | None = None) -> User:
        tables = self._transaction.writing()
        stored = _of(tables, user.issuer, user.subject)
        if stored is not None:
            return copied(stored)
        if user.id in tables.users:
            raise ConflictError
        tables.users.put(user.id, copied(user))
        tables.identities.put((user.issuer, user.subject), user.id)
        tables.said.put(user.id, (user.name, said_at or user.created_at))
        return user

    async def get(self, user_id: UserId, *, lock: bool = False) -> User:
        tables = self._transaction.writing() if lock else self._transaction.reading()
        user = tables.users.get(user_id)
        if user is None:
            raise NotFoundError
        return copied(user)

    async def find(self, issuer: str, subject: str) -> User | None:
        stored = _of(self._transaction.reading(), issuer, subject)
        return copied(stored) if stored else None

    async def with_email(self, email: str, *, limit: int) -> Sequence[User]:
        users = self._transaction.reading().users
        found = sorted(user_id for user_id, user in users if user.email == email)
        return [copied(stored) for user_id in found[:limit] if (stored := users.get(user_id))]

    async def update(self, user: User) -> None:
        tables = self._transaction.writing()
        stored = tables.users.get(user.id)
        if stored is None:
            raise NotFoundError
        changed = replace(
            user, issuer=stored.issuer, subject=stored.subject, created_at=stored.created_at
        )
        tables.users.put(user.id, copied(changed))

    async def refresh(self, user_id: UserId, profile: Profile, *, now: datetime) -> bool:
        tables = self._transaction.writing()
        stored, said = tables.users.get(user_id), tables.said.get(user_id)
        if stored is None or said is None or profile.said_at <= said[1]:
            return False
        changed, name = stored, said[0]
        if profile.email is not None:
            changed = replace(changed, email=profile.email, email_verified=profile.email_verified)
        if profile.name:
            if stored.name in {"", name}:
                changed = replace(changed, name=profile.name)
            name = profile.name
        if changed == stored and name == said[0]:
            return False
        tables.users.put(user_id, replace(changed, updated_at=now))
        tables.said.put(user_id, (name, profile.said_at))
        return True


def _of(tables: Tables, issuer: str, subject: str) -> User | None:
    link = tables.links.get((issuer, subject))
    known = link.user_id if link else tables.identities.get((issuer, subject))
    return tables.users.get(known) if known else None
