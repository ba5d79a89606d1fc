"""Users in memory."""

from __future__ import annotations

from msgspec.structs import replace

from cortex_adapters.memory.copies import copied
from cortex_adapters.memory.transaction import Transaction
from cortex_core.domain.errors import ConflictError, NotFoundError
from cortex_core.domain.ids import UserId
from cortex_core.domain.models import User


class MemoryUsers:
    """Users by id and by identity."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def ensure(self, user: User) -> User:
        tables = self._transaction.writing()
        identity = user.issuer, user.subject
        known = tables.identities.get(identity)
        stored = tables.users.get(known) if known else None
        if stored is not None:
            return copied(stored)
        if user.id in tables.users:
            raise ConflictError
        tables.users.put(user.id, copied(user))
        tables.identities.put(identity, user.id)
        return user

    async def get(self, user_id: UserId) -> User:
        user = self._transaction.reading().users.get(user_id)
        if user is None:
            raise NotFoundError
        return copied(user)

    async def update(self, user: User) -> None:
        tables = self._transaction.writing()
        stored = tables.users.get(user.id)
        if stored is None:
            raise NotFoundError
        changed = replace(
            user, issuer=stored.issuer, subject=stored.subject, created_at=stored.created_at
        )
        tables.users.put(user.id, copied(changed))
